/** The recipes of docs/providers.md: the requests that the built action sends with each of them, as written there. */
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { generate } from 'selfsigned'
import { parse } from 'yaml'
import { startProxy } from '../../dev/servers/connect-proxy.ts'
import {
  ACCESS_TOKEN,
  ID_TOKEN_CLAIMS,
  ID_TOKEN_HEADER,
  ID_TOKEN_VARIABLES,
  type RecordedRequest,
  startRecordingServer,
} from '../../dev/servers/recording-server.ts'
import { createAuthority, type TlsAuthority } from '../../dev/servers/tls-authority.ts'
import { startCheckedJob } from '../leaks.ts'
import { evaluateInputs, fakeValue } from './workflow-values.ts'

const docs = readFileSync(join(import.meta.dirname, '../../docs/providers.md'), 'utf8')

interface Recipe {
  /** The heading above it. */
  readonly title: string
  readonly permissions?: Readonly<Record<string, string>>
  readonly steps: readonly { readonly uses?: string; readonly with: Readonly<Record<string, unknown>> }[]
}

const recipes = readRecipes(docs)

function readRecipes(markdown: string): Recipe[] {
  let title = ''
  const found: Recipe[] = []
  for (const { groups = {} } of markdown.matchAll(
    /^#+ (?<heading>[^\n]+)$|^```ya?ml\n(?<yaml>.*?)^```$/gms,
  )) {
    if (groups['heading'] !== undefined) title = groups['heading']
    else found.push({ title, ...parse(groups['yaml'] ?? '') })
  }
  return found
}

const GRANT = { grant_type: 'client_credentials' }
const REVOCATION = { token: ACCESS_TOKEN, token_type_hint: 'access_token' }

const basic = (name: string) =>
  `Basic ${fakeValue(`${name}_CLIENT_ID`)}:${fakeValue(`${name}_CLIENT_SECRET`)}`
const id = (name: string) => ({ client_id: fakeValue(`${name}_CLIENT_ID`) })
const idAndSecret = (name: string) => ({ ...id(name), client_secret: fakeValue(`${name}_CLIENT_SECRET`) })
const assertion = (header: object, claims: object) => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: { header, claims },
})
/** A client assertion signed with a private key (RFC 7523, section 3). */
const signed = (name: string, audience: string, header: object) =>
  assertion(
    { typ: 'JWT', ...header },
    {
      iss: fakeValue(`${name}_CLIENT_ID`),
      sub: fakeValue(`${name}_CLIENT_ID`),
      aud: audience,
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
    },
  )

const idToken = (audience: string) => ({
  header: ID_TOKEN_HEADER,
  claims: { ...ID_TOKEN_CLAIMS, aud: audience },
})
const idTokenAssertion = (audience: string) => {
  const { header, claims } = idToken(audience)
  return assertion(header, claims)
}
const tokenExchange = (audience: string) => ({
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: idToken(audience),
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
})
const jwtBearer = (audience: string) => ({
  grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  assertion: idToken(audience),
})
const idTokenRequest = (audience: string): RecordedRequest => ({
  to: `GET ${ID_TOKEN_VARIABLES.ACTIONS_ID_TOKEN_REQUEST_URL}&audience=${encodeURIComponent(audience)}`,
  authorization: `Bearer ${ID_TOKEN_VARIABLES.ACTIONS_ID_TOKEN_REQUEST_TOKEN}`,
})
/** The server metadata requests (RFC 8414, section 3; OpenID Connect Discovery 1.0, section 4). */
const discovery = (issuer: string): RecordedRequest[] => {
  const { origin, pathname } = new URL(issuer)
  const path = pathname === '/' ? '' : pathname
  return [
    { to: `GET ${origin}/.well-known/oauth-authorization-server${path}` },
    { to: `GET ${origin}${path}/.well-known/openid-configuration` },
  ]
}

const ENTRA_APP = await generate([{ name: 'commonName', value: 'Fake app' }])
const ENTRA_THUMBPRINT = createHash('sha256')
  .update(new X509Certificate(ENTRA_APP.cert).raw)
  .digest('base64url')
