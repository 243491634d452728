/** The recipes of docs/providers.md, as they stand there, against stand-ins for their providers. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { generate } from 'selfsigned'
import { parse } from 'yaml'
import type { Job } from '../../dev/runner/fake-runner.ts'
import { startProxy } from '../../dev/servers/connect-proxy.ts'
import type { ReceivedRequest } from '../../dev/servers/loopback-server.ts'
import {
  fakeValue,
  ID_TOKEN_REQUEST,
  PROVIDER_HOSTS,
  type ProviderKeys,
  type ProviderStandIns,
  startProviders,
} from '../../dev/servers/provider-stand-ins.ts'
import { createAuthority, type TlsAuthority } from '../../dev/servers/tls-authority.ts'
import { expectNoLeak, startCheckedJob } from '../leaks.ts'

const root = join(import.meta.dirname, '../..')
const docs = readFileSync(join(root, 'docs/providers.md'), 'utf8')
const action: { inputs: Record<string, object> } = parse(readFileSync(join(root, 'action.yml'), 'utf8'))

interface Recipe {
  /** The heading above it. */
  readonly title: string
  readonly permissions?: Readonly<Record<string, string>>
  readonly steps: readonly [TokenStep, CallStep]
}

interface TokenStep {
  readonly id: string
  readonly uses: string
  readonly with: Readonly<Record<string, unknown>>
}

interface CallStep {
  readonly run: string
  readonly env: Readonly<Record<string, string>>
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

interface Request {
  readonly to: string
  readonly scheme?: 'Basic' | 'Bearer'
  readonly form?: Readonly<Record<string, unknown>>
}

interface Expected {
  /** What the providers see of the main step, in this order. */
  readonly requests: readonly Request[]
  readonly outputs?: Readonly<Record<string, string>>
  readonly isRevoked: boolean
}

const GRANT = { grant_type: 'client_credentials' }
const JWT = expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/)
const ASSERTION = {
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: JWT,
}
const ENTRA_TOKEN_URL = 'POST https://login.microsoftonline.com/fake-entra-tenant-id/oauth2/v2.0/token'
const ENTRA_FORM = {
  ...GRANT,
  scope: 'https://graph.microsoft.com/.default',
  client_id: 'fake-entra-client-id',
}

