import { expect, test } from '@jest/globals'
import { parseTokenResponse, tokenRequestParameters } from '../src/token.ts'

const REQUESTED_AT = new Date('2026-11-23T18:00:00.250Z')
const AUTHENTICATION = { secrets: ['fake-secret'], cure: 'Check the secret.' }
const TOKEN = 'fake-token'

function parse(body: unknown, status = 200, askedScope = '') {
  const endpoint = { url: new URL('https://as.example/token'), input: 'token-url' }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return parseTokenResponse(
    { endpoint, status, headers: {}, body: text },
    REQUESTED_AT,
    askedScope,
    AUTHENTICATION,
  )
}

test('asks for the client credentials grant and nothing else', () => {
  const request = tokenRequestParameters('', [])
  expect(request.toString()).toBe('grant_type=client_credentials')
})

test('asks for a scope, and sends each further parameter as it is, a name more than once, too', () => {
  const parameters = [
    ['resource', 'https://a.example/?x=1'],
    ['resource', 'urn:b'],
    ['tenant', 'ü &='],
  ] as const
  expect(tokenRequestParameters('read write', parameters).toString()).toBe(
    'grant_type=client_credentials&scope=read+write&resource=https%3A%2F%2Fa.example%2F%3Fx%3D1&resource=urn%3Ab&tenant=%C3%BC+%26%3D',
  )
})

test('reads a full answer', () => {
  const fields = { access_token: TOKEN, token_type: 'bearer', expires_in: 3600, scope: 'read write' }
  expect(parse(fields)).toEqual({
    accessToken: TOKEN,
    tokenType: 'bearer',
    lifetime: { seconds: 3600, end: new Date('2026-11-23T19:00:00.250Z') },
    scope: 'read write',
    secrets: [TOKEN],
    warnings: [],
  })
})

test("reads the example of Spotify's guide, which leaves expires_in out", () => {
  const answer = parse({ access_token: TOKEN, token_type: 'bearer' })
  expect(answer).toMatchObject({ tokenType: 'bearer', lifetime: undefined, scope: '', warnings: [] })
})

test.each([200, 201, 299])('takes the status %i for success', (status) => {
  expect(parse({ access_token: TOKEN, token_type: 'Bearer' }, status).accessToken).toBe(TOKEN)
})

test('takes an error that is null for none', () => {
  expect(parse({ access_token: TOKEN, token_type: 'Bearer', error: null }).accessToken).toBe(TOKEN)
})

const NO_TOKEN = 'HTTP 200 with no access_token. Check that token-url names a token endpoint (RFC 6749, 5.1).'
const BAD_TOKEN =
  'HTTP 200 with an access_token that is empty or no plain text. Check that token-url names a token endpoint (RFC 6749, 5.1).'
const NO_JSON =
  'HTTP 200 with something else than a JSON object. Check token-url. A proxy or the login page of a network may also have answered in place of the server.'

test.each([
  ['no access_token', {}, NO_TOKEN],
  ['null as access_token', { access_token: null }, NO_TOKEN],
  ['an empty access_token', { access_token: '' }, BAD_TOKEN],
  ['an access_token of spaces', { access_token: '   ' }, BAD_TOKEN],
  ['a number as access_token', { access_token: 7 }, BAD_TOKEN],
  ['an object as access_token', { access_token: { value: TOKEN } }, BAD_TOKEN],
  ['a line break in access_token', { access_token: 'fake\ntoken' }, BAD_TOKEN],
  ['a letter beyond ASCII in access_token', { access_token: 'fäke' }, BAD_TOKEN],
  ['an array', [{ access_token: TOKEN }], NO_JSON],
  ['null', 'null', NO_JSON],
  ['a string', '"fake-token"', NO_JSON],
  ['a form', 'access_token=fake-token', NO_JSON],
  ['half an object', '{"access_token":"fake-', NO_JSON],
])('refuses %s', (_name, body, message) => {
  expect(() => parse(body)).toThrow(new Error(message))
})

test('refuses an error in an answer with status 200', () => {
  expect(() => parse({ access_token: TOKEN, error: 'invalid_scope' })).toThrow(
    'HTTP 200 invalid_scope. Check scope: the server does not know it, does not grant it to this app, or wants one.',
  )
})

test.each([0, 199, 300, 500])('refuses a token in an answer with the status %i', (status) => {
  expect(() => parse({ access_token: TOKEN, token_type: 'Bearer' }, status)).toThrow(`HTTP ${status}`)
})

test('shows neither the secrets nor the tokens of an answer that it refuses, but what to check', () => {
  const error_description = 'fake-secret got fake-token and fake-refresh'
  const fields = {
    error: 'invalid_client',
    error_description,
    access_token: TOKEN,
    refresh_token: 'fake-refresh',
  }
  expect(() => parse(fields, 400)).toThrow('HTTP 400 invalid_client (*** got *** and ***). Check the secret.')
})