const PEMS = { ENTRA_KEY_AND_CERTIFICATE: `${ENTRA_APP.private.trim()}\n${ENTRA_APP.cert.trim()}\n` }

const OKTA = 'https://your-org.okta.com'
const ENTRA_TOKEN_URL = 'https://login.microsoftonline.com/fake-entra-tenant-id/oauth2/v2.0/token'
const ENTRA_FORM = { ...GRANT, scope: 'https://graph.microsoft.com/.default', ...id('ENTRA') }
const SSO = 'https://sso.example.com'
const REALM = `${SSO}/realms/your-realm`
const AUTHENTIK = `${SSO}/application/o`
const SALESFORCE = 'https://your-domain.my.salesforce.com/services/oauth2'
const COGNITO = 'https://your-domain.auth.eu-central-1.amazoncognito.com/oauth2'

const HYDRA_ASSERTION = signed('HYDRA', `${SSO}/oauth2/token`, { alg: 'RS256' })
const SPRING_ASSERTION = signed('SPRING', SSO, { alg: 'PS256' })

/** By the title of the recipe, in the order of docs/providers.md: the requests of main and of post. */
const EXPECTED: Readonly<
  Record<string, { main: readonly RecordedRequest[]; post?: readonly RecordedRequest[] }>
> = {
  Spotify: {
    main: [
      { to: 'POST https://accounts.spotify.com/api/token', authorization: basic('SPOTIFY'), form: GRANT },
    ],
  },
  'Spotify with a refresh token': {
    main: [
      {
        to: 'POST https://accounts.spotify.com/api/token',
        authorization: basic('SPOTIFY'),
        form: { grant_type: 'refresh_token', refresh_token: fakeValue('SPOTIFY_REFRESH_TOKEN') },
      },
    ],
  },
  Auth0: {
    main: [
      {
        to: 'POST https://your-tenant.us.auth0.com/oauth/token',
        form: { ...GRANT, audience: 'https://api.example.com', ...idAndSecret('AUTH0') },
      },
    ],
  },
  'Okta custom authorization server': {
    main: [
      ...discovery(`${OKTA}/oauth2/default`),
      {
        to: `POST ${OKTA}/oauth2/default/token`,
        authorization: basic('OKTA'),
        form: { ...GRANT, scope: 'orders.read' },
      },
    ],
    post: [{ to: `POST ${OKTA}/oauth2/default/revoke`, authorization: basic('OKTA'), form: REVOCATION }],
  },
  'Okta org authorization server': {
    main: [
      {
        to: `POST ${OKTA}/oauth2/v1/token`,
        form: {
          ...GRANT,
          scope: 'okta.users.read',
          ...id('OKTA'),
          ...signed('OKTA', `${OKTA}/oauth2/v1/token`, { alg: 'RS256', kid: 'fake-okta-key-id' }),
        },
      },
    ],
  },
  'Entra ID with a secret': {
    main: [{ to: `POST ${ENTRA_TOKEN_URL}`, form: { ...ENTRA_FORM, ...idAndSecret('ENTRA') } }],
  },
  'Entra ID with a certificate': {
    main: [
      {
        to: `POST ${ENTRA_TOKEN_URL}`,
        form: {
          ...ENTRA_FORM,
          ...signed('ENTRA', ENTRA_TOKEN_URL, {
            alg: 'PS256',
            'x5t#S256': ENTRA_THUMBPRINT,
          }),
        },
      },
    ],
  },
  'Entra ID with GitHub OIDC': {
    main: [
      idTokenRequest('api://AzureADTokenExchange'),
      {
        to: `POST ${ENTRA_TOKEN_URL}`,
        form: { ...ENTRA_FORM, ...idTokenAssertion('api://AzureADTokenExchange') },
      },
    ],
  },
  Keycloak: {
    main: [...discovery(REALM), { to: `POST ${REALM}/token`, authorization: basic('KEYCLOAK'), form: GRANT }],
    post: [{ to: `POST ${REALM}/revoke`, authorization: basic('KEYCLOAK'), form: REVOCATION }],
  },
  'Keycloak with GitHub OIDC': {
    main: [
      ...discovery(REALM),
      idTokenRequest(REALM),
      { to: `POST ${REALM}/token`, form: { ...GRANT, ...id('KEYCLOAK'), ...idTokenAssertion(REALM) } },
    ],
    post: [
      idTokenRequest(REALM),
      { to: `POST ${REALM}/revoke`, form: { ...REVOCATION, ...id('KEYCLOAK'), ...idTokenAssertion(REALM) } },
    ],
  },
  'Keycloak JWT authorization grant': {
    main: [
      ...discovery(REALM),
      idTokenRequest(REALM),
      { to: `POST ${REALM}/token`, authorization: basic('KEYCLOAK'), form: jwtBearer(REALM) },
    ],
    post: [{ to: `POST ${REALM}/revoke`, authorization: basic('KEYCLOAK'), form: REVOCATION }],
  },
  authentik: {
    main: [
      {
        to: `POST ${AUTHENTIK}/token/`,
        authorization: basic('AUTHENTIK'),
        form: { ...GRANT, scope: 'profile' },
      },
    ],
    post: [{ to: `POST ${AUTHENTIK}/revoke/`, authorization: basic('AUTHENTIK'), form: REVOCATION }],
  },
  'authentik with GitHub OIDC': {
    main: [
      idTokenRequest(`${AUTHENTIK}/token/`),
      {
        to: `POST ${AUTHENTIK}/token/`,
        form: {
          ...GRANT,
          scope: 'profile',
          ...id('AUTHENTIK'),
          ...idTokenAssertion(`${AUTHENTIK}/token/`),
        },
      },
    ],
  },
  'Amazon Cognito': {
    main: [
      {
        to: `POST ${COGNITO}/token`,
        authorization: basic('COGNITO'),
        form: { ...GRANT, scope: 'orders/read' },
      },
    ],
  },
  Twitch: {
    main: [{ to: 'POST https://id.twitch.tv/oauth2/token', form: { ...GRANT, ...idAndSecret('TWITCH') } }],
    post: [
      { to: 'POST https://id.twitch.tv/oauth2/revoke', form: { ...REVOCATION, ...idAndSecret('TWITCH') } },
    ],
  },
  PayPal: {
    main: [
      { to: 'POST https://api-m.paypal.com/v1/oauth2/token', authorization: basic('PAYPAL'), form: GRANT },
    ],
  },
  Salesforce: {
    main: [{ to: `POST ${SALESFORCE}/token`, form: { ...GRANT, ...idAndSecret('SALESFORCE') } }],
    post: [{ to: `POST ${SALESFORCE}/revoke`, form: { ...REVOCATION, ...idAndSecret('SALESFORCE') } }],
  },
  'Ory Hydra': {
    main: [
      ...discovery(SSO),
      {
        to: `POST ${SSO}/token`,
        form: { ...GRANT, scope: 'orders.read', ...id('HYDRA'), ...HYDRA_ASSERTION },
      },
    ],
    post: [{ to: `POST ${SSO}/revoke`, form: { ...REVOCATION, ...id('HYDRA'), ...HYDRA_ASSERTION } }],
  },
  'Spring Authorization Server': {
    main: [
      ...discovery(SSO),
      {
        to: `POST ${SSO}/token`,
        form: { ...GRANT, scope: 'orders.read', ...id('SPRING'), ...SPRING_ASSERTION },
      },
    ],
    post: [{ to: `POST ${SSO}/revoke`, form: { ...REVOCATION, ...id('SPRING'), ...SPRING_ASSERTION } }],
  },
  Databricks: {
    main: [
      idTokenRequest('fake-databricks-account-id'),
      {
        to: 'POST https://your-workspace.cloud.databricks.com/oidc/v1/token',
        form: { ...tokenExchange('fake-databricks-account-id'), scope: 'all-apis', ...id('DATABRICKS') },
      },
    ],
  },
  'Google Cloud': {
    main: [
      idTokenRequest('https://iam.googleapis.com/fake-google-provider'),
      {
        to: 'POST https://sts.googleapis.com/v1/token',
        form: {
          ...tokenExchange('https://iam.googleapis.com/fake-google-provider'),
          audience: '//iam.googleapis.com/fake-google-provider',
          scope: 'https://www.googleapis.com/auth/cloud-platform',
          requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        },
      },
    ],
  },
  JFrog: {
    main: [
      idTokenRequest('jfrog-github'),
      {
        to: 'POST https://your-org.jfrog.io/access/api/v1/oidc/token',
        json: {
          ...tokenExchange('jfrog-github'),
          subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
          provider_name: 'fake-jfrog-provider',
        },
      },
    ],
  },
  OpenAI: {
    main: [
      idTokenRequest('https://api.openai.com/v1'),
      {
        to: 'POST https://auth.openai.com/oauth/token',
        json: {
          ...tokenExchange('https://api.openai.com/v1'),
          identity_provider_id: 'fake-openai-identity-provider-id',
          service_account_id: 'fake-openai-service-account-id',
        },
      },
    ],
  },
  Anthropic: {
    main: [
      idTokenRequest('https://api.anthropic.com'),
      {
        to: 'POST https://api.anthropic.com/v1/oauth/token',
        json: {
          ...jwtBearer('https://api.anthropic.com'),
          federation_rule_id: 'fake-anthropic-federation-rule-id',
          organization_id: 'fake-anthropic-organization-id',
          service_account_id: 'fake-anthropic-service-account-id',
        },
      },
    ],
  },
}

