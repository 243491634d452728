/** The built action with a certified authorization server: each client authentication method and refresh tokens, from discovery to revocation. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { SignJWT } from 'jose'
import type { ClientMetadata } from 'oidc-provider'
import type { StepResult } from '../../dev/runner/fake-runner.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../dev/servers/authorization-server.ts'
import { startServer } from '../../dev/servers/loopback-server.ts'
import { startCheckedJob } from '../leaks.ts'

const SECRET = 'fake/9f8e7d6c5b4a+3210:fedcba98-76543210'

/** How the log lines start; the unit tests assert the rest of their words. */
const FETCHING = 'Fetching server metadata from'
const REQUESTING = 'Requesting an access token from'
const FAILED = '::error::Could not get an access token from'
const WAIT = / retrying in \d+\.\d s \(attempt 2\b.*\)$/

const REQUEST_TOKEN = 'fake-76543210fedcba98'

interface Client {
  readonly metadata: ClientMetadata
  readonly inputs: Readonly<Record<string, string>>
}

function withSecret(method: 'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt'): Client {
  return {
    metadata: { client_id: method, client_secret: SECRET, token_endpoint_auth_method: method, scope: 'read' },
    inputs: { 'client-id': method, 'client-secret': SECRET, 'auth-method': method },
  }
}

function withKey(client_id: string, key: KeyObject, kid?: string): Client {
  return {
    metadata: {
      client_id,
      token_endpoint_auth_method: 'private_key_jwt',
      scope: 'read',
      jwks: { keys: [publicJwk(key, kid), publicJwk(other, 'other')] },
    },
    inputs: {
      'client-id': client_id,
      'private-key': toPem(key),
      'auth-method': 'private_key_jwt',
      ...(kid && { 'key-id': kid }),
    },
  }
}

const toPem = (key: KeyObject) => key.export({ format: 'pem', type: 'pkcs8' }) as string
const publicJwk = (key: KeyObject, kid?: string) => ({
  ...createPublicKey(key).export({ format: 'jwk' }),
  ...(kid && { kid }),
})
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey
const newRsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const rsa = newRsa()
const other = newRsa()
const github = newRsa()

/** A client that sends GitHub ID tokens as assertions: for this server, a client with GitHub's key. */
const WORKFLOW = 'repo:fake/repository:ref:refs/heads/main'
const CLIENTS: Readonly<Record<string, Client>> = {
  client_secret_basic: withSecret('client_secret_basic'),
  client_secret_post: withSecret('client_secret_post'),
  client_secret_jwt: withSecret('client_secret_jwt'),
  'private_key_jwt with RS256': withKey('rs256', rsa),
  'private_key_jwt with ES256': withKey('es256', ec('P-256')),
  'private_key_jwt with ES384': withKey('es384', ec('P-384')),
  'private_key_jwt with ES512': withKey('es512', ec('P-521')),
  'private_key_jwt with EdDSA': withKey('eddsa', generateKeyPairSync('ed25519').privateKey),
  'private_key_jwt with a key ID': withKey('kid', rsa, 'fake-kid'),
  github_oidc: {
    metadata: {
      client_id: WORKFLOW,
      token_endpoint_auth_method: 'private_key_jwt',
      scope: 'read',
      jwks: { keys: [publicJwk(github)] },
    },
    inputs: { 'client-id': WORKFLOW, 'auth-method': 'github_oidc' },
  },
}

/** A client that cannot keep a secret (RFC 6749, section 2.1). */
const PUBLIC: Client = {
  metadata: {
    client_id: 'public',
    token_endpoint_auth_method: 'none',
    scope: 'read',
    grant_types: ['refresh_token'],
  },
  inputs: { 'client-id': 'public', 'auth-method': 'none' },
}

/** Starts GitHub's ID token endpoint (`permissions: id-token: write`), except that the workflow is the issuer. */
async function startIdTokens() {
  const server = await startServer(async ({ url, headers }, response) => {
    if (headers.authorization !== `Bearer ${REQUEST_TOKEN}`) return response.writeHead(401).end()
    const idToken = await new SignJWT({ ref: 'refs/heads/main' })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(WORKFLOW)
      .setSubject(WORKFLOW)
      .setAudience(new URL(url, 'http://localhost').searchParams.get('audience') ?? '')
      .setJti(crypto.randomUUID())
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(github)
    return response.end(JSON.stringify({ count: 1, value: idToken }))
  })
  const env = {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${server.origin}/idtoken?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
  }
  return Object.assign(server, { env })
}

