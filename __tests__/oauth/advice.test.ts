import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from '@jest/globals'
import {
  adviseOnAssertion,
  adviseOnIdToken,
  adviseOnNoAuthentication,
  adviseOnSecret,
} from '../../src/oauth/advice.ts'
import type { Credentials } from '../../src/oauth/client.ts'
import type { Target } from '../../src/oauth/metadata.ts'

const TOKEN_URL = 'https://as.example/token'
const TARGET: Target = { audience: TOKEN_URL, tokenUrl: TOKEN_URL, authMethods: [], signingAlgorithms: [] }
const BY_ISSUER: Target = { ...TARGET, audience: 'https://as.example' }
const DEFAULTS = { audience: undefined, algorithm: undefined }
const SECRET = { ...DEFAULTS, method: 'client_secret_jwt', clientSecret: 'fake-secret' } as const
const privateKey = {
  key: generateKeyPairSync('ed25519').privateKey,
  algorithms: ['EdDSA'],
  certificateThumbprint: undefined,
}
const KEY = { ...DEFAULTS, method: 'private_key_jwt', privateKey, keyId: undefined } as const

const clientOf = (credentials: Credentials, clientId = 'fake-id') => ({ clientId, credentials })

const CHECK_SECRET =
  'Check that client-id and client-secret belong to the same app and that the secret has not been rotated or expired.'
const CHECK_BASIC = 'Also check auth-method: the app may require client_secret_post or private_key_jwt.'

function adviseOnBasic(clientId: string, clientSecret: string, target = TARGET, encoded?: string[]): string {
  return adviseOnSecret(clientOf({ method: 'client_secret_basic', clientSecret }, clientId), target, encoded)
}

test('questions the secret first, then the method', () => {
  expect(adviseOnBasic('fake-id', 'fake-secret')).toBe(`${CHECK_SECRET} ${CHECK_BASIC}`)
  expect(
    adviseOnSecret(clientOf({ method: 'client_secret_post', clientSecret: 'fake-secret' }), TARGET),
  ).toBe(`${CHECK_SECRET} ${CHECK_BASIC.replace('client_secret_post', 'client_secret_basic')}`)
})

const ENCODED =
  'contains characters that client_secret_basic encodes (RFC 6749, section 2.3.1) but some servers do not decode; try client_secret_post'
const SPOTIFY = { ...TARGET, audience: 'https://accounts.spotify.com/api/token' }
const NOT_SPOTIFY =
  'client-id does not look like a Spotify client ID; for another server, set token-url or a non-empty issuer'
const SPOTIFY_ID = '0123456789abcdef0123456789abcdef'

test.each<[string, string, string, Target, string[], string[]]>([
  ['identical values', 'fake', 'fake', TARGET, [], ['client-id and client-secret are identical']],
  ['a secret in quotes', 'fake-id', '"fake"', TARGET, [], ['client-secret is wrapped in quotes']],
  ['an ID in quotes', "'fake'", 'fake-secret', TARGET, [], ['client-id is wrapped in quotes']],
  ['a quote at one end only', 'fake"', '"fake', TARGET, [], []],
  ['quotes around a part', 'x"fake"', '`fake`x', TARGET, [], []],
  ['whitespace', 'fake-id', 'fake secret', TARGET, [], ['client-secret contains whitespace']],
  ['an encoded secret', 'fake-id', 'fake', TARGET, ['client-secret'], [`client-secret ${ENCODED}`]],
  ['an encoded ID', 'fake-id', 'fake', TARGET, ['client-id'], [`client-id ${ENCODED}`]],
  [
    'several at once',
    '`fake id`',
    'fake',
    TARGET,
    ['client-id'],
    ['client-id is wrapped in quotes', 'client-id contains whitespace', `client-id ${ENCODED}`],
  ],
  ['a Spotify client ID', SPOTIFY_ID, 'fake', SPOTIFY, [], []],
  ['another client ID', 'fake-id', 'fake', SPOTIFY, [], [NOT_SPOTIFY]],
  ['one character more than at Spotify', `${SPOTIFY_ID}0`, 'fake', SPOTIFY, [], [NOT_SPOTIFY]],
  ['one character before it', `x${SPOTIFY_ID}`, 'fake', SPOTIFY, [], [NOT_SPOTIFY]],
])('adds notes on %s', (_name, clientId, clientSecret, target, encoded, notes) => {
  expect(adviseOnBasic(clientId, clientSecret, target, encoded)).toBe(
    [CHECK_SECRET, CHECK_BASIC, ...notes.map((note) => `Note: ${note}.`)].join(' '),
  )
})

test.each([
  ['lists the method', ['none', 'client_secret_basic'], ''],
  [
    'lists others',
    ['private_key_jwt', '##[x]'],
    ' Note: the server metadata lists private_key_jwt, ## [x] as supported, but not client_secret_basic.',
  ],
  [
    'lists the secret',
    ['fake-secret-0123'],
    ' Note: the server metadata lists *** as supported, but not client_secret_basic.',
  ],
])('compares the method with the metadata, which %s', (_name, authMethods, note) => {
  const advice = adviseOnBasic('fake-id', 'fake-secret-0123', { ...TARGET, authMethods })
  expect(advice).toBe(`${CHECK_SECRET} ${CHECK_BASIC}${note}`)
})

