/**
 * Stand-ins for the authorization servers that docs/providers.md has recipes for, and for GitHub's OIDC provider. Each
 * wants what its provider documents, and refuses in its words.
 */
import {
  createHash,
  createPublicKey,
  type KeyObject,
  randomBytes,
  randomUUID,
  X509Certificate,
} from 'node:crypto'
import { decodeJwt, errors, jwtVerify, SignJWT } from 'jose'
import { type LoopbackServer, type ReceivedRequest, startServer } from './loopback-server.ts'

/** The other halves of what the workflow's secrets hold. */
export interface ProviderKeys {
  /** Public, registered as `fake-okta-key-id`. */
  readonly okta: KeyObject
  /** PEM, as it is uploaded. */
  readonly entraCertificate: string
  /** Private: GitHub signs its ID tokens with it. */
  readonly github: KeyObject
}

export interface ProviderStandIns extends LoopbackServer {
  readonly issuedTokens: readonly string[]
  readonly revokedTokens: readonly string[]
}

export const ID_TOKEN_REQUEST = {
  url: 'https://run-actions.actions.githubusercontent.com/idtoken?api-version=2.0',
  token: 'fake-id-token-request-token',
}
export const GITHUB_SUBJECT = 'repo:fake-org@123456/fake-repo@456789:ref:refs/heads/main'

