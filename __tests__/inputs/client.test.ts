import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { readClient } from '../../src/inputs/client.ts'
import type { GrantType } from '../../src/inputs/grant.ts'
import { parseEndpoint } from '../../src/oauth/endpoint.ts'
import { readWith } from './read-with.ts'

const KEY = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
const ID_TOKEN_REQUEST = {
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://oidc.example/?api-version=2.0',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'fake-request-token',
}

/** A valid value of each input on the client authentication. */
const VALUES: Readonly<Record<string, string>> = {
  'client-secret': 'fake-secret',
  'private-key': KEY,
  'key-id': 'fake-kid',
  'signing-algorithm': 'Ed25519',
  'assertion-audience': 'urn:x',
}
/** For each method the inputs that it requires, and those that it can have besides. */
const METHODS: Readonly<Record<string, readonly [required: string[], optional: string[]]>> = {
  client_secret_basic: [['client-secret'], []],
  client_secret_post: [['client-secret'], []],
  client_secret_jwt: [['client-secret'], ['signing-algorithm', 'assertion-audience']],
  private_key_jwt: [['private-key'], ['key-id', 'signing-algorithm', 'assertion-audience']],
  github_oidc: [[], ['assertion-audience']],
  none: [[], []],
}

/** By default with a grant that supports the method and does not send an ID token itself. */
const readBy = (
  method: string,
  inputs = {},
  env = {},
  grantType: GrantType = method === 'none' ? 'refresh_token' : 'client_credentials',
) => {
  const required = (METHODS[method]?.[0] ?? []).map((name) => [name, VALUES[name]])
  const given = { 'client-id': 'fake-id', 'auth-method': method, ...Object.fromEntries(required), ...inputs }
  return readWith(() => readClient(grantType), given, { ...ID_TOKEN_REQUEST, ...env })
}

const DEFAULTS = { algorithm: undefined, audience: undefined }
const idTokenRequest = {
  endpoint: parseEndpoint('ACTIONS_ID_TOKEN_REQUEST_URL', ID_TOKEN_REQUEST.ACTIONS_ID_TOKEN_REQUEST_URL),
  requestToken: 'fake-request-token',
}

test.each<[string, Record<string, string>, object]>([
  ['client_secret_basic', {}, { clientSecret: 'fake-secret' }],
  ['client_secret_post', {}, { clientSecret: 'fake-secret' }],
  ['client_secret_jwt', {}, { clientSecret: 'fake-secret', ...DEFAULTS }],
  [
    'client_secret_jwt',
    { 'signing-algorithm': 'HS512', 'assertion-audience': 'urn:x' },
    { clientSecret: 'fake-secret', algorithm: 'HS512', audience: 'urn:x' },
  ],
  [
    'private_key_jwt',
    {},
    {
      privateKey: {
        key: expect.anything(),
        algorithms: ['EdDSA', 'Ed25519'],
        certificateThumbprint: undefined,
      },
      keyId: undefined,
      ...DEFAULTS,
    },
  ],
  [
    'private_key_jwt',
    { 'key-id': 'fake-kid', 'signing-algorithm': 'Ed25519', 'assertion-audience': 'urn:x' },
    { privateKey: expect.anything(), keyId: 'fake-kid', algorithm: 'Ed25519', audience: 'urn:x' },
  ],
  ['github_oidc', {}, { idTokenRequest, audience: undefined }],
  ['github_oidc', { 'assertion-audience': 'api://x' }, { idTokenRequest, audience: 'api://x' }],
  ['none', {}, {}],
])('reads a client that authenticates by %s with %j', async (method, inputs, credentials) => {
  const { value, error, printed } = await readBy(method, inputs)
  expect(error).toBeUndefined()
  expect(value).toEqual({ clientId: 'fake-id', credentials: { method, ...credentials } })
  expect(printed).toEqual(method === 'github_oidc' ? ['::add-mask::fake-request-token'] : [])
})

test.each<[GrantType, string, string]>([
  ['client_credentials', 'fake-secret', 'client_secret_basic'],
  ['refresh_token', 'fake-secret', 'client_secret_basic'],
  ['token_exchange', 'fake-secret', 'client_secret_basic'],
  ['jwt_bearer', 'fake-secret', 'client_secret_basic'],
  ['token_exchange', '', 'none'],
  ['jwt_bearer', ' \n', 'none'],
])('reads the default of auth-method for %s with the client-secret %j', async (grantType, secret, method) => {
  const { value, error } = await readBy('', { 'client-secret': secret }, {}, grantType)
  expect(error).toBeUndefined()
  expect(value).toMatchObject({ credentials: { method } })
})

test.each<[GrantType]>([['client_credentials'], ['refresh_token']])(
  'requires a client-secret by default for %s',
  async (grantType) => {
    expect((await readBy('', {}, {}, grantType)).error).toMatch(/^client-secret is empty/)
  },
)

test('requires client authentication for client_credentials', async () => {
  expect((await readBy('none', {}, {}, 'client_credentials')).error).toBe(
    'auth-method none cannot be used with grant-type client_credentials, which requires client authentication. Remove it, or set grant-type.',
  )
})

