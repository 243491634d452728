import { expect, test } from '@jest/globals'
import { readRevocation, readServer } from '../../src/inputs/server.ts'
import { parseEndpoint, parseIssuer, SPOTIFY_TOKEN_URL } from '../../src/oauth/endpoint.ts'
import { readWith } from './read-with.ts'

const readWithSecret = () => readServer('client_secret_basic')
const ISSUER = 'https://as.example/t/'
const TOKEN_URL = 'https://as.example/token'

test.each<[string, Record<string, string>, object]>([
  ['Spotify by default', {}, { token: parseEndpoint('token-url', SPOTIFY_TOKEN_URL) }],
  ['a token endpoint', { 'token-url': TOKEN_URL }, { token: parseEndpoint('token-url', TOKEN_URL) }],
  ['an issuer beside the default', { issuer: ISSUER }, { issuer: parseIssuer('issuer', ISSUER) }],
  [
    'an issuer beside an empty token-url',
    { issuer: ISSUER, 'token-url': '' },
    { issuer: parseIssuer('issuer', ISSUER) },
  ],
])('reads %s', async (_name, inputs, value) => {
  expect(await readWith(readWithSecret, inputs)).toMatchObject({ value, error: undefined })
})

test.each<[string, Record<string, string>, string | RegExp]>([
  [
    'issuer beside token-url',
    { issuer: ISSUER, 'token-url': TOKEN_URL },
    /^issuer and token-url cannot both be set\. Remove one of them\.$/,
  ],
  [
    'an empty token-url, because the credentials are for another server than Spotify',
    { 'token-url': '' },
    /^token-url is empty\. Set it to the URL of the token endpoint, or remove the input to use Spotify\.$/,
  ],
  ['a token-url that is not a URL', { 'token-url': 'as.example' }, /^token-url is not /],
  ['an issuer that is not a URL', { issuer: 'as.example' }, /^issuer is not /],
])('rejects %s', async (_name, inputs, message) => {
  expect((await readWith(readWithSecret, inputs)).error).toMatch(message)
})

test.each<[string, Parameters<typeof readServer>[0], Record<string, string>]>([
  ['audience', 'client_secret_basic', { audience: 'https://api.example' }],
  ['resource', 'client_secret_basic', { resource: 'urn:x' }],
  ['revocation-url', 'client_secret_post', { 'revocation-url': 'https://as.example/revoke' }],
  ['auth-method client_secret_jwt', 'client_secret_jwt', {}],
  ['auth-method private_key_jwt', 'private_key_jwt', {}],
  ['auth-method github_oidc', 'github_oidc', {}],
])('rejects for Spotify: %s', async (name, method, inputs) => {
  expect((await readWith(() => readServer(method), inputs)).error).toBe(
    `${name} is not supported by Spotify, the default server. Set token-url or issuer; if issuer is already set, check that its value is not empty.`,
  )
})

test('accepts client_secret_post, a scope and extra parameters for Spotify', async () => {
  const inputs = { scope: 'x', 'extra-params': 'a=b' }
  expect((await readWith(() => readServer('client_secret_post'), inputs)).error).toBeUndefined()
})

const REVOKE_URL = 'https://as.example/revoke'

test.each<[Record<string, string>, unknown]>([
  [{}, 'discover'],
  [{ revoke: 'false' }, 'off'],
  [{ revoke: 'false', 'revocation-url': REVOKE_URL }, 'off'],
  [{ 'revocation-url': REVOKE_URL }, parseEndpoint('revocation-url', REVOKE_URL)],
])('reads where to revoke the token: %j', async (inputs, value) => {
  expect(await readWith(readRevocation, inputs)).toMatchObject({ value, error: undefined })
})

test.each<[Record<string, string>, RegExp]>([
  [{ revoke: 'yes' }, /^revoke must /],
  [{ 'revocation-url': 'http://as.example/revoke' }, /^revocation-url must /],
  [{ revoke: 'false', 'revocation-url': '${{ x }}' }, /^revocation-url contains /],
])('rejects %j', async (inputs, message) => {
  expect((await readWith(readRevocation, inputs)).error).toMatch(message)
})