/** What a stand-in knows as the value of a secret or variable of the workflow, unless that is a key. */
export function fakeValue(name: string): string {
  // Spotify's have 32 hexadecimal digits, of which the action knows.
  if (name === 'SPOTIFY_CLIENT_ID') return '0123456789abcdef'.repeat(2)
  // A secret has no words in it that a message could have, too.
  return name.endsWith('_SECRET')
    ? `fake-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
    : `fake-${name.toLowerCase().replaceAll('_', '-')}`
}

interface Call {
  /** Without a query. */
  readonly url: string
  readonly query: URLSearchParams
  readonly form: URLSearchParams
  readonly authorization: string
}

interface Reply {
  readonly status: number
  readonly body?: object
}

type Route = (call: Call) => Reply | Promise<Reply>
/** A reason to refuse a request; `undefined` if there is none. */
type Rule = (call: Call) => Reply | undefined | Promise<Reply | undefined>

const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com'
const ENTRA_TOKEN_URL = `https://login.microsoftonline.com/${fakeValue('ENTRA_TENANT_ID')}/oauth2/v2.0/token`
const OKTA_ISSUER = 'https://your-org.okta.com/oauth2/default'
const KEYCLOAK_ISSUER = 'https://sso.example.com/realms/your-realm'
const SALESFORCE_URL = 'https://your-domain.my.salesforce.com'
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const OKTA_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512']
const OKTA_MAX_LIFETIME_SECONDS = 3600
/** With `x5t#S256`, Microsoft documents no other. */
const ENTRA_ALGORITHMS = ['PS256']

/** All hosts that the stand-ins answer for, for the certificate. */
export const PROVIDER_HOSTS: readonly string[] = [
  'accounts.spotify.com',
  'your-tenant.us.auth0.com',
  'your-org.okta.com',
  'login.microsoftonline.com',
  'sso.example.com',
  'your-domain.auth.eu-central-1.amazoncognito.com',
  'id.twitch.tv',
  'api-m.paypal.com',
  'your-domain.my.salesforce.com',
  'login.salesforce.com',
  'run-actions.actions.githubusercontent.com',
]

/** Starts one server for all providers, which tells them apart by the `Host` of a request. */
export async function startProviders(
  keys: ProviderKeys,
  tls: { key: string; cert: string },
): Promise<ProviderStandIns> {
  const issuedTokens: string[] = []
  const revokedTokens: string[] = []
  const routes = createRoutes(keys, issuedTokens, revokedTokens)
  const server = await startServer(async (request, response) => {
    const call = readCall(request)
    const route = routes[`${request.method} ${call.url}`]
    const { status, body } = (await route?.(call)) ?? { status: 404 }
    response.writeHead(status, body && { 'content-type': 'application/json' })
    response.end(body && JSON.stringify(body))
  }, tls)
  return Object.assign(server, { issuedTokens, revokedTokens })
}

function readCall({ url, headers, body }: ReceivedRequest): Call {
  const { origin, pathname, searchParams } = new URL(url, `https://${headers.host}`)
  return {
    url: `${origin}${pathname}`,
    query: searchParams,
    form: new URLSearchParams(body),
    authorization: headers.authorization ?? '',
  }
}

function createRoutes(
  keys: ProviderKeys,
  issuedTokens: string[],
  revokedTokens: string[],
): Readonly<Record<string, Route>> {
  /** A token endpoint, with what it answers beside the token. */
  const issue =
    (rules: readonly Rule[], fields: object): Route =>
    async (call) => {
      const refused = await firstRefusal([wantGrant, ...rules], call)
      if (refused) return refused
      const token = `fake-token-${randomBytes(24).toString('base64url')}`
      issuedTokens.push(token)
      return { status: 200, body: { access_token: token, ...fields } }
    }
  /** A revocation endpoint (RFC 7009). */
  const revoke =
    (rules: readonly Rule[], unknown: Reply = { status: 200 }): Route =>
    async (call) => {
      const refused = await firstRefusal(rules, call)
      if (refused) return refused
      const token = call.form.get('token') ?? ''
      if (!issuedTokens.includes(token)) return unknown
      revokedTokens.push(token)
      return { status: 200 }
    }
  return {
    'POST https://accounts.spotify.com/api/token': issue([spotifyClient], {
      token_type: 'Bearer',
      expires_in: 3600,
    }),

    'POST https://your-tenant.us.auth0.com/oauth/token': issue([auth0Client, auth0Audience], {
      token_type: 'Bearer',
      expires_in: 86_400,
    }),

    [`GET ${OKTA_ISSUER}/.well-known/openid-configuration`]: publish(OKTA_ISSUER, {
      token_endpoint: `${OKTA_ISSUER}/v1/token`,
      revocation_endpoint: `${OKTA_ISSUER}/v1/revoke`,
      grant_types_supported: ['authorization_code', 'client_credentials'],
      token_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'client_secret_post',
        'client_secret_jwt',
        'private_key_jwt',
        'none',
      ],
    }),
    [`POST ${OKTA_ISSUER}/v1/token`]: issue([oktaClient, oktaScope], {
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'orders.read',
    }),
    [`POST ${OKTA_ISSUER}/v1/revoke`]: revoke([oktaClient]),
    'POST https://your-org.okta.com/oauth2/v1/token': issue([wantOktaAssertion(keys.okta)], {
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'okta.users.read',
    }),

    [`POST ${ENTRA_TOKEN_URL}`]: issue([entraParameters, wantEntraCredential(keys)], {
      token_type: 'Bearer',
      expires_in: 3599,
      ext_expires_in: 3599,
    }),

    [`GET ${KEYCLOAK_ISSUER}/.well-known/openid-configuration`]: publish(KEYCLOAK_ISSUER, {
      token_endpoint: `${KEYCLOAK_ISSUER}/protocol/openid-connect/token`,
      revocation_endpoint: `${KEYCLOAK_ISSUER}/protocol/openid-connect/revoke`,
      grant_types_supported: ['authorization_code', 'refresh_token', 'password', 'client_credentials'],
      token_endpoint_auth_methods_supported: [
        'private_key_jwt',
        'client_secret_basic',
        'client_secret_post',
        'tls_client_auth',
        'client_secret_jwt',
      ],
      token_endpoint_auth_signing_alg_values_supported: ['PS256', 'RS256', 'ES256', 'HS256'],
    }),
    [`POST ${KEYCLOAK_ISSUER}/protocol/openid-connect/token`]: issue([keycloakClient], {
      expires_in: 300,
      refresh_expires_in: 0,
      token_type: 'Bearer',
      'not-before-policy': 0,
      scope: 'email profile',
    }),
    [`POST ${KEYCLOAK_ISSUER}/protocol/openid-connect/revoke`]: revoke([keycloakClient]),

    'POST https://your-domain.auth.eu-central-1.amazoncognito.com/oauth2/token': issue([cognitoClient], {
      expires_in: 3600,
      token_type: 'Bearer',
    }),

    'POST https://id.twitch.tv/oauth2/token': issue([twitchClient], {
      expires_in: 5_011_271,
      token_type: 'bearer',
    }),
    'POST https://id.twitch.tv/oauth2/revoke': revoke([twitchClientId], twitchRefusal(400, 'Invalid token')),

    'POST https://api-m.paypal.com/v1/oauth2/token': issue([paypalClient], {
      scope:
        'https://uri.paypal.com/services/invoicing https://uri.paypal.com/services/applications/webhooks',
      token_type: 'Bearer',
      app_id: 'APP-FAKE0FAKE0FAKE0FA',
      expires_in: 31_668,
      nonce: '2020-04-03T15:35:36Zfake-nonce',
    }),

    [`POST ${SALESFORCE_URL}/services/oauth2/token`]: issue([salesforceClient, salesforceScope], {
      signature: 'fake-signature',
      token_format: 'opaque',
      scope: 'api',
      instance_url: SALESFORCE_URL,
      id: 'https://login.salesforce.com/id/00Dfake/005fake',
      token_type: 'Bearer',
      issued_at: '1764000000000',
    }),
    [`POST ${SALESFORCE_URL}/services/oauth2/revoke`]: revoke([], refusal(400, 'invalid_token')),
    'POST https://login.salesforce.com/services/oauth2/token': () =>
      refusal(400, 'invalid_grant', 'request not supported on this domain'),

    [`GET ${ID_TOKEN_REQUEST.url.split('?')[0]}`]: issueIdToken(keys.github),
  }
}