/** By the title of the recipe, in the order of docs/providers.md. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  Spotify: {
    requests: [{ to: 'POST https://accounts.spotify.com/api/token', scheme: 'Basic', form: GRANT }],
    outputs: { 'token-type': 'Bearer', 'expires-in': '3600', scope: '' },
    isRevoked: false,
  },
  Auth0: {
    requests: [
      {
        to: 'POST https://your-tenant.us.auth0.com/oauth/token',
        form: {
          ...GRANT,
          audience: 'https://api.example.com',
          client_id: 'fake-auth0-client-id',
          client_secret: fakeValue('AUTH0_CLIENT_SECRET'),
        },
      },
    ],
    outputs: { 'token-type': 'Bearer', 'expires-in': '86400', scope: '' },
    isRevoked: false,
  },
  'Okta, for your own API': {
    requests: [
      { to: 'GET https://your-org.okta.com/.well-known/oauth-authorization-server/oauth2/default' },
      { to: 'GET https://your-org.okta.com/oauth2/default/.well-known/openid-configuration' },
      {
        to: 'POST https://your-org.okta.com/oauth2/default/v1/token',
        scheme: 'Basic',
        form: { ...GRANT, scope: 'orders.read' },
      },
    ],
    outputs: { 'token-type': 'Bearer', 'expires-in': '3600', scope: 'orders.read' },
    isRevoked: true,
  },
  "Okta, for Okta's API": {
    requests: [
      {
        to: 'POST https://your-org.okta.com/oauth2/v1/token',
        form: { ...GRANT, scope: 'okta.users.read', client_id: 'fake-okta-client-id', ...ASSERTION },
      },
    ],
    outputs: { 'token-type': 'Bearer', 'expires-in': '3600', scope: 'okta.users.read' },
    isRevoked: false,
  },
  'Entra ID with a secret': {
    requests: [
      { to: ENTRA_TOKEN_URL, form: { ...ENTRA_FORM, client_secret: fakeValue('ENTRA_CLIENT_SECRET') } },
    ],
    outputs: { 'token-type': 'Bearer', 'expires-in': '3599', scope: 'https://graph.microsoft.com/.default' },
    isRevoked: false,
  },
  'Entra ID with a certificate': {
    requests: [{ to: ENTRA_TOKEN_URL, form: { ...ENTRA_FORM, ...ASSERTION } }],
    isRevoked: false,
  },
  'Entra ID without a secret': {
    requests: [
      {
        to: `GET ${ID_TOKEN_REQUEST.url}&audience=${encodeURIComponent('api://AzureADTokenExchange')}`,
        scheme: 'Bearer',
      },
      { to: ENTRA_TOKEN_URL, form: { ...ENTRA_FORM, ...ASSERTION } },
    ],
    isRevoked: false,
  },
  Keycloak: {
    requests: [
      { to: 'GET https://sso.example.com/.well-known/oauth-authorization-server/realms/your-realm' },
      { to: 'GET https://sso.example.com/realms/your-realm/.well-known/openid-configuration' },
      {
        to: 'POST https://sso.example.com/realms/your-realm/protocol/openid-connect/token',
        scheme: 'Basic',
        form: GRANT,
      },
    ],
    outputs: { 'token-type': 'Bearer', 'expires-in': '300', scope: 'email profile' },
    isRevoked: true,
  },
  'Amazon Cognito': {
    requests: [
      {
        to: 'POST https://your-domain.auth.eu-central-1.amazoncognito.com/oauth2/token',
        scheme: 'Basic',
        form: { ...GRANT, scope: 'orders/read' },
      },
    ],
    outputs: { 'token-type': 'Bearer', 'expires-in': '3600', scope: 'orders/read' },
    isRevoked: false,
  },
  Twitch: {
    requests: [
      {
        to: 'POST https://id.twitch.tv/oauth2/token',
        form: {
          ...GRANT,
          client_id: 'fake-twitch-client-id',
          client_secret: fakeValue('TWITCH_CLIENT_SECRET'),
        },
      },
    ],
    outputs: { 'token-type': 'bearer', 'expires-in': '5011271', scope: '' },
    isRevoked: true,
  },
  PayPal: {
    requests: [{ to: 'POST https://api-m.paypal.com/v1/oauth2/token', scheme: 'Basic', form: GRANT }],
    outputs: {
      'token-type': 'Bearer',
      'expires-in': '31668',
      scope:
        'https://uri.paypal.com/services/invoicing https://uri.paypal.com/services/applications/webhooks',
    },
    isRevoked: false,
  },
  Salesforce: {
    requests: [
      {
        to: 'POST https://your-domain.my.salesforce.com/services/oauth2/token',
        form: {
          ...GRANT,
          client_id: 'fake-salesforce-client-id',
          client_secret: fakeValue('SALESFORCE_CLIENT_SECRET'),
        },
      },
    ],
    outputs: { 'token-type': 'Bearer', 'expires-in': '', 'expires-at': '', scope: 'api' },
    isRevoked: true,
  },
}

let authority: TlsAuthority
let keys: ProviderKeys
/** What the workflow's secrets hold that is no fake value. */
let keySecrets: Readonly<Record<string, string>>
/** The lines of those keys that are secret. */
let keyLines: readonly string[]
let entraPrivateKey: string

beforeAll(async () => {
  authority = await createAuthority(PROVIDER_HOSTS)
  const okta = generatePrivateKey()
  const entra = await generate([{ name: 'commonName', value: 'Fake app' }])
  entraPrivateKey = entra.private
  keys = {
    okta: createPublicKey(okta),
    entraCertificate: entra.cert,
    github: generatePrivateKey(),
  }
  const oktaPem = okta.export({ type: 'pkcs8', format: 'pem' }).toString()
  keySecrets = {
    OKTA_PRIVATE_KEY: oktaPem,
    ENTRA_KEY_AND_CERTIFICATE: `${entra.private.trim()}\n${entra.cert.trim()}\n`,
  }
  keyLines = `${oktaPem}\n${entra.private}`
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('-----'))
})

afterAll(() => authority[Symbol.dispose]())

function generatePrivateKey() {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
}

/** The value of an expression that the runner would evaluate. */
function evaluate(text: unknown): string {
  return String(text).replace(
    /\$\{\{ (?:secrets|vars)\.(\w+) \}\}/g,
    (_expression, name: string) => keySecrets[name] ?? fakeValue(name),
  )
}

/** An `undefined` takes an input away. */
type Changes = Readonly<Record<string, string | undefined>>

