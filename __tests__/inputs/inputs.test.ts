import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { generate } from 'selfsigned'
import { readInputs } from '../../src/inputs/inputs.ts'
import { parseEndpoint, SPOTIFY_TOKEN_URL } from '../../src/oauth/endpoint.ts'
import { readWith } from './read-with.ts'

const CREDENTIALS = { 'client-id': 'fake-id', 'client-secret': 'fake-secret' }
const KEY = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
const KEY_LINE = KEY.split('\n')[1] as string

test('reads the two inputs for Spotify, and masks the secret but not the ID', async () => {
  const { value, error, printed } = await readWith(readInputs, CREDENTIALS)
  expect(error).toBeUndefined()
  expect(value?.sharing).toBeUndefined()
  expect(value?.request).toEqual({
    client: {
      clientId: 'fake-id',
      credentials: { method: 'client_secret_basic', clientSecret: 'fake-secret' },
    },
    grant: { type: 'client_credentials' },
    server: { token: parseEndpoint('token-url', SPOTIFY_TOKEN_URL) },
    scope: '',
    parameters: [],
    format: 'form',
    caCertificates: [],
    timeoutMs: 60_000,
    retries: 3,
    revocation: 'discover',
  })
  expect(printed).toEqual(['::add-mask::fake-secret'])
})

test('reads all other inputs', async () => {
  const { cert } = await generate([{ name: 'commonName', value: 'fake' }])
  const { value } = await readWith(readInputs, {
    ...CREDENTIALS,
    'token-url': 'https://as.example/token',
    scope: 'read write',
    audience: 'urn:a',
    'extra-params': 'x=1',
    'request-format': 'json',
    'ca-certificate': cert,
    timeout: '3600',
    retries: '10',
    'revocation-url': 'https://as.example/revoke',
  })
  expect(value?.request).toMatchObject({
    server: { token: parseEndpoint('token-url', 'https://as.example/token') },
    scope: 'read write',
    parameters: [
      ['audience', 'urn:a'],
      ['x', '1'],
    ],
    format: 'json',
    caCertificates: [expect.stringContaining('BEGIN CERTIFICATE')],
    timeoutMs: 3_600_000,
    retries: 10,
    revocation: parseEndpoint('revocation-url', 'https://as.example/revoke'),
  })
})

const ID_TOKEN_REQUEST = {
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://oidc.example/',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'fake-request-token',
}
const OTHER_SERVER = { 'token-url': 'https://as.example/token' }

test.each<[string, Record<string, string>, object]>([
  [
    'a refresh token for Spotify, whose access token is not revoked',
    { ...CREDENTIALS, 'grant-type': 'refresh_token', 'refresh-token': 'fake-refresh' },
    {
      client: { clientId: 'fake-id', credentials: { method: 'client_secret_basic' } },
      grant: { type: 'refresh_token', refreshToken: 'fake-refresh' },
      revocation: 'off',
    },
  ],
  [
    'a token exchange without a client',
    { ...OTHER_SERVER, 'grant-type': 'token_exchange', 'assertion-audience': 'urn:x' },
    {
      client: { clientId: '', credentials: { method: 'none' } },
      grant: { type: 'token_exchange', audience: 'urn:x' },
      revocation: 'discover',
    },
  ],
  [
    'a JWT bearer grant with a secret',
    { ...OTHER_SERVER, ...CREDENTIALS, 'grant-type': 'jwt_bearer' },
    {
      client: { clientId: 'fake-id', credentials: { method: 'client_secret_basic' } },
      grant: { type: 'jwt_bearer', audience: undefined },
      revocation: 'discover',
    },
  ],
])('reads %s', async (_name, inputs, value) => {
  expect(await readWith(readInputs, inputs, ID_TOKEN_REQUEST)).toMatchObject({
    value: { request: value },
    error: undefined,
  })
})

const REFRESH = { 'grant-type': 'refresh_token', 'refresh-token': 'fake-refresh' }