let authority: TlsAuthority

beforeAll(async () => {
  const urls = Object.values(EXPECTED).flatMap(({ main, post = [] }) => [...main, ...post])
  authority = await createAuthority([
    ...new Set(urls.map(({ to }) => new URL(to.replace(/^\w+ /, '')).hostname)),
  ])
})

afterAll(() => authority[Symbol.dispose]())

/** Runs main and post with the first step of a recipe. */
async function runRecipe({ permissions = {}, steps: [step] }: Recipe) {
  await using server = await startRecordingServer(authority.tls)
  await using proxy = await startProxy({ port: server.port })
  const job = startCheckedJob({
    env: {
      https_proxy: `http://${proxy.host}`,
      NODE_EXTRA_CA_CERTS: authority.file,
      ...(permissions['id-token'] === 'write' && ID_TOKEN_VARIABLES),
    },
  })
  const main = await job.runAction({ with: evaluateInputs(step?.with ?? {}, PEMS) })
  const { length } = server.requests
  const [post] = await job.runPostSteps()
  return {
    main,
    post,
    requests: { main: server.requests.slice(0, length), post: server.requests.slice(length) },
  }
}

test('the table has each recipe, and each provider of the page has one, except one', () => {
  expect(recipes.map(({ title }) => title)).toEqual(Object.keys(EXPECTED))
  const without = docs.split(/^## /m).filter((section) => !section.includes('```yaml'))
  expect(without.slice(1).map((section) => section.split('\n')[0])).toEqual([
    'Choose a grant',
    'Choose scope, audience or resource',
    'Choose a client authentication method',
    'Zoom',
    'Other servers',
  ])
})

test.each(recipes)('$title: sends the expected requests, and nothing else', async (recipe) => {
  const { main, post, requests } = await runRecipe(recipe)
  for (const step of [main, post]) {
    expect(step?.exitCode).toBe(0)
    expect(step?.log.filter(({ kind }) => kind === 'warning' || kind === 'error')).toEqual([])
  }
  expect(main.outputs).toMatchObject({ 'access-token': ACCESS_TOKEN })
  expect(requests).toEqual({ post: [], ...EXPECTED[recipe.title] })
})

test('Entra ID with GitHub OIDC: fails without the permission', async () => {
  const recipe = recipes.find(({ title }) => title === 'Entra ID with GitHub OIDC') as Recipe
  const { main, requests } = await runRecipe({ ...recipe, permissions: {} })
  expect(main).toMatchObject({ exitCode: 1, outputs: {} })
  expect(main.log.at(-1)).toEqual({
    kind: 'error',
    text: expect.stringContaining('permissions: id-token: write'),
  })
  expect(requests).toEqual({ main: [], post: [] })
})