let server: AuthorizationServer
let idTokens: Awaited<ReturnType<typeof startIdTokens>>

beforeAll(async () => {
  // About keys that are strong enough for a test.
  const warnings = jest.spyOn(console, 'warn').mockImplementation(() => {})
  server = await startAuthorizationServer(
    [...Object.values(CLIENTS), PUBLIC].map(({ metadata }) => metadata),
    {
      scopes: ['read', 'write'],
      signingAlgorithms: ['HS256', 'RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'],
    },
  )
  warnings.mockRestore()
  idTokens = await startIdTokens()
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await idTokens[Symbol.asyncDispose]()
})

const host = () => new URL(server.issuer).host
const start = () => startCheckedJob({ env: idTokens.env })
const logOf = ({ printed }: StepResult) => printed.filter((line) => !line.startsWith('::add-mask::'))

test.each(Object.entries(CLIENTS))('gets a token and revokes it: %s', async (_name, client) => {
  const earlierRequests = server.requests.length
  const job = start()
  const step = await job.runAction({ with: { ...client.inputs, issuer: server.issuer, scope: 'read' } })
  const token = step.outputs['access-token'] ?? ''
  expect(logOf(step)).toEqual([
    `${FETCHING} ${host()}`,
    `${REQUESTING} ${host()}`,
    expect.stringMatching(/^Got a Bearer token/),
  ])
  expect(step).toMatchObject({ exitCode: 0, outputs: { scope: 'read', 'expires-in': '600' } })
  expect(await server.isActive(token)).toBe(true)

  const [post] = (await job.runPostSteps()) as [StepResult]
  expect(logOf(post)).toEqual([`Revoked the access token at ${host()}`])
  expect(post.exitCode).toBe(0)
  expect(await server.isActive(token)).toBe(false)
  expect(server.requests.slice(earlierRequests)).toEqual([
    'GET /.well-known/oauth-authorization-server',
    'POST /token',
    'POST /token/introspection',
    'POST /token/revocation',
    'POST /token/introspection',
  ])
})

/** Runs main and post with a refresh token. */
async function refresh({ inputs }: Client, refreshToken: string) {
  const earlierRequests = server.requests.length
  const job = start()
  const step = await job.runAction({
    with: {
      ...inputs,
      issuer: server.issuer,
      'grant-type': 'refresh_token',
      'refresh-token': refreshToken,
    },
  })
  expect(await job.runPostSteps()).toMatchObject([{ exitCode: 0, printed: [] }])
  expect(server.requests.slice(earlierRequests)).toEqual([
    'GET /.well-known/oauth-authorization-server',
    'POST /token',
  ])
  return { step, log: logOf(step).slice(2) }
}

test.each(['client_secret_basic', 'private_key_jwt with ES256', 'github_oidc'])(
  'gets tokens for a refresh token, which remains valid: %s',
  async (name) => {
    const client = CLIENTS[name] as Client
    const refreshToken = server.issueRefreshToken(client.metadata.client_id, 'read')
    for (const _run of [1, 2]) {
      const { step, log } = await refresh(client, refreshToken)
      expect(step).toMatchObject({ exitCode: 0, outputs: { scope: 'read', 'expires-in': '600' } })
      expect(log).toEqual([expect.stringMatching(/^Got a Bearer token/)])
      // Its revocation would end the refresh token, too.
      expect(await server.isActive(step.outputs['access-token'] ?? '')).toBe(true)
    }
  },
)

test('warns if the server rotates the refresh token, and fails with the old one', async () => {
  const first = server.issueRefreshToken('public', 'read')
  const rotate = async (refreshToken: string) => {
    const { step, log } = await refresh(PUBLIC, refreshToken)
    expect(step).toMatchObject({ exitCode: 0, outputs: { scope: 'read' } })
    expect(log).toEqual([
      expect.stringMatching(/^::warning::The server returned a new refresh token\b/),
      expect.stringMatching(/^Got a Bearer token/),
    ])
    return step.masks.at(-1) ?? ''
  }
  const second = await rotate(first)
  const third = await rotate(second)
  expect(new Set([first, second, third]).size).toBe(3)

  const { step, log } = await refresh(PUBLIC, first)
  expect(step).toMatchObject({ exitCode: 1, outputs: {} })
  expect(log).toEqual([expect.stringMatching(new RegExp(`^${FAILED} ${host()}: HTTP 400 invalid_grant \\(`))])
})

