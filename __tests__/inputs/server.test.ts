import { expect, test } from '@jest/globals'
import { readRequestFormat, readRevocation, readServer } from '../../src/inputs/server.ts'
import { parseEndpoint, parseIssuer, SPOTIFY_TOKEN_URL } from '../../src/oauth/endpoint.ts'
import { readWith } from './read-with.ts'

const readWithSecret = () => readServer('client_secret_basic', 'client_credentials')
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

type Method = Parameters<typeof readServer>[0]
type GrantType = Parameters<typeof readServer>[1]

test.each<[string, Method, GrantType, Record<string, string>]>([
  ['audience', 'client_secret_basic', 'client_credentials', { audience: 'https://api.example' }],
  ['resource', 'client_secret_basic', 'client_credentials', { resource: 'urn:x' }],
  [
    'revocation-url',
    'client_secret_post',
    'client_credentials',
    { 'revocation-url': 'https://as.example/revoke' },
  ],
  ['grant-type token_exchange', 'none', 'token_exchange', {}],
  ['grant-type jwt_bearer', 'client_secret_basic', 'jwt_bearer', {}],
  ['request-format json', 'client_secret_basic', 'client_credentials', { 'request-format': 'json' }],
  ['request-format json', 'none', 'refresh_token', { 'request-format': 'json' }],
  ['auth-method client_secret_jwt', 'client_secret_jwt', 'client_credentials', {}],
  ['auth-method private_key_jwt', 'private_key_jwt', 'refresh_token', {}],
  ['auth-method github_oidc', 'github_oidc', 'client_credentials', {}],
])('rejects for Spotify: %s (%s, %s)', async (name, method, grantType, inputs) => {
  expect((await readWith(() => readServer(method, grantType), inputs)).error).toBe(
    `${name} is not supported by Spotify, the default server. Set token-url or issuer; if issuer is already set, check that its value is not empty.`,
  )
})

test.each<[Method, GrantType]>([
  ['client_secret_basic', 'refresh_token'],
  ['client_secret_post', 'client_credentials'],
  // A public client with PKCE has no secret.
  ['none', 'refresh_token'],
])('accepts for Spotify: %s with %s, a scope and extra parameters', async (method, grantType) => {
  const inputs = { scope: 'x', 'extra-params': 'a=b', 'request-format': 'form' }
  expect((await readWith(() => readServer(method, grantType), inputs)).error).toBeUndefined()
})

test.each<[Method, GrantType, Record<string, string>]>([
  ['none', 'token_exchange', { 'token-url': TOKEN_URL, 'request-format': 'json' }],
  ['github_oidc', 'jwt_bearer', { issuer: ISSUER, audience: 'urn:x' }],
])('accepts for another server: %s with %s and %j', async (method, grantType, inputs) => {
  expect((await readWith(() => readServer(method, grantType), inputs)).error).toBeUndefined()
})

test.each([
  ['', 'form'],
  ['form', 'form'],
  ['json', 'json'],
])('reads the request-format %j', async (format, value) => {
  const inputs = { 'request-format': format }
  expect(await readWith(readRequestFormat, inputs)).toMatchObject({ value, error: undefined })
})

test('rejects another request-format', async () => {
  expect((await readWith(readRequestFormat, { 'request-format': 'JSON' })).error).toMatch(
    /^request-format must be one of form, json\b/,
  )
})

const REVOKE_URL = 'https://as.example/revoke'

test.each<[GrantType, Record<string, string>, unknown]>([
  ['client_credentials', {}, 'discover'],
  ['client_credentials', { revoke: 'false' }, 'off'],
  ['client_credentials', { revoke: 'false', 'revocation-url': REVOKE_URL }, 'off'],
  ['client_credentials', { 'revocation-url': REVOKE_URL }, parseEndpoint('revocation-url', REVOKE_URL)],
  ['token_exchange', {}, 'discover'],
  ['jwt_bearer', { 'revocation-url': REVOKE_URL }, parseEndpoint('revocation-url', REVOKE_URL)],
  // Many servers would also revoke the stored refresh token (RFC 7009, section 2.1).
  ['refresh_token', {}, 'off'],
  ['refresh_token', { revoke: 'true', issuer: ISSUER }, 'off'],
])('reads where to revoke the token of %s: %j', async (grantType, inputs, value) => {
  expect(await readWith(() => readRevocation(grantType), inputs)).toMatchObject({ value, error: undefined })
})

test.each<[Record<string, string>, RegExp]>([
  [{ revoke: 'yes' }, /^revoke must /],
  [{ 'revocation-url': 'http://as.example/revoke' }, /^revocation-url must /],
  [{ revoke: 'false', 'revocation-url': '${{ x }}' }, /^revocation-url contains /],
])('rejects %j', async (inputs, message) => {
  for (const grantType of ['client_credentials', 'refresh_token'] as const) {
    expect((await readWith(() => readRevocation(grantType), inputs)).error).toMatch(message)
  }
})
