import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from '@jest/globals'
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
  expect(value).toEqual({
    client: {
      clientId: 'fake-id',
      credentials: { method: 'client_secret_basic', clientSecret: 'fake-secret' },
    },
    grant: { type: 'client_credentials' },
    server: { token: parseEndpoint('token-url', SPOTIFY_TOKEN_URL) },
    scope: '',
    parameters: [],
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
    'ca-certificate': cert,
    timeout: '3600',
    retries: '10',
    'revocation-url': 'https://as.example/revoke',
  })
  expect(value).toMatchObject({
    server: { token: parseEndpoint('token-url', 'https://as.example/token') },
    scope: 'read write',
    parameters: [
      ['audience', 'urn:a'],
      ['x', '1'],
    ],
    caCertificates: [expect.stringContaining('BEGIN CERTIFICATE')],
    timeoutMs: 3_600_000,
    retries: 10,
    revocation: parseEndpoint('revocation-url', 'https://as.example/revoke'),
  })
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
  // The runner would warn of an empty mask.
  ['nothing without a secret', { 'client-secret': '' }, []],
])('masks before anything is checked: %s', async (_name, inputs, masks) => {
  const { error, printed } = await readWith(readInputs, { ...CREDENTIALS, 'client-id': '', ...inputs })
  expect(error).toMatch(/^client-id is empty/)
  expect(printed).toEqual(masks.map((mask) => `::add-mask::${mask}`))
})