test.each<[Record<string, string>, RegExp]>([
  [{ 'grant-type': 'password' }, /^grant-type must /],
  [{ 'auth-method': 'none' }, /^auth-method none cannot be used with grant-type client_credentials/],
  [{ 'auth-method': 'none', ...REFRESH }, /^client-secret cannot be used with auth-method none/],
  [{ 'refresh-token': 'fake-refresh' }, /^refresh-token cannot be used with grant-type client_credentials/],
  [{ ...REFRESH, 'refresh-token': '' }, /^refresh-token is empty/],
  [{ ...REFRESH, 'revocation-url': 'https://as.example/revoke' }, /^revocation-url cannot be used /],
  [{ ...REFRESH, 'request-format': 'json' }, /^request-format json is not supported by Spotify/],
  [{ ...OTHER_SERVER, 'request-format': 'xml' }, /^request-format must /],
  [{ 'grant-type': 'token_exchange' }, /^grant-type token_exchange is not supported by Spotify/],
  [{ 'grant-type': 'jwt_bearer' }, /^grant-type jwt_bearer is not supported by Spotify/],
])('rejects the combination %j', async (inputs, message) => {
  const { error } = await readWith(readInputs, { ...CREDENTIALS, ...inputs }, ID_TOKEN_REQUEST)
  expect(error).toMatch(message)
})

test('rejects a token exchange in a job without the permission', async () => {
  const inputs = { ...OTHER_SERVER, 'grant-type': 'token_exchange' }
  expect((await readWith(readInputs, inputs)).error).toMatch(/^grant-type token_exchange requires /)
})

test.each<[Record<string, string>, RegExp]>([
  [{ timeout: '0' }, /^timeout must .* 1 to 3600\.$/],
  [{ timeout: '3601' }, /^timeout must /],
  [{ retries: '-1' }, /^retries must .* 0 to 10\.$/],
  [{ retries: '11' }, /^retries must /],
  // The default server does not support the method.
  [{ 'auth-method': 'client_secret_jwt' }, /^auth-method client_secret_jwt is not supported by Spotify/],
])('rejects %j', async (inputs, message) => {
  expect((await readWith(readInputs, { ...CREDENTIALS, ...inputs })).error).toMatch(message)
})

test.each<[string, Record<string, string>, string[]]>([
  ['a secret, without its last line break', { 'client-secret': 'fake-secret\n' }, ['fake-secret']],
  ['the lines of a key', { 'client-secret': '', 'private-key': KEY }, [KEY_LINE]],
  [
    'both, each line of a key that is truncated',
    { 'private-key': `${KEY_LINE.slice(1)}\n${KEY_LINE.slice(2)}` },
    ['fake-secret', KEY_LINE.slice(2), KEY_LINE.slice(1)],
  ],
  [
    'a refresh token, even if the grant does not use it',
    { 'refresh-token': ' fake-refresh\n' },
    ['fake-secret', 'fake-refresh'],
  ],
  // The runner would warn of an empty mask.
  ['nothing without a secret', { 'client-secret': '' }, []],
])('masks before anything is checked: %s', async (_name, inputs, masks) => {
  const { error, printed } = await readWith(readInputs, { ...CREDENTIALS, 'client-id': '', ...inputs })
  expect(error).toMatch(/^client-id is empty/)
  expect(printed).toEqual(masks.map((mask) => `::add-mask::${mask}`))
})