const CHECK_KEY = 'Check that the public key is registered for client-id.'
const checkAssertion = (alg: string, audience: string, method: string) =>
  `Also check signing-algorithm (${alg}), assertion-audience (${audience}), auth-method (${method}) and the runner's clock.`

test.each<[string, Credentials, Target, { alg: string; audience: string }, string[]]>([
  [
    'a secret, and the token endpoint as audience',
    SECRET,
    TARGET,
    { alg: 'HS256', audience: TOKEN_URL },
    [CHECK_SECRET, checkAssertion('HS256', TOKEN_URL, 'client_secret_jwt')],
  ],
  [
    'a secret in quotes, and metadata that does not list the method',
    { ...SECRET, clientSecret: '"fake"' },
    { ...TARGET, authMethods: ['private_key_jwt'] },
    { alg: 'HS512', audience: TOKEN_URL },
    [
      CHECK_SECRET,
      checkAssertion('HS512', TOKEN_URL, 'client_secret_jwt'),
      'Note: client-secret is wrapped in quotes.',
      'Note: the server metadata lists private_key_jwt as supported, but not client_secret_jwt.',
    ],
  ],
  [
    'a key, and the issuer as audience',
    KEY,
    BY_ISSUER,
    { alg: 'RS256', audience: 'https://as.example' },
    [
      CHECK_KEY,
      checkAssertion(
        'RS256',
        'https://as.example; some servers require https://as.example/token',
        'private_key_jwt',
      ),
    ],
  ],
  [
    'a key with an ID, and the token endpoint as assertion-audience',
    { ...KEY, keyId: 'fake-kid' },
    BY_ISSUER,
    { alg: 'RS256', audience: TOKEN_URL },
    [CHECK_KEY.replace('.', ' with this key-id.'), checkAssertion('RS256', TOKEN_URL, 'private_key_jwt')],
  ],
  [
    'metadata without a valid token endpoint',
    KEY,
    { ...BY_ISSUER, tokenUrl: undefined },
    { alg: 'ES256', audience: 'urn:\u0007##[x]' },
    [CHECK_KEY, checkAssertion('ES256', 'urn:?## [x]', 'private_key_jwt')],
  ],
])('advises on an assertion: %s', (_name, credentials, target, used, expected) => {
  expect(adviseOnAssertion(clientOf(credentials), target, used)).toBe(expected.join(' '))
})

test('shows the claims of an ID token', () => {
  const idTokenRequest = { endpoint: { url: new URL(TOKEN_URL), source: 'x' }, requestToken: 'fake' }
  const client = clientOf({ method: 'github_oidc', idTokenRequest, audience: undefined }, '"fake-id"')
  const signed = { ...TARGET, authMethods: ['private_key_jwt'] }
  expect(adviseOnIdToken(client, signed, 'x')).not.toContain('metadata')
  const secretOnly = { ...TARGET, authMethods: ['client_secret_post'] }
  expect(adviseOnIdToken(client, secretOnly, 'x')).toContain('but not private_key_jwt.')
  expect(adviseOnIdToken(client, TARGET, 'iss=i, sub=s, aud=a')).toBe(
    'Check that the server trusts this ID token for client-id, and that the app uses auth-method github_oidc. Its claims: iss=i, sub=s, aud=a. Note: client-id is wrapped in quotes.',
  )
})

test('shows no note on a client ID that an ID token can do without', () => {
  const idTokenRequest = { endpoint: { url: new URL(TOKEN_URL), source: 'x' }, requestToken: 'fake' }
  const client = clientOf({ method: 'github_oidc', idTokenRequest, audience: undefined }, '')
  expect(adviseOnIdToken(client, TARGET, 'iss=i, sub=s, aud=a')).not.toContain('Note:')
})

const CHECK_ID = 'Check client-id and auth-method: the server may require client authentication.'
const REQUIRES_ID = 'Check auth-method: the server may require client-id or client authentication.'
const NOT_NONE = 'the server metadata lists client_secret_basic as supported, but not none'

test.each<[string, string, Target, string, string[]]>([
  ['a client ID', 'fake-id', TARGET, CHECK_ID, []],
  ['no client ID', '', TARGET, REQUIRES_ID, []],
  ['a client ID in quotes', '"fake-id"', TARGET, CHECK_ID, ['client-id is wrapped in quotes']],
  ['a client ID that is not from Spotify', 'fake-id', SPOTIFY, CHECK_ID, [NOT_SPOTIFY]],
  [
    'metadata that lists none',
    '',
    { ...TARGET, authMethods: ['client_secret_basic', 'none'] },
    REQUIRES_ID,
    [],
  ],
  [
    'metadata that lists others',
    'fake-id',
    { ...TARGET, authMethods: ['client_secret_basic'] },
    CHECK_ID,
    [NOT_NONE],
  ],
])('advises on a client that does not authenticate: %s', (_name, clientId, target, fix, notes) => {
  expect(adviseOnNoAuthentication(clientOf({ method: 'none' }, clientId), target)).toBe(
    [fix, ...notes.map((note) => `Note: ${note}.`)].join(' '),
  )
})
