/** The built action, from outside, with a certified authorization server: every method, from metadata to revocation. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { SignJWT } from 'jose'
import type { ClientMetadata } from 'oidc-provider'
import type { StepResult } from '../../dev/runner/fake-runner.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../dev/servers/authorization-server.ts'
import { startServer } from '../../dev/servers/loopback-server.ts'
import { startCheckedJob } from '../leaks.ts'

const SECRET = 'fake/9f8e7d6c5b4a+3210:fedcba98-76543210'
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

/** A client whose assertions are the ID tokens of GitHub: for this server, a client with GitHub's key. */
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

/** Starts GitHub's side of `permissions: id-token: write`, as far as this server goes: the workflow is its own issuer. */
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
  // Of keys that are good enough here.
  const warnings = jest.spyOn(console, 'warn').mockImplementation(() => {})
  server = await startAuthorizationServer(
    Object.values(CLIENTS).map(({ metadata }) => metadata),
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
const shown = ({ printed }: StepResult) => printed.filter((line) => !line.startsWith('::add-mask::'))

test.each(Object.entries(CLIENTS))('gets a token and revokes it: %s', async (_name, client) => {
  const asked = server.requests.length
  const job = start()
  const step = await job.runAction({ with: { ...client.inputs, issuer: server.issuer, scope: 'read' } })
  const token = step.outputs['access-token'] ?? ''
  expect(shown(step)).toEqual([
    `Asking ${host()} for its metadata`,
    `Asking ${host()} for an access token`,
    expect.stringMatching(/^Got a Bearer token, valid until .*, in 10 min$/),
  ])
  expect(step).toMatchObject({ exitCode: 0, outputs: { scope: 'read', 'expires-in': '600' } })
  expect(await server.isActive(token)).toBe(true)

  const [post] = (await job.runPostSteps()) as [StepResult]
  expect(shown(post)).toEqual([`Revoked the access token at ${host()}`])
  expect(post.exitCode).toBe(0)
  expect(await server.isActive(token)).toBe(false)
  expect(server.requests.slice(asked)).toEqual([
    'GET /.well-known/oauth-authorization-server',
    'POST /token',
    'POST /token/introspection',
    'POST /token/revocation',
    'POST /token/introspection',
  ])
})

test('asks GitHub for an ID token with the audience of the server, or another', async () => {
  const { inputs } = CLIENTS['github_oidc'] as Client
  const asked = idTokens.requests.length
  await start().runAction({ with: { ...inputs, issuer: server.issuer } })
  await start().runAction({ with: { ...inputs, 'token-url': `${server.issuer}/token` } })
  await start().runAction({
    with: { ...inputs, issuer: server.issuer, 'assertion-audience': 'api://x y' },
  })
  const audiences = [server.issuer, `${server.issuer}/token`, 'api://x y']
  expect(idTokens.requests.slice(asked).map(({ method, url }) => `${method} ${url}`)).toEqual(
    audiences.map((audience) => {
      const query = new URLSearchParams({ 'api-version': '2.0', audience })
      return `GET /idtoken?${query}`
    }),
  )
})

test('signs with PS256 where the metadata asks for it', async () => {
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

describe('says what to do', () => {
  const run = async (client: string, inputs = {}) => {
    const step = await start().runAction({
      with: { ...(CLIENTS[client] as Client).inputs, issuer: server.issuer, retries: '0', ...inputs },
    })
    expect(step).toMatchObject({ exitCode: 1, outputs: {} })
    return shown(step)
      .at(-1)
      ?.replace(`::error::Could not get a token from ${host()}: `, '')
      .replaceAll(server.issuer, '<issuer>')
  }

  const CHECK_SECRET =
    'Check that client-id and client-secret belong to the same app, and that the secret was not renewed after it was stored.'
  const CHECK_CLOCK = 'Check, too, that the clock of the runner is right.'
  const checkKey = (algorithm: string) =>
    `Check that the public key of private-key is registered for client-id, and that the server expects ${algorithm} and the audience <issuer> (assertion-audience). ${CHECK_CLOCK}`

  test.each([
    ['a wrong secret in the header', 'client_secret_basic', { 'client-secret': 'wrong' }, CHECK_SECRET],
    ['a wrong secret in the body', 'client_secret_post', { 'client-secret': 'wrong' }, CHECK_SECRET],
    [
      'a wrong secret for an assertion',
      'client_secret_jwt',
      { 'client-secret': 'fake-0123456789abcdef-0123456789abcdef' },
      `${CHECK_SECRET} ${CHECK_CLOCK}`,
    ],
    ['a wrong key', 'private_key_jwt with RS256', { 'private-key': toPem(newRsa()) }, checkKey('RS256')],
    [
      'a wrong audience',
      'private_key_jwt with ES256',
      { 'assertion-audience': 'https://other.example' },
      checkKey('ES256').replace('<issuer>', 'https://other.example'),
    ],
    [
      'an ID token for another audience',
      'github_oidc',
      { 'assertion-audience': 'api://other' },
      `Check that the server trusts this workflow for client-id. Its ID token says: iss ${WORKFLOW}, sub ${WORKFLOW}, aud api://other.`,
    ],
  ])('about %s', async (_name, client, inputs, cure) => {
    expect(await run(client, inputs)).toContain(
      `HTTP 401 invalid_client (client authentication failed). ${cure}`,
    )
  })

  test('about a scope that the app may not have', async () => {
    expect(await run('client_secret_basic', { scope: 'write' })).toBe(
      'HTTP 400 invalid_scope (requested scope is not allowed). Check scope: the server does not know it, does not grant it to this app, or wants one.',
    )
  })
})

test('the action fails, and tries again, where the ID token breaks off (the toolkit would end green)', async () => {
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
    `Asking ${host} for an access token`,
    expect.stringMatching(
      /^no ID token from .*: the connection broke off \(ECONNRESET\); trying again in \d\.\d s \(attempt 2 of 2\)$/,
    ),
    `::error::Could not get a token from ${host} in 2 attempts: no ID token from ${host}: the connection broke off (ECONNRESET). Run the job again; if it fails again, look at the status page of the server.`,
  ])
})