describe('with share-key', () => {
  const RUN = {
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: 'fake/repository',
    GITHUB_RUN_ID: '42',
  }
  const BYTES = randomBytes(32)
  const SHARE = { 'share-key': BYTES.toString('base64') }
  const SHARED = { ...SHARE, 'shared-token': 'fake-shared-token' }
  const SERVER = { 'token-url': 'https://as.example/token' }
  const sharing = { key: BYTES, run: 'https://github.com/fake/repository/actions/runs/42' }

  test('reads a request whose token is shared, and not revoked', async () => {
    for (const more of [{}, { revoke: 'true', 'revocation-url': 'https://as.example/revoke' }]) {
      const inputs = { ...CREDENTIALS, ...SERVER, ...SHARE, ...more }
      const { value, error } = await readWith(readInputs, inputs, RUN)
      expect(error).toBeUndefined()
      expect(value).toMatchObject({
        request: { client: { clientId: 'fake-id' }, revocation: 'off' },
        sharing: { ...sharing, token: undefined },
      })
    }
  })

  test.each<[string, Record<string, string>]>([
    ['alone', {}],
    ['with the default token-url', { 'token-url': SPOTIFY_TOKEN_URL }],
    ['with an empty token-url', { 'token-url': '' }],
    ['with inputs that are not part of a request', { timeout: '1', retries: '0', revoke: 'false' }],
  ])('reads a shared token %s', async (_name, inputs) => {
    const { value, error } = await readWith(readInputs, { ...SHARED, ...inputs }, RUN)
    expect({ value, error }).toEqual({
      value: { request: undefined, sharing: { ...sharing, token: 'fake-shared-token' } },
      error: undefined,
    })
  })

  const ID_TOKEN_REQUEST = {
    ACTIONS_ID_TOKEN_REQUEST_URL: 'https://oidc.example/',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'fake-request-token',
  }

  test.each<[string, Record<string, string>, object]>([
    ['a client', CREDENTIALS, { clientId: 'fake-id' }],
    ['a key', { 'client-id': 'a', 'auth-method': 'private_key_jwt', 'private-key': KEY }, { clientId: 'a' }],
    ['grant-type alone', { 'grant-type': 'jwt_bearer' }, { clientId: '' }],
  ])(
    'reads a shared token and the request to make without it, whose token is revoked: %s',
    async (_name, inputs, client) => {
      const more = { ...SERVER, 'revocation-url': 'https://as.example/revoke' }
      const env = { ...RUN, ...ID_TOKEN_REQUEST }
      const { value, error } = await readWith(readInputs, { ...SHARED, ...more, ...inputs }, env)
      expect(error).toBeUndefined()
      expect(value).toMatchObject({
        request: { client, revocation: parseEndpoint('revocation-url', 'https://as.example/revoke') },
        sharing: { ...sharing, token: 'fake-shared-token' },
      })
    },
  )

  test.each<[Record<string, string>, RegExp]>([
    [{ 'client-id': 'fake-id' }, /^client-secret is empty/],
    [{ 'client-secret': 'fake-secret' }, /^client-id is empty/],
    [{ 'private-key': KEY }, /^client-id is empty/],
    [{ 'refresh-token': 'fake-refresh' }, /^client-id is empty/],
    [{ 'grant-type': 'x' }, /^grant-type must /],
    [{ 'auth-method': 'x' }, /^auth-method must /],
  ])('requires a complete request if there is a part of the credentials: %j', async (inputs, message) => {
    expect((await readWith(readInputs, { ...SHARED, ...inputs }, RUN)).error).toMatch(message)
  })

  test.each([
    ['token-url', 'https://as.example/token'],
    ['issuer', 'https://as.example'],
    ['scope', 'read'],
    ['audience', 'urn:a'],
    ['resource', 'urn:a'],
    ['extra-params', 'x=1'],
    ['request-format', 'form'],
    ['key-id', 'fake-kid'],
    ['signing-algorithm', 'RS256'],
    ['assertion-audience', 'urn:a'],
    ['revocation-url', 'https://as.example/revoke'],
  ])('rejects %s with shared-token alone', async (name, value) => {
    const { error } = await readWith(readInputs, { ...SHARED, [name]: value }, RUN)
    expect(error).toBe(
      `${name} cannot be used with shared-token unless client-id is set. Remove it, or set client-id and its credentials.`,
    )
  })

  test('rejects an empty shared-token without client credentials', async () => {
    const { error } = await readWith(readInputs, SHARE, RUN)
    expect(error).toBe(
      "shared-token is empty. Check that the job in needs sets this output; if its log says Skip output 'shared-token' since it may contain secret, remove secrets of two or three characters from that job.",
    )
  })

  test('names the missing client ID of a step that requests a token to share', async () => {
    const { error } = await readWith(readInputs, { ...SHARE, issuer: 'https://as.example' }, RUN)
    expect(error).toMatch(/^client-id is empty\. /)
  })

  test.each([
    ['revoke', 'maybe'],
    ['revocation-url', 'fake'],
  ])('checks %s of a step that shares its token', async (name, value) => {
    const inputs = { ...CREDENTIALS, ...SHARE, 'token-url': 'https://as.example/token', [name]: value }
    const { error } = await readWith(readInputs, inputs, RUN)
    expect(error).toMatch(new RegExp(`^${name} `))
  })

  test.each([
    ['that is not base64', 'fake key', RUN],
    ['of another length', 'ZmFrZQ', RUN],
    ['without the run', SHARE['share-key'], { ...RUN, GITHUB_RUN_ID: '' }],
  ])('masks a key %s before it fails, but not shared-token', async (_name, key, env) => {
    const inputs = { ...CREDENTIALS, ...SHARED, 'share-key': ` ${key}\n` }
    const { error, printed } = await readWith(readInputs, inputs, env)
    expect(error).toMatch(/^share-key /)
    expect(printed).toEqual(['::add-mask::fake-secret', `::add-mask::${key}`])
  })
})