async function firstRefusal(rules: readonly Rule[], call: Call): Promise<Reply | undefined> {
  for (const rule of rules) {
    const refused = await rule(call)
    if (refused) return refused
  }
  return undefined
}

function refusal(status: number, error: string, error_description?: string): Reply {
  return { status, body: { error, error_description } }
}

function publish(issuer: string, metadata: object): Route {
  return () => ({ status: 200, body: { issuer, ...metadata } })
}

function wantGrant({ form }: Call): Reply | undefined {
  return form.get('grant_type') === 'client_credentials' ? undefined : refusal(400, 'unsupported_grant_type')
}

interface SecretRefusals {
  /** For a request that has no credentials where they are looked for. */
  readonly missing: Reply
  readonly unknownClient: Reply
  readonly wrongSecret: Reply
}

/** An app whose ID and secret are the fake values of `NAME_CLIENT_ID` and `NAME_CLIENT_SECRET`. */
function wantSecret(
  name: string,
  places: readonly ('header' | 'body')[],
  { missing, unknownClient, wrongSecret }: SecretRefusals,
): Rule {
  return ({ authorization, form }) => {
    const header = decodeBasic(authorization)
    const body = form.has('client_secret') ? [form.get('client_id'), form.get('client_secret')] : undefined
    const pairs = { header, body }
    const [id, secret] = places.map((place) => pairs[place]).find((pair) => pair !== undefined) ?? []
    if (!id || !secret) return missing
    if (id !== fakeValue(`${name}_CLIENT_ID`)) return unknownClient
    return secret === fakeValue(`${name}_CLIENT_SECRET`) ? undefined : wrongSecret
  }
}

function decodeBasic(authorization: string): string[] | undefined {
  const credential = /^Basic (.+)$/.exec(authorization)?.[1]
  if (credential === undefined) return undefined
  const [id = '', ...secret] = Buffer.from(credential, 'base64').toString().split(':')
  return [id, secret.join(':')].map((part) => decodeURIComponent(part.replaceAll('+', ' ')))
}

const spotifyClient = wantSecret('SPOTIFY', ['header'], {
  missing: refusal(400, 'invalid_client'),
  unknownClient: refusal(400, 'invalid_client', 'Invalid client'),
  wrongSecret: refusal(400, 'invalid_client', 'Invalid client secret'),
})

const auth0Client = wantSecret('AUTH0', ['body'], {
  missing: refusal(401, 'access_denied', 'Unauthorized'),
  unknownClient: refusal(401, 'access_denied', 'Unauthorized'),
  wrongSecret: refusal(401, 'access_denied', 'Unauthorized'),
})

function auth0Audience({ form }: Call): Reply | undefined {
  const audience = form.get('audience')
  if (audience === null) {
    return refusal(403, 'access_denied', 'Non-global clients are not allowed access to APIv1')
  }
  if (audience === 'https://api.example.com') return undefined
  return refusal(
    403,
    'access_denied',
    `Client is not authorized to access "${audience}". You need to create a "client-grant" associated to this API.`,
  )
}

const oktaClient = wantSecret('OKTA', ['header', 'body'], {
  missing: refusal(
    401,
    'invalid_client',
    'Client authentication failed. Either the client or the client credentials are invalid.',
  ),
  unknownClient: refusal(401, 'invalid_client', "Invalid value for 'client_id' parameter."),
  wrongSecret: refusal(
    401,
    'invalid_client',
    'The client secret supplied for a confidential client is invalid.',
  ),
})

function oktaScope({ form }: Call): Reply | undefined {
  if (form.get('scope') === 'orders.read') return undefined
  return form.has('scope')
    ? refusal(
        400,
        'invalid_scope',
        'One or more scopes are not configured for the authorization server resource.',
      )
    : refusal(
        400,
        'invalid_scope',
        "The authorization server resource does not have any configured default scopes, 'scope' must be provided.",
      )
}