test('counts every token in the answer among the secrets', () => {
  const fields = {
    access_token: TOKEN,
    refresh_token: 'fake-r',
    id_token: 'fake-i',
    token: 'fake-t',
    other_token: ' ',
    token_type: 'Bearer',
    device_token: 7,
  }
  expect(parse(fields).secrets).toEqual([TOKEN, 'fake-r', 'fake-i', 'fake-t'])
})

const NO_TYPE = 'The server names no valid token_type. Bearer is assumed.'

test.each([
  ['Bearer', 'Bearer', []],
  ['bearer', 'bearer', []],
  ['DPoP', 'DPoP', []],
  ['urn:ietf:params:oauth:token-type:access_token', 'urn:ietf:params:oauth:token-type:access_token', []],
  [undefined, 'Bearer', [NO_TYPE]],
  [null, 'Bearer', [NO_TYPE]],
  ['', 'Bearer', [NO_TYPE]],
  [7, 'Bearer', [NO_TYPE]],
  ['Bearer\n::error::x', 'Bearer', [NO_TYPE]],
  ['$(touch x)', 'Bearer', [NO_TYPE]],
  ['x'.repeat(101), 'Bearer', [NO_TYPE]],
])('reads the token_type %j', (token_type, tokenType, warnings) => {
  expect(parse({ access_token: TOKEN, token_type })).toMatchObject({ tokenType, warnings })
})

const NO_SECONDS =
  'The expires_in of the server is no number of seconds. expires-in and expires-at stay empty.'

test.each([
  [3600, 3600],
  ['3600', 3600],
  [3599.9, 3599],
  ['3599.95', 3599],
  [0, 0],
  [undefined, undefined],
  [null, undefined],
])('reads the expires_in %j', (expires_in, seconds) => {
  const { lifetime, warnings } = parse({ access_token: TOKEN, token_type: 'Bearer', expires_in })
  expect(lifetime?.seconds).toBe(seconds)
  expect(warnings).toEqual([])
})

test.each<unknown>([
  -1,
  '-1',
  '',
  ' ',
  [3600],
  ['3600'],
  '1h',
  '0x10',
  '1e3',
  true,
  [],
  {},
  '1'.repeat(400),
  253_402_300_799,
  1e300,
])('warns of the expires_in %j', (expires_in) => {
  const { lifetime, warnings } = parse({ access_token: TOKEN, token_type: 'Bearer', expires_in })
  expect(lifetime).toBeUndefined()
  expect(warnings).toEqual([NO_SECONDS])
})

test('reads an expires_in up to the last second with a year of four digits', () => {
  const endpoint = { url: new URL('https://as.example/token'), input: 'token-url' }
  const body = JSON.stringify({ access_token: TOKEN, expires_in: 253_402_300_799 })
  const answer = { endpoint, status: 200, headers: {}, body }
  const { lifetime } = parseTokenResponse(answer, new Date(0), '', AUTHENTICATION)
  expect(lifetime?.end).toEqual(new Date('9999-12-31T23:59:59Z'))
})

test('warns of an expires_in beyond every number', () => {
  const { lifetime, warnings } = parse(`{"access_token":"${TOKEN}","token_type":"Bearer","expires_in":1e999}`)
  expect(lifetime).toBeUndefined()
  expect(warnings).toEqual([NO_SECONDS])
})

const NO_SCOPE = 'The scope of the server is no list of names. The output scope stays empty.'

test.each([
  ['read write', 'read write', []],
  ['', '', []],
  [['read', 'write'], 'read write', []],
  [undefined, '', []],
  [null, '', []],
  ['read\nwrite', '', [NO_SCOPE]],
  [['read', { write: true }], '', [NO_SCOPE]],
  [7, '', [NO_SCOPE]],
])('reads the scope %j', (scope, expected, warnings) => {
  expect(parse({ access_token: TOKEN, token_type: 'Bearer', scope })).toMatchObject({
    scope: expected,
    warnings,
  })
})

const GAVE_LESS = 'The server did not grant all of the scope. Missing:'

test.each([
  ['all of it', 'read write', 'write read', 'write read', []],
  ['all of it, with commas', 'read write', 'read,write', 'read,write', []],
  ['more', 'read', 'read write', 'read write', []],
  ['less', 'read write admin', 'read', 'read', [`${GAVE_LESS} write admin.`]],
  ['nothing', 'read', '', '', [`${GAVE_LESS} read.`]],
  ['no answer, which means all of it', 'read write', undefined, 'read write', []],
  ['null, which means all of it', 'read write', null, 'read write', []],
  ['nonsense', 'read', 7, '', [NO_SCOPE]],
])('compares the scope with what was asked for: %s', (_name, asked, scope, expected, warnings) => {
  const answer = parse({ access_token: TOKEN, token_type: 'Bearer', scope }, 200, asked)
  expect(answer).toMatchObject({ scope: expected, warnings })
})
