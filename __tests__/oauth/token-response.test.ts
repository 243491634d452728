import { expect, test } from '@jest/globals'
import { explainErrorResponse, type Rejected } from '../../src/oauth/error-response.ts'
import { parseTokenResponse } from '../../src/oauth/token-response.ts'

const REQUESTED_AT = new Date('2026-11-23T18:00:00.250Z')
const TOKEN = 'fake-token'
const BEARER = { access_token: TOKEN, token_type: 'Bearer' }

const neverCalled = () => {
  throw new Error('The advice is built only after a rejection.')
}
const REJECTED: Rejected = { secrets: ['fake-secret'], client: () => 'Check it.', grant: () => 'Check it.' }

const responseOf = (body: unknown, status = 200) => ({
  endpoint: { url: new URL('https://as.example/token'), source: 'token-url' },
  status,
  headers: {},
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

/** Parses a successful response. */
function parse(body: unknown, requestedScope = '', requestedAt = REQUESTED_AT, status = 200) {
  const unused = { ...REJECTED, client: neverCalled, grant: neverCalled }
  return parseTokenResponse(responseOf(body, status), requestedAt, requestedScope, unused)
}

test('parses a full response, without building advice', () => {
  const members = { access_token: TOKEN, token_type: 'bearer', expires_in: 3600, scope: 'read write' }
  expect(parse(members)).toEqual({
    accessToken: TOKEN,
    tokenType: 'bearer',
    lifetime: { seconds: 3600, expiresAt: new Date('2026-11-23T19:00:00.250Z') },
    refreshToken: undefined,
    issuedType: undefined,
    scope: 'read write',
    secrets: [TOKEN],
    warnings: [],
  })
})

test("parses the example of Spotify's guide, which has no expires_in", () => {
  expect(parse({ access_token: TOKEN, token_type: 'bearer' })).toMatchObject({
    tokenType: 'bearer',
    lifetime: undefined,
    scope: '',
    warnings: [],
  })
})

test.each([200, 201, 299])('accepts a token with status %i', (status) => {
  expect(parse(BEARER, '', REQUESTED_AT, status).accessToken).toBe(TOKEN)
})

test.each([null, '', false])('accepts a token with the error %j', (error) => {
  expect(parse({ ...BEARER, error }).accessToken).toBe(TOKEN)
})

const NO_TOKEN = 'HTTP 200 with no access_token. Check that token-url is a token endpoint.'
const INVALID_TOKEN =
  'HTTP 200 with an invalid access_token (empty or not printable ASCII). Check that token-url is a token endpoint.'

test.each([
  ['no access_token', {}, NO_TOKEN],
  ['null as access_token', { access_token: null }, NO_TOKEN],
  ['an empty access_token', { access_token: '' }, INVALID_TOKEN],
  ['an access_token of spaces', { access_token: '   ' }, INVALID_TOKEN],
  ['a number as access_token', { access_token: 7 }, INVALID_TOKEN],
  ['an object as access_token', { access_token: { toString: 1 } }, INVALID_TOKEN],
  ['a line break in access_token', { access_token: 'fake\ntoken' }, INVALID_TOKEN],
  ['a letter beyond ASCII in access_token', { access_token: 'fäke' }, INVALID_TOKEN],
  ['an empty error and an empty access_token', { error: '', access_token: '' }, INVALID_TOKEN],
])('rejects %s', (_name, body, message) => {
  expect(() => parse(body)).toThrow(new Error(message))
})

test.each<[string, unknown, number]>([
  ['an array', [BEARER], 200],
  ['null', 'null', 200],
  ['a string', '"fake-token"', 200],
  ['a form', 'access_token=fake-token', 200],
  ['half an object', '{"access_token":"fake-', 200],
  ['an error with status 200', { ...BEARER, error: 'invalid_scope' }, 200],
  ['an object as error', { ...BEARER, error: {} }, 200],
  ['an empty error without a token', { error: '' }, 200],
  ['false as error without a token', { error: false, access_token: null }, 200],
  ['a token with status 199', BEARER, 199],
  ['a token with status 300', BEARER, 300],
  ['a token with status 500', BEARER, 500],
  ['an invalid access_token in a rejection', { error: 'x', access_token: { toString: 1 } }, 400],
])('explains as an error response: %s', (_name, body, status) => {
  const response = responseOf(body, status)
  expect(() => parseTokenResponse(response, REQUESTED_AT, '', REJECTED)).toThrow(
    explainErrorResponse(response, REJECTED),
  )
})

test('redacts the secrets of the request and the tokens of a response that it rejects', () => {
  const error_description = 'fake-secret got fake-token and fake-refresh'
  const body = { error: 'x', error_description, access_token: TOKEN, refresh_token: 'fake-refresh' }
  expect(() => parseTokenResponse(responseOf(body, 400), REQUESTED_AT, '', REJECTED)).toThrow(
    '(*** got *** and ***)',
  )
})

test('redacts nothing without a token in the response', () => {
  const body = { error: 'x', error_description: 'client undefined' }
  expect(() => parseTokenResponse(responseOf(body, 400), REQUESTED_AT, '', REJECTED)).toThrow(
    '(client undefined)',
  )
})

test('counts other tokens among the secrets, from 8 characters on', () => {
  const members = {
    refresh_token: '12345678',
    id_token: '1234567',
    token: 'fake-bare',
    other_token: '         ',
    device_token: 123456789,
    mytoken: 'fake-other-name',
  }
  expect(parse({ ...BEARER, ...members, access_token: 'x' }).secrets).toEqual(['x', '12345678', 'fake-bare'])
})

test('counts at most 32 other tokens among the secrets', () => {
  const members = Array.from({ length: 33 }, (_token, index) => [`t${index}_token`, `fake-other-${index}`])
  const { secrets } = parse({ ...Object.fromEntries(members), ...BEARER })
  expect(secrets).toHaveLength(1 + 32)
  expect(secrets.slice(-1)).toEqual(['fake-other-31'])
})

const NO_TYPE = 'The response has no valid token_type. Assuming Bearer.'

test.each([
  ['Bearer', 'Bearer', []],
  ['bearer', 'bearer', []],
  ['DPoP', 'DPoP', []],
  ['urn:ietf:params:oauth:token-type:access_token', 'urn:ietf:params:oauth:token-type:access_token', []],
  ['N_A', 'N_A', []],
  [undefined, 'Bearer', [NO_TYPE]],
  [null, 'Bearer', [NO_TYPE]],
  ['', 'Bearer', [NO_TYPE]],
  [7, 'Bearer', [NO_TYPE]],
  ['Bearer\n::error::x', 'Bearer', [NO_TYPE]],
  ['$(touch x)', 'Bearer', [NO_TYPE]],
  ['x'.repeat(101), 'Bearer', [NO_TYPE]],
])('parses the token_type %j', (token_type, tokenType, warnings) => {
  expect(parse({ access_token: TOKEN, token_type })).toMatchObject({ tokenType, warnings })
})

const TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:'

test.each([
  [`${TOKEN_TYPE}jwt`, 'jwt'],
  [`${TOKEN_TYPE}id_token`, 'id_token'],
  [`${TOKEN_TYPE}saml2`, 'saml2'],
  [`${TOKEN_TYPE}saml2`, 'saml2'],
  [`${TOKEN_TYPE}fake-part-of-a-secret`, undefined],
  [`${TOKEN_TYPE}access_token`, undefined],
  [`${TOKEN_TYPE}`, undefined],
  [`${TOKEN_TYPE}JWT`, undefined],
  [`${TOKEN_TYPE}jwt\n::error::x`, undefined],
  [`x${TOKEN_TYPE}jwt`, undefined],
  ['urn:example:token-type:jwt', undefined],
  ['', undefined],
  [undefined, undefined],
  [null, undefined],
  [7, undefined],
  [[`${TOKEN_TYPE}jwt`], undefined],
])('parses the issued_token_type %j', (issued_token_type, issuedType) => {
  const parsed = parse({ ...BEARER, issued_token_type })
  expect(parsed).toMatchObject({ issuedType, warnings: [] })
})

test('parses the response of a token exchange for an ID token (RFC 8693, section 2.2.1)', () => {
  const members = { access_token: TOKEN, token_type: 'N_A', issued_token_type: `${TOKEN_TYPE}id_token` }
  expect(parse(members)).toMatchObject({
    accessToken: TOKEN,
    tokenType: 'N_A',
    issuedType: 'id_token',
    lifetime: undefined,
    secrets: [TOKEN],
    warnings: [],
  })
})

test.each([
  ['fake-refresh', 'fake-refresh', [TOKEN, 'fake-refresh']],
  // Too short to be masked.
  ['1234567', '1234567', [TOKEN]],
  [undefined, undefined, [TOKEN]],
  [null, undefined, [TOKEN]],
  [12345678, undefined, [TOKEN]],
])('parses the refresh_token %j', (refresh_token, refreshToken, secrets) => {
  expect(parse({ ...BEARER, refresh_token })).toMatchObject({ refreshToken, secrets, warnings: [] })
})

test.each([
  [3600, 3600],
  ['3600', 3600],
  [3599.9, 3599],
  ['3599.95', 3599],
  [0, 0],
  [undefined, undefined],
  [null, undefined],
])('parses the expires_in %j', (expires_in, seconds) => {
  const { lifetime, warnings } = parse({ ...BEARER, expires_in })
  expect(lifetime?.seconds).toBe(seconds)
  expect(warnings).toEqual([])
})

const INVALID_LIFETIME =
  'The response has an invalid expires_in. The outputs expires-in and expires-at are empty.'

test.each<[unknown]>([
  [-1],
  ['-1'],
  [''],
  [' '],
  [[3600]],
  ['1h'],
  ['0x10'],
  ['1e3'],
  [true],
  [{}],
  ['1'.repeat(400)],
  [1e300],
  [253_402_300_799],
])('warns of the expires_in %j', (expires_in) => {
  const { lifetime, warnings } = parse({ ...BEARER, expires_in })
  expect({ lifetime, warnings }).toEqual({ lifetime: undefined, warnings: [INVALID_LIFETIME] })
})

test('warns of an expires_in beyond every number', () => {
  const { lifetime, warnings } = parse(`{"access_token":"x","token_type":"Bearer","expires_in":1e999}`)
  expect({ lifetime, warnings }).toEqual({ lifetime: undefined, warnings: [INVALID_LIFETIME] })
})

test('accepts an expires_in up to the last second with a year of four digits', () => {
  const { lifetime } = parse({ ...BEARER, expires_in: 253_402_300_799 }, '', new Date(0))
  expect(lifetime?.expiresAt).toEqual(new Date('9999-12-31T23:59:59Z'))
})

const INVALID_SCOPE = 'The response has an invalid scope. The output scope is empty.'
const MISSING = 'The server did not grant every requested scope. Missing:'

test.each<[string, string, unknown, string, string[]]>([
  ['a string', '', 'read write', 'read write', []],
  ['an empty string', '', '', '', []],
  ['an array', '', ['read', 'write'], 'read write', []],
  ['the requested names', 'read write', 'write read', 'write read', []],
  ['the requested names with commas', 'read write', 'read,write', 'read,write', []],
  ['more names', 'read', 'read write', 'read write', []],
  ['fewer names', 'read write admin', 'read', 'read', [`${MISSING} write admin.`]],
  ['no names', 'read', '', '', [`${MISSING} read.`]],
  ['no scope, which means the requested one', 'read write', undefined, 'read write', []],
  ['null, which means the requested one', 'read write', null, 'read write', []],
  ['a line break', '', 'read\nwrite', '', [INVALID_SCOPE]],
  ['an array of other values', 'read', ['read', { write: true }], '', [INVALID_SCOPE]],
  ['a number', 'read', 7, '', [INVALID_SCOPE]],
])('parses the scope of a response: %s', (_name, requested, scope, expected, warnings) => {
  expect(parse({ ...BEARER, scope }, requested)).toMatchObject({ scope: expected, warnings })
})

test('parses a scope of 1 MiB of blanks in linear time', () => {
  const start = process.cpuUsage()
  expect(parse({ ...BEARER, scope: `read${' '.repeat(1024 * 1024)}x` }, 'read').warnings).toEqual([])
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000)
})