/** Runs the first step of a recipe, as a job with its permissions does. */
async function runRecipe(
  { permissions, steps: [step] }: Recipe,
  providers: ProviderStandIns,
  proxyHost: string,
  changes: Changes = {},
) {
  const given = Object.entries(step.with).map(([name, value]) => [name, evaluate(value)])
  const inputs: Changes = { ...Object.fromEntries(given), ...changes }
  const mayAskForIdToken = permissions?.['id-token'] === 'write'
  const job = startCheckedJob({
    secrets: [...docs.matchAll(/secrets\.(\w+)/g)].map(([, name = '']) =>
      evaluate(`\${{ secrets.${name} }}`),
    ),
    env: {
      https_proxy: `http://${proxyHost}`,
      NODE_EXTRA_CA_CERTS: authority.file,
      ...(mayAskForIdToken && {
        ACTIONS_ID_TOKEN_REQUEST_URL: ID_TOKEN_REQUEST.url,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: ID_TOKEN_REQUEST.token,
      }),
    },
  })
  const result = await job.runAction({
    with: Object.fromEntries(
      Object.entries(inputs).filter((input): input is [string, string] => input[1] !== undefined),
    ),
  })
  expectNoLeak(result, findSecrets(providers))
  return { job, result }
}

/** All that nobody may read in the log, with what came into being on the way. */
function findSecrets({ issuedTokens, requests }: ProviderStandIns): string[] {
  const sent = requests.flatMap(({ headers, body }) => {
    const form = new URLSearchParams(body)
    return [
      headers.authorization?.replace(/^\w+ /, ''),
      form.get('client_secret'),
      form.get('client_assertion'),
    ]
  })
  return [...issuedTokens, ...keyLines, ...sent].filter(
    (secret): secret is string => typeof secret === 'string',
  )
}

function describeRequest({ method, url, headers, body }: ReceivedRequest): Request {
  const scheme = headers.authorization?.split(' ')[0] as Request['scheme']
  return {
    to: `${method} https://${headers.host}${url}`,
    ...(scheme && { scheme }),
    ...(body !== '' && { form: Object.fromEntries(new URLSearchParams(body)) }),
  }
}

async function runPostStep(job: Job, providers: ProviderStandIns) {
  const [post] = await job.runPostSteps()
  if (post === undefined) throw new Error('There is no post step')
  expectNoLeak(post, findSecrets(providers))
  expect(post.exitCode).toBe(0)
  expect(post.log.filter(({ kind }) => kind === 'warning' || kind === 'error')).toEqual([])
}

test('the recipes are those that have a stand-in', () => {
  expect(recipes.map(({ title }) => title)).toEqual(Object.keys(EXPECTED))
})

test('every section has a recipe, but for the servers that get none', () => {
  const sections = docs.split(/^## /m).slice(1)
  const without = sections.filter((section) => !section.includes('```yaml'))
  expect(without.map((section) => section.split('\n')[0])).toEqual(['Google', 'Zoom', 'Any other server'])
})

test("every provider's section links to its documentation", () => {
  const sections = docs.split(/^## /m).slice(1)
  const unlinked = sections.filter((section) => !/^\S+: \[[^\]]+\]\(https:/m.test(section))
  expect(unlinked.map((section) => section.split('\n')[0])).toEqual(['Any other server'])
})

test.each(recipes)('$title: has the shape of all recipes', ({ steps }) => {
  const [step, call, ...others] = steps
  expect(others).toEqual([])
  expect(step).toEqual({
    id: 'token',
    uses: 'OWNER/client-credentials-token@v1',
    with: expect.objectContaining({ 'client-id': expect.stringMatching(/_CLIENT_ID }}$/) }),
  })
  expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(step.with)))
  expect(call.run).toMatch(/^curl --fail -H "Authorization: Bearer \$TOKEN" .*https:\/\//)
  expect(call.env['TOKEN']).toBe('${{ steps.token.outputs.access-token }}')
})

test.each(recipes)('$title: gets a token, and revokes it where that can be', async (recipe) => {
  const expected = EXPECTED[recipe.title]
  if (expected === undefined) throw new Error(`There is no stand-in for ${recipe.title}`)
  await using providers = await startProviders(keys, authority.tls)
  await using proxy = await startProxy({ port: Number(new URL(providers.origin).port) })
  const { job, result } = await runRecipe(recipe, providers, proxy.host)

  expect(result.log.filter(({ kind }) => kind === 'warning' || kind === 'error')).toEqual([])
  expect(result.exitCode).toBe(0)
  expect(providers.requests.map(describeRequest)).toEqual(expected.requests)
  expect(providers.issuedTokens).toEqual([result.outputs['access-token']])
  expect(result.outputs).toMatchObject(expected.outputs ?? {})
  const { length } = providers.requests
  await runPostStep(job, providers)
  expect(providers.revokedTokens).toEqual(expected.isRevoked ? providers.issuedTokens : [])
  expect(providers.requests.length > length).toBe(expected.isRevoked)
})