test.each<[GrantType, string]>([
  ['token_exchange', 'none'],
  ['token_exchange', 'github_oidc'],
  ['jwt_bearer', 'none'],
  ['jwt_bearer', 'github_oidc'],
])('reads a client with or without an ID: %s with %s', async (grantType, method) => {
  for (const clientId of ['', 'fake-id']) {
    const { value, error } = await readBy(method, { 'client-id': clientId }, {}, grantType)
    expect(error).toBeUndefined()
    expect(value).toMatchObject({ clientId, credentials: { method } })
  }
})

test.each<[GrantType, string]>([
  ['client_credentials', 'github_oidc'],
  ['refresh_token', 'github_oidc'],
  ['refresh_token', 'none'],
  ...['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt'].flatMap(
    (method): [GrantType, string][] => [
      ['token_exchange', method],
      ['jwt_bearer', method],
    ],
  ),
])('requires a client-id: %s with %s', async (grantType, method) => {
  expect((await readBy(method, { 'client-id': '' }, {}, grantType)).error).toMatch(/^client-id is empty/)
})

test.each(Object.keys(METHODS))(
  'accepts assertion-audience with %s if the grant sends an ID token',
  async (method) => {
    for (const grantType of ['token_exchange', 'jwt_bearer'] as const) {
      const inputs = { 'assertion-audience': 'urn:x' }
      expect((await readBy(method, inputs, {}, grantType)).error).toBeUndefined()
    }
  },
)

const usersOf = (name: string) =>
  Object.keys(METHODS).filter((method) => METHODS[method]?.flat().includes(name))

test.each(
  Object.keys(METHODS).flatMap((method) =>
    Object.keys(VALUES)
      .filter((name) => !usersOf(name).includes(method))
      .map((name) => [name, method] as const),
  ),
)('rejects %s with auth-method %s', async (name, method) => {
  const { error } = await readBy(method, { [name]: VALUES[name] })
  expect(error).toBe(
    `${name} cannot be used with auth-method ${method}. Remove it, or set another auth-method (${usersOf(name).join(', ')}).`,
  )
})

test.each([
  ['client-secret', 'none'],
  ['private-key', 'none'],
  ['key-id', 'client_secret_basic'],
  ['signing-algorithm', 'github_oidc'],
])('rejects %s with auth-method %s if the grant sends an ID token, too', async (name, method) => {
  const { error } = await readBy(method, { [name]: VALUES[name] }, {}, 'token_exchange')
  expect(error).toMatch(new RegExp(`^${name} cannot be used with auth-method ${method}\\.`))
})

test.each<[string, Record<string, string>, string]>([
  ['client_secret_jwt', { 'signing-algorithm': 'RS256' }, 'client_secret_jwt supports HS256, HS384, HS512.'],
  ['private_key_jwt', { 'signing-algorithm': 'HS256' }, 'private-key supports EdDSA, Ed25519.'],
  ['private_key_jwt', { 'signing-algorithm': 'eddsa' }, 'private-key supports EdDSA, Ed25519.'],
])('rejects an algorithm that does not fit: %s with %j', async (method, inputs, supported) => {
  expect((await readBy(method, inputs)).error).toBe(`signing-algorithm is not supported. ${supported}`)
})

test.each(Object.keys(ID_TOKEN_REQUEST))('rejects github_oidc without %s', async (name) => {
  const { error, printed } = await readBy('github_oidc', {}, { [name]: '' })
  expect(error).toMatch(/^auth-method github_oidc requires permissions: id-token: write\./)
  expect(printed).toEqual([])
})

test.each<[string, Record<string, string>, string]>([
  ['client_secret_basic', { 'client-id': '' }, 'client-id is empty'],
  ['client_secret_basic', { 'client-id': 'a\nb' }, 'client-id contains'],
  ['basic', {}, 'auth-method must be one of client_secret_basic, client_secret_post'],
  ['client_secret_basic', { 'client-secret': '' }, 'client-secret is empty'],
  ['client_secret_post', { 'client-secret': ' \n ' }, 'client-secret is empty'],
  ['client_secret_jwt', { 'client-secret': 'a\r\nb' }, 'client-secret contains'],
  ['private_key_jwt', { 'private-key': '' }, 'private-key is empty'],
  ['private_key_jwt', { 'private-key': '${{ secrets.KEY }}' }, 'private-key contains'],
  ['private_key_jwt', { 'private-key': KEY.replaceAll('PRIVATE', 'PUBLIC') }, 'private-key is a public key'],
  ['private_key_jwt', { 'key-id': 'a\nb' }, 'key-id contains'],
  ['private_key_jwt', { 'signing-algorithm': 'a\nb' }, 'signing-algorithm contains'],
  ['github_oidc', { 'assertion-audience': '${{ x }}' }, 'assertion-audience contains'],
])('rejects with auth-method %s: %j', async (method, inputs, start) => {
  expect((await readBy(method, inputs)).error).toEqual(expect.stringMatching(new RegExp(`^${start}`)))
})