test('requests a GitHub ID token for the issuer, the token URL or assertion-audience', async () => {
  const { inputs } = CLIENTS['github_oidc'] as Client
  const earlierRequests = idTokens.requests.length
  await start().runAction({ with: { ...inputs, issuer: server.issuer } })
  await start().runAction({ with: { ...inputs, 'token-url': `${server.issuer}/token` } })
  await start().runAction({
    with: { ...inputs, issuer: server.issuer, 'assertion-audience': 'api://x y' },
  })
  const audiences = [server.issuer, `${server.issuer}/token`, 'api://x y']
  expect(idTokens.requests.slice(earlierRequests).map(({ method, url }) => `${method} ${url}`)).toEqual(
    audiences.map((audience) => {
      const query = new URLSearchParams({ 'api-version': '2.0', audience })
      return `GET /idtoken?${query}`
    }),
  )
})

test('signs with PS256 if the metadata requires it', async () => {
  const warnings = jest.spyOn(console, 'warn').mockImplementation(() => {})
  const { metadata, inputs } = withKey('ps256', rsa)
  await using strict = await startAuthorizationServer([metadata], {
    scopes: ['read'],
    signingAlgorithms: ['PS256', 'ES256'],
  })
  warnings.mockRestore()
  const step = await start().runAction({ with: { ...inputs, issuer: strict.issuer } })
  expect(step.exitCode).toBe(0)
  const assertion = step.printed.find((line) => line.startsWith('::add-mask::ey')) ?? ''
  const header = Buffer.from(assertion.replace('::add-mask::', '').split('.')[0] ?? '', 'base64url')
  expect(JSON.parse(header.toString())).toEqual({ alg: 'PS256', typ: 'JWT' })
})

test.each<[string, string, Record<string, string>, string]>([
  [
    'the secret in the header is wrong',
    'client_secret_basic',
    { 'client-secret': 'wrong' },
    'invalid_client',
  ],
  ['the secret in the body is wrong', 'client_secret_post', { 'client-secret': 'wrong' }, 'invalid_client'],
  [
    'the secret for an assertion is wrong',
    'client_secret_jwt',
    { 'client-secret': 'fake-0123456789abcdef-0123456789abcdef' },
    'invalid_client',
  ],
  ['the key is wrong', 'private_key_jwt with RS256', { 'private-key': toPem(newRsa()) }, 'invalid_client'],
  [
    'the audience is wrong',
    'private_key_jwt with ES256',
    { 'assertion-audience': 'https://other.example' },
    'invalid_client',
  ],
  [
    'the ID token is for another audience',
    'github_oidc',
    { 'assertion-audience': 'api://other' },
    'invalid_client',
  ],
  ['the client may not have the scope', 'client_secret_basic', { scope: 'write' }, 'invalid_scope'],
])('fails with one error if %s', async (_name, client, inputs, code) => {
  const earlierRequests = server.requests.length
  const step = await start().runAction({
    with: { ...(CLIENTS[client] as Client).inputs, issuer: server.issuer, retries: '1', ...inputs },
  })
  expect(logOf(step)).toEqual([
    `${FETCHING} ${host()}`,
    `${REQUESTING} ${host()}`,
    expect.stringMatching(new RegExp(`^${FAILED} ${host()}: HTTP 40[01] ${code} \\(`)),
  ])
  expect(step).toMatchObject({ exitCode: 1, outputs: {} })
  expect(server.requests.slice(earlierRequests)).toEqual([
    'GET /.well-known/oauth-authorization-server',
    'POST /token',
  ])
})

// The toolkit would exit with 0 here.
test('retries, then fails, if the response with the ID token is incomplete', async () => {
  await using broken = await startServer((_request, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('{"value":"fake', () => response.destroy())
  })
  const step = await startCheckedJob().runAction({
    with: {
      'client-id': 'fake-id',
      'auth-method': 'github_oidc',
      'token-url': `${broken.origin}/token`,
      retries: '1',
    },
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${broken.origin}/?x=1`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
    },
  })
  const { host } = new URL(broken.origin)
  expect(step).toMatchObject({ exitCode: 1, outputs: {} })
  expect(step.printed).toEqual([
    `::add-mask::${REQUEST_TOKEN}`,
    `${REQUESTING} ${host}`,
    expect.stringMatching(WAIT),
    expect.stringMatching(new RegExp(`^${FAILED} ${host} after 2 attempts: .*\\(ECONNRESET\\)`)),
  ])
  expect(broken.requests.map(({ method }) => method)).toEqual(['GET', 'GET'])
})