/** The authorization server of the organization, which takes no secret. */
function wantOktaAssertion(key: KeyObject): Rule {
  const refuse = (description: string) => refusal(401, 'invalid_client', description)
  return async ({ url, form }) => {
    const assertion = form.get('client_assertion')
    if (assertion === null || form.get('client_assertion_type') !== JWT_BEARER) {
      return refuse(
        'Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.',
      )
    }
    const id = fakeValue('OKTA_CLIENT_ID')
    try {
      const { payload, protectedHeader } = await jwtVerify(assertion, key, {
        algorithms: OKTA_ALGORITHMS,
        issuer: id,
        subject: id,
        audience: url,
        requiredClaims: ['exp'],
      })
      if (protectedHeader.kid !== fakeValue('OKTA_KEY_ID')) {
        return refuse('The client_assertion signature is invalid.')
      }
      if (Number(payload.exp) > Date.now() / 1000 + OKTA_MAX_LIFETIME_SECONDS) {
        return refuse('The client_assertion token has an expiration too far into the future.')
      }
      return undefined
    } catch (error) {
      if (error instanceof errors.JWTExpired) return refuse('The client_assertion token is expired.')
      if (error instanceof errors.JWTClaimValidationFailed) {
        return refuse(
          error.claim === 'aud'
            ? 'The audience claim for client_assertion must be the endpoint invoked for the request.'
            : `The client_assertion token has an invalid ${error.claim}.`,
        )
      }
      return refuse('The client_assertion signature is invalid.')
    }
  }
}

function entraRefusal(status: number, error: string, code: number, text: string): Reply {
  const [trace_id, correlation_id] = [randomUUID(), randomUUID()]
  const timestamp = `${new Date().toISOString().slice(0, 19).replace('T', ' ')}Z`
  return {
    status,
    body: {
      error,
      error_description: `AADSTS${code}: ${text} Trace ID: ${trace_id} Correlation ID: ${correlation_id} Timestamp: ${timestamp}`,
      error_codes: [code],
      timestamp,
      trace_id,
      correlation_id,
      error_uri: `https://login.microsoftonline.com/error?code=${code}`,
    },
  }
}

function entraParameters({ form, authorization }: Call): Reply | undefined {
  const names = decodeBasic(authorization) ? ['scope'] : ['client_id', 'scope']
  const missing = names.find((name) => !form.get(name))
  if (missing !== undefined) {
    return entraRefusal(
      400,
      'invalid_request',
      900_144,
      `The request body must contain the following parameter: '${missing}'.`,
    )
  }
  const scope = form.get('scope') ?? ''
  if (/^\S+\/\.default$/.test(scope)) return undefined
  return entraRefusal(
    400,
    'invalid_scope',
    1_002_012,
    `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
  )
}

const entraClient = wantSecret('ENTRA', ['header', 'body'], {
  missing: entraRefusal(
    401,
    'invalid_client',
    7_000_216,
    "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
  ),
  unknownClient: entraRefusal(
    400,
    'unauthorized_client',
    700_016,
    "Application with identifier was not found in the directory 'Fake'.",
  ),
  wrongSecret: entraRefusal(
    401,
    'invalid_client',
    7_000_215,
    'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.',
  ),
})

/** One app with a secret, a certificate and a federated credential. */
function wantEntraCredential({ entraCertificate, github }: ProviderKeys): Rule {
  return async (call) => {
    const assertion = call.form.get('client_assertion')
    if (assertion === null || call.form.get('client_assertion_type') !== JWT_BEARER) return entraClient(call)
    if (call.form.get('client_id') !== fakeValue('ENTRA_CLIENT_ID')) return entraClient(call)
    return issuerOf(assertion) === GITHUB_ISSUER
      ? await checkIdToken(assertion, github)
      : await checkEntraAssertion(assertion, new X509Certificate(entraCertificate))
  }
}

function issuerOf(assertion: string): string | undefined {
  try {
    return decodeJwt(assertion).iss
  } catch {
    return undefined
  }
}

async function checkEntraAssertion(
  assertion: string,
  certificate: X509Certificate,
): Promise<Reply | undefined> {
  const refuse = (code: number, text: string) => entraRefusal(401, 'invalid_client', code, text)
  const id = fakeValue('ENTRA_CLIENT_ID')
  try {
    const { payload, protectedHeader } = await jwtVerify(assertion, certificate.publicKey, {
      algorithms: ENTRA_ALGORITHMS,
      typ: 'JWT',
      issuer: id,
      subject: id,
      audience: ENTRA_TOKEN_URL,
      requiredClaims: ['exp', 'nbf', 'jti'],
    })
    const thumbprint = createHash('sha256').update(certificate.raw).digest('base64url')
    if (protectedHeader['x5t#S256'] !== thumbprint) {
      return refuse(
        700_027,
        'The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found.]',
      )
    }
    if (typeof payload.aud !== 'string') {
      return refuse(
        5_002_741,
        'Number of audience values in the provided client credential exceed maximum allowed.',
      )
    }
    return undefined
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      return refuse(700_024, 'Client assertion is not within its valid time range.')
    }
    if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') {
      return refuse(700_023, 'Client assertion audience claim does not match Realm issuer.')
    }
    return refuse(700_027, 'Client assertion failed signature validation.')
  }
}

async function checkIdToken(assertion: string, github: KeyObject): Promise<Reply | undefined> {
  const refuse = (code: number, claim: string, value: unknown) =>
    entraRefusal(
      401,
      'invalid_client',
      code,
      `No matching federated identity record found for presented assertion ${claim} '${value}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.`,
    )
  try {
    await jwtVerify(assertion, createPublicKey(github), {
      algorithms: ['RS256'],
      issuer: GITHUB_ISSUER,
      subject: GITHUB_SUBJECT,
      audience: 'api://AzureADTokenExchange',
    })
    return undefined
  } catch (error) {
    if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') {
      return refuse(700_212, 'audience', error.payload.aud)
    }
    if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'sub') {
      return refuse(700_213, 'subject', error.payload.sub)
    }
    return entraRefusal(401, 'invalid_client', 700_027, 'Client assertion failed signature validation.')
  }
}

