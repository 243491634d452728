import { expect, test } from '@jest/globals'
import { type GrantType, readGrant, readGrantType, sendsIdToken } from '../../src/inputs/grant.ts'
import { parseEndpoint } from '../../src/oauth/endpoint.ts'
import { readWith } from './read-with.ts'

const ID_TOKEN_REQUEST = {
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://oidc.example/?api-version=2.0',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'fake-request-token',
}
const idTokenRequest = {
  endpoint: parseEndpoint('ACTIONS_ID_TOKEN_REQUEST_URL', ID_TOKEN_REQUEST.ACTIONS_ID_TOKEN_REQUEST_URL),
  requestToken: 'fake-request-token',
}

const read = (type: GrantType, inputs: Record<string, string>, env: Record<string, string> = {}) =>
  readWith(() => readGrant(type), inputs, { ...ID_TOKEN_REQUEST, ...env })

test.each([
  ['', 'client_credentials'],
  ['client_credentials', 'client_credentials'],
  ['token_exchange', 'token_exchange'],
  ['jwt_bearer', 'jwt_bearer'],
  ['refresh_token', 'refresh_token'],
])('reads the grant-type %j', async (name, value) => {
  expect(await readWith(readGrantType, { 'grant-type': name })).toMatchObject({ value, error: undefined })
})

test.each(['password', 'urn:ietf:params:oauth:grant-type:token-exchange', '${{ vars.GRANT }}'])(
  'rejects the grant-type %s',
  async (name) => {
    expect((await readWith(readGrantType, { 'grant-type': name })).error).toMatch(
      /^grant-type must be one of client_credentials, token_exchange, jwt_bearer, refresh_token\b/,
    )
  },
)

test.each<[GrantType, boolean]>([
  ['client_credentials', false],
  ['token_exchange', true],
  ['jwt_bearer', true],
  ['refresh_token', false],
])('determines whether the grant %s is an ID token: %s', (type, isIdToken) => {
  expect(sendsIdToken(type)).toBe(isIdToken)
})

const MASK = '::add-mask::fake-request-token'

test.each<[GrantType, Record<string, string>, object, string[]]>([
  ['client_credentials', {}, {}, []],
  ['token_exchange', {}, { idTokenRequest, audience: undefined }, [MASK]],
  ['token_exchange', { 'assertion-audience': 'urn:x' }, { idTokenRequest, audience: 'urn:x' }, [MASK]],
  ['jwt_bearer', {}, { idTokenRequest, audience: undefined }, [MASK]],
  ['jwt_bearer', { 'assertion-audience': 'api://x y' }, { idTokenRequest, audience: 'api://x y' }, [MASK]],
  ['refresh_token', { 'refresh-token': ' fake-refresh\n' }, { refreshToken: 'fake-refresh' }, []],
])('reads the grant %s with %j', async (type, inputs, members, masks) => {
  const { value, error, printed } = await read(type, inputs)
  expect(error).toBeUndefined()
  expect(value).toEqual({ type, ...members })
  expect(printed).toEqual(masks)
})

test('reads a refresh token in a job without id-token permission', async () => {
  const { error } = await readWith(() => readGrant('refresh_token'), { 'refresh-token': 'fake-refresh' })
  expect(error).toBeUndefined()
})

test.each<[GrantType]>([['client_credentials'], ['token_exchange'], ['jwt_bearer']])(
  'rejects a refresh-token with grant-type %s',
  async (type) => {
    expect((await read(type, { 'refresh-token': 'fake-refresh' })).error).toBe(
      `refresh-token cannot be used with grant-type ${type}. Remove it, or set grant-type to refresh_token.`,
    )
  },
)

test.each<[string, string]>(
  (['token_exchange', 'jwt_bearer'] as const).flatMap((type) =>
    Object.keys(ID_TOKEN_REQUEST).map((name): [string, string] => [type, name]),
  ),
)('rejects %s without %s', async (type, name) => {
  const { error, printed } = await read(type as GrantType, {}, { [name]: '' })
  expect(error).toBe(
    `grant-type ${type} requires permissions: id-token: write. Add it to the job; workflows triggered from forks cannot get it.`,
  )
  expect(printed).toEqual([])
})

test('rejects a URL for ID tokens that is not https', async () => {
  const { error, printed } = await read(
    'token_exchange',
    {},
    { ACTIONS_ID_TOKEN_REQUEST_URL: 'http://x.example' },
  )
  expect(error).toMatch(/^ACTIONS_ID_TOKEN_REQUEST_URL /)
  expect(printed).toEqual([MASK])
})

const NO_REFRESH_TOKEN =
  'refresh-token is empty. Obtain one once with the authorization code grant and store it as a secret. Check that the secret or variable exists and is available to this job (environment secrets need environment:). Repository secrets are not passed to workflows triggered from forks or by Dependabot.'
const NO_REVOCATION =
  'revocation-url cannot be used with grant-type refresh_token, because many servers would also revoke the refresh token. Remove it.'
const REVOKE = { 'revocation-url': 'https://as.example/revoke' }

test.each<[string, Record<string, string>, string]>([
  ['no refresh token', {}, NO_REFRESH_TOKEN],
  ['a refresh token of blanks', { 'refresh-token': ' \n' }, NO_REFRESH_TOKEN],
  ['a revocation-url', { 'refresh-token': 'fake-refresh', ...REVOKE }, NO_REVOCATION],
  ['a revocation-url with revoke: false', { revoke: 'false', ...REVOKE }, NO_REVOCATION],
])('rejects refresh_token with %s', async (_name, inputs, message) => {
  expect((await read('refresh_token', inputs)).error).toBe(message)
})

test.each<[GrantType, Record<string, string>, string]>([
  ['refresh_token', { 'refresh-token': 'a\nb' }, 'refresh-token contains'],
  ['refresh_token', { 'refresh-token': '${{ secrets.TOKEN }}' }, 'refresh-token contains'],
  ['token_exchange', { 'assertion-audience': 'a\nb' }, 'assertion-audience contains'],
  ['jwt_bearer', { 'assertion-audience': '${{ vars.X }}' }, 'assertion-audience contains'],
])('rejects with grant-type %s: %j', async (type, inputs, start) => {
  expect((await read(type, inputs)).error).toEqual(expect.stringMatching(new RegExp(`^${start}`)))
})