const CREDENTIALS =
  'Check that client-id and client-secret belong to the same app, and that the secret was not renewed after it was stored.'
const FLOW = 'Allow the client credentials flow for this app in the settings of the server.'
const PARAMETERS =
  'The server misses a parameter, or does not allow one. Check scope, audience, resource, extra-params and auth-method, and that token-url names the right endpoint.'
const GRANT_ENDPOINT =
  'Check that token-url names the endpoint for the client credentials flow, and that the app is set up for it.'
const SCOPE = 'Check scope: the server does not know it, does not grant it to this app, or wants one.'
const checkKey = (algorithm: string, audience: string, underKeyId = '') =>
  `Check that the public key of private-key is registered for client-id${underKeyId}, and that the server expects ${algorithm} and the audience ${audience} (assertion-audience). Check, too, that the clock of the runner is right.`
/** The text of Entra ID goes on with IDs and the time. */
const CUT = /^.*(Timestamp: [^)]+|\.\.\.)\)\. /

interface Failing {
  readonly title: string
  readonly name: string
  readonly changes: () => Changes
  readonly host: string
  /** What the provider says, in the sentence of the action. */
  readonly told: string
  /** What the action adds. */
  readonly cure: string
}

test.each<Failing>([
  {
    title: 'Spotify',
    name: 'the right secret',
    changes: () => ({ 'client-secret': fakeValue('WRONG_SECRET') }),
    host: 'accounts.spotify.com',
    told: 'HTTP 400 invalid_client (Invalid client secret)',
    cure: CREDENTIALS,
  },
  {
    title: 'Auth0',
    name: 'the audience',
    changes: () => ({ audience: undefined }),
    host: 'your-tenant.us.auth0.com',
    told: 'HTTP 403 access_denied (Non-global clients are not allowed access to APIv1)',
    cure: `${FLOW} Check, too, that the app may have scope and audience, and that the server does not refuse the address of the runner.`,
  },
  {
    title: 'Auth0',
    name: 'a client grant',
    changes: () => ({ audience: 'https://other.example.com' }),
    host: 'your-tenant.us.auth0.com',
    told: 'HTTP 403 access_denied (Client is not authorized to access "https://other.example.com". You need to create a "client-grant" associated to this API.)',
    cure: `${FLOW} Check, too, that the app may have scope and audience, and that the server does not refuse the address of the runner.`,
  },
  {
    title: 'Okta, for your own API',
    name: 'the scope',
    changes: () => ({ scope: undefined }),
    host: 'your-org.okta.com',
    told: "HTTP 400 invalid_scope (The authorization server resource does not have any configured default scopes, 'scope' must be provided.)",
    cure: SCOPE,
  },
  {
    title: "Okta, for Okta's API",
    name: 'the private key',
    changes: () => ({
      'auth-method': undefined,
      'private-key': undefined,
      'key-id': undefined,
      'client-secret': fakeValue('OKTA_CLIENT_SECRET'),
    }),
    host: 'your-org.okta.com',
    told: 'HTTP 401 invalid_client (Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.)',
    cure: CREDENTIALS,
  },
  {
    title: "Okta, for Okta's API",
    name: 'the endpoint as audience',
    changes: () => ({ 'assertion-audience': 'https://your-org.okta.com' }),
    host: 'your-org.okta.com',
    told: 'HTTP 401 invalid_client (The audience claim for client_assertion must be the endpoint invoked for the request.)',
    cure: checkKey('RS256', 'https://your-org.okta.com', ', under key-id'),
  },
  {
    title: "Okta, for Okta's API",
    name: 'the registered key',
    changes: () => ({ 'private-key': entraPrivateKey }),
    host: 'your-org.okta.com',
    told: 'HTTP 401 invalid_client (The client_assertion signature is invalid.)',
    cure: checkKey('RS256', 'https://your-org.okta.com/oauth2/v1/token', ', under key-id'),
  },
  {
    title: 'Entra ID with a secret',
    name: 'the scope',
    changes: () => ({ scope: undefined }),
    host: 'login.microsoftonline.com',
    told: "HTTP 400 invalid_request (AADSTS900144: The request body must contain the following parameter: 'scope'. Trace ID: ",
    cure: PARAMETERS,
  },
  {
    title: 'Entra ID with a secret',
    name: '/.default',
    changes: () => ({ scope: 'https://graph.microsoft.com/User.Read.All' }),
    host: 'login.microsoftonline.com',
    told: 'HTTP 400 invalid_scope (AADSTS1002012: The provided value for scope https://graph.microsoft.com/User.Read.All is not valid. Client credential flows must have a scope value with /.default suffixed',
    cure: SCOPE,
  },
  {
    title: 'Entra ID with a certificate',
    name: 'the certificate beside the key',
    changes: () => ({ 'private-key': entraPrivateKey }),
    host: 'login.microsoftonline.com',
    told: 'HTTP 401 invalid_client (AADSTS700027: ',
    cure: checkKey('RS256', ENTRA_TOKEN_URL.replace('POST ', '')),
  },
  {
    title: 'Entra ID without a secret',
    name: 'the audience',
    changes: () => ({ 'assertion-audience': undefined }),
    host: 'login.microsoftonline.com',
    told: 'HTTP 401 invalid_client (AADSTS700212: No matching federated identity record found for presented assertion audience ',
    cure: `Check that the server trusts this workflow for client-id. Its ID token says: iss https://token.actions.githubusercontent.com, sub repo:fake-org@123456/fake-repo@456789:ref:refs/heads/main, aud ${ENTRA_TOKEN_URL.replace('POST ', '')}.`,
  },
  {
    title: 'Keycloak',
    name: 'the right secret',
    changes: () => ({ 'client-secret': fakeValue('WRONG_SECRET') }),
    host: 'sso.example.com',
    told: 'HTTP 401 unauthorized_client (Invalid client or Invalid client credentials)',
    cure: `${FLOW} ${CREDENTIALS}`,
  },
  {
    title: 'Amazon Cognito',
    name: 'the right secret',
    changes: () => ({ 'client-secret': fakeValue('WRONG_SECRET') }),
    host: 'your-domain.auth.eu-central-1.amazoncognito.com',
    told: 'HTTP 400 invalid_client',
    cure: CREDENTIALS,
  },
  {
    title: 'Twitch',
    name: 'the credentials in the body',
    changes: () => ({ 'auth-method': undefined }),
    host: 'id.twitch.tv',
    told: 'HTTP 400 (missing client id)',
    cure: 'Check token-url and auth-method.',
  },
  {
    title: 'PayPal',
    name: 'the credentials in the header',
    changes: () => ({ 'auth-method': 'client_secret_post' }),
    host: 'api-m.paypal.com',
    told: 'HTTP 401 invalid_client (Client Authentication failed)',
    cure: CREDENTIALS,
  },
  {
    title: 'Salesforce',
    name: 'the silence about the scope',
    changes: () => ({ scope: 'api' }),
    host: 'your-domain.my.salesforce.com',
    told: 'HTTP 400 invalid_request (scope parameter not supported)',
    cure: PARAMETERS,
  },
  {
    title: 'Salesforce',
    name: 'the host of My Domain',
    changes: () => ({ 'token-url': 'https://login.salesforce.com/services/oauth2/token' }),
    host: 'login.salesforce.com',
    told: 'HTTP 400 invalid_grant (request not supported on this domain)',
    cure: GRANT_ENDPOINT,
  },
])('$title: fails without $name', async ({ title, changes, host, told, cure }) => {
  const recipe = recipes.find((candidate) => candidate.title === title)
  if (recipe === undefined) throw new Error(`There is no recipe for ${title}`)
  await using providers = await startProviders(keys, authority.tls)
  await using proxy = await startProxy({ port: Number(new URL(providers.origin).port) })
  const { job, result } = await runRecipe(recipe, providers, proxy.host, changes())

  expect(result).toMatchObject({ exitCode: 1, outputs: {} })
  const line = result.printed.at(-1) ?? ''
  const failed = `::error::Could not get a token from ${host}: `
  expect(line.slice(0, failed.length + told.length)).toBe(`${failed}${told}`)
  const rest = line.slice(failed.length + told.length)
  expect(rest.replace(CUT, '. ')).toBe(`. ${cure}`)
  await runPostStep(job, providers)
  expect(providers.issuedTokens).toEqual([])
})

test('Entra ID without a secret: says which permission the job needs', async () => {
  const recipe = recipes.find(({ permissions }) => permissions !== undefined)
  if (recipe === undefined) throw new Error('There is no recipe with permissions')
  await using providers = await startProviders(keys, authority.tls)
  await using proxy = await startProxy({ port: Number(new URL(providers.origin).port) })
  const { result } = await runRecipe({ ...recipe, permissions: {} }, providers, proxy.host)
  expect(result).toMatchObject({ exitCode: 1, outputs: {} })
  expect(result.printed.at(-1)).toMatch(/^::error::.*permissions: id-token: write/)
  expect(providers.requests).toEqual([])
})