const keycloakClient = wantSecret('KEYCLOAK', ['header', 'body'], {
  missing: refusal(401, 'invalid_client', 'Invalid client or Invalid client credentials'),
  unknownClient: refusal(401, 'invalid_client', 'Invalid client or Invalid client credentials'),
  wrongSecret: refusal(401, 'unauthorized_client', 'Invalid client or Invalid client credentials'),
})

const cognitoClient = wantSecret('COGNITO', ['header', 'body'], {
  missing: refusal(400, 'invalid_client'),
  unknownClient: refusal(400, 'invalid_client'),
  wrongSecret: refusal(400, 'invalid_client'),
})

function twitchRefusal(status: number, message: string): Reply {
  return { status, body: { status, message } }
}

const twitchClient = wantSecret('TWITCH', ['body'], {
  missing: twitchRefusal(400, 'missing client id'),
  unknownClient: twitchRefusal(400, 'invalid client'),
  wrongSecret: twitchRefusal(403, 'invalid client secret'),
})

function twitchClientId({ form }: Call): Reply | undefined {
  return form.get('client_id') === fakeValue('TWITCH_CLIENT_ID')
    ? undefined
    : twitchRefusal(404, 'client does not exist')
}

const paypalClient = wantSecret('PAYPAL', ['header'], {
  missing: refusal(401, 'invalid_client', 'Client Authentication failed'),
  unknownClient: refusal(401, 'invalid_client', 'Client Authentication failed'),
  wrongSecret: refusal(401, 'invalid_client', 'Client Authentication failed'),
})

const salesforceClient = wantSecret('SALESFORCE', ['header', 'body'], {
  missing: refusal(400, 'invalid_client', 'invalid client credentials'),
  unknownClient: refusal(400, 'invalid_client_id', 'client identifier invalid'),
  wrongSecret: refusal(400, 'invalid_client', 'invalid client credentials'),
})

function salesforceScope({ form }: Call): Reply | undefined {
  return form.has('scope') ? refusal(400, 'invalid_request', 'scope parameter not supported') : undefined
}

/** GitHub's OIDC provider, which asks for the right to ask, and puts the audience into the ID token as it is. */
function issueIdToken(key: KeyObject): Route {
  return async ({ query, authorization }) => {
    if (authorization.toLowerCase() !== `bearer ${ID_TOKEN_REQUEST.token}`) return { status: 401 }
    if (query.get('api-version') !== '2.0') return { status: 400 }
    const idToken = await new SignJWT({ repository: 'fake-org/fake-repo', ref: 'refs/heads/main' })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'fake-github-key-id' })
      .setIssuer(GITHUB_ISSUER)
      .setSubject(GITHUB_SUBJECT)
      .setAudience(query.get('audience') ?? 'https://github.com/fake-org')
      .setJti(randomUUID())
      .setNotBefore('0s')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(key)
    return { status: 200, body: { value: idToken } }
  }
}
