import type { IncomingHttpHeaders } from 'node:http'
import { expect, test } from '@jest/globals'
import type { JsonObject } from '../src/json-object.ts'
import { explainFailure } from '../src/oauth-error.ts'

const SECRET = 'Fake-Secret-0123456789'
const CREDENTIALS =
  'Check that client-id and client-secret belong to the same app, and that the secret was not renewed after it was stored.'
const FLOW = 'Allow the client credentials flow for this app in the settings of the server.'
const SERVER =
  'The server has a problem of its own. Run the job again; if it fails again, look at its status page.'
const PAGE =
  'Check token-url. A proxy or the login page of a network may also have answered in place of the server.'

function explain(
  status: number,
  body: string | JsonObject,
  headers: IncomingHttpHeaders = {},
  input = 'token-url',
) {
  const endpoint = { url: new URL('https://as.example/token'), input }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return explainFailure({ endpoint, status, headers, body: text }, [SECRET], CREDENTIALS).message
}

test.each([
  [
    'invalid_request',
    'HTTP 400 invalid_request (Told). The server misses a parameter, or does not allow one. Check scope, audience, resource, extra-params and auth-method, and that token-url names the right endpoint.',
  ],
  ['invalid_client', `HTTP 400 invalid_client (Told). ${CREDENTIALS}`],
  [
    'invalid_grant',
    'HTTP 400 invalid_grant (Told). Check that token-url names the endpoint for the client credentials flow, and that the app is set up for it.',
  ],
  ['unauthorized_client', `HTTP 400 unauthorized_client (Told). ${FLOW} ${CREDENTIALS}`],
  ['unsupported_grant_type', `HTTP 400 unsupported_grant_type (Told). Check token-url. ${FLOW}`],
  [
    'invalid_scope',
    'HTTP 400 invalid_scope (Told). Check scope: the server does not know it, does not grant it to this app, or wants one.',
  ],
  [
    'invalid_target',
    'HTTP 400 invalid_target (Told). Check resource and audience: the server does not know the API, does not grant it to this app, or wants one.',
  ],
  ['a_code_of_its_own', 'HTTP 400 a_code_of_its_own (Told). Check token-url and auth-method.'],
  ['constructor', 'HTTP 400 constructor (Told). Check token-url and auth-method.'],
])('explains the error code %s', (error, message) => {
  expect(explain(400, { error, error_description: 'Told' })).toBe(message)
})

test.each([
  [401, `HTTP 401 (Told). ${CREDENTIALS}`],
  [
    403,
    `HTTP 403 (Told). ${FLOW} Check, too, that the app may have scope and audience, and that the server does not refuse the address of the runner.`,
  ],
  [404, 'HTTP 404 (Told). Check the path in token-url: there is nothing there.'],
  [405, 'HTTP 405 (Told). Check the path in token-url: it does not take this kind of request.'],
  [407, 'HTTP 407 (Told). Check token-url.'],
  [408, `HTTP 408 (Told). ${SERVER}`],
  [418, 'HTTP 418 (Told). Check token-url.'],
  [
    429,
    'HTTP 429 (Told). There were too many requests. Run the job later, or let fewer jobs ask at the same time.',
  ],
  [500, `HTTP 500 (Told). ${SERVER}`],
  [503, `HTTP 503 (Told). ${SERVER}`],
  [599, `HTTP 599 (Told). ${SERVER}`],
  [600, 'HTTP 600 (Told). Check token-url.'],
])('explains the status %i, where there is no error code', (status, message) => {
  expect(explain(status, { message: 'Told' })).toBe(message)
})

test.each([
  [
    'the API of Spotify',
    { error: { status: 400, message: 'Told' } },
    'HTTP 400 (Told). Check token-url and auth-method.',
  ],
  [
    'problem details (RFC 9457)',
    { title: 'Short', detail: 'Told' },
    'HTTP 400 (Told). Check token-url and auth-method.',
  ],
  ['a title alone', { title: 'Told' }, 'HTTP 400 (Told). Check token-url and auth-method.'],
  ['no text', { error: 'invalid_client' }, `HTTP 400 invalid_client. ${CREDENTIALS}`],
  [
    'an empty text',
    { error: 'invalid_client', error_description: ' ' },
    `HTTP 400 invalid_client. ${CREDENTIALS}`,
  ],
  ['nothing', {}, 'HTTP 400. Check token-url and auth-method.'],
  [
    'values of the wrong type',
    { error: 7, error_description: {}, message: [] },
    'HTTP 400. Check token-url and auth-method.',
  ],
  ['an error that is null', { error: null }, 'HTTP 400. Check token-url and auth-method.'],
  ['an empty code', { error: '' }, 'HTTP 400. Check token-url and auth-method.'],
])('reads the shape of %s', (_name, body, message) => {
  expect(explain(400, body)).toBe(message)
})

test.each([
  [
    'an HTML page',
    200,
    '<!DOCTYPE html><title>x</title>',
    `HTTP 200 with an HTML page instead of JSON. ${PAGE}`,
  ],
  [
    'an HTML page after white space',
    403,
    '\n <html>',
    `HTTP 403 with an HTML page instead of JSON. ${FLOW} Check, too, that the app may have scope and audience, and that the server does not refuse the address of the runner.`,
  ],
  ['the HTML page of a gateway', 502, '<html>', `HTTP 502 with an HTML page instead of JSON. ${SERVER}`],
  ['nothing', 200, '', `HTTP 200 with an empty answer. ${PAGE}`],
  ['white space', 200, '\n', `HTTP 200 with an empty answer. ${PAGE}`],
  ['text with a tag in it', 400, 'see <html>', `HTTP 400 with something else than a JSON object. ${PAGE}`],
  ['text', 400, 'access_token=fake', `HTTP 400 with something else than a JSON object. ${PAGE}`],
])('explains %s in place of JSON', (_name, status, body, message) => {
  expect(explain(status, body)).toBe(message)
})

const NOT_FOLLOWED =
  'which is not followed. Check token-url: it must be the final address, for a redirect could take the credentials elsewhere.'

test.each([
  ['another host', 'https://other.example:8443/path?secret=1', `https://other.example:8443, ${NOT_FOLLOWED}`],
  ['a path', '/login', `another path of the same server, ${NOT_FOLLOWED}`],
  [
    'a host with the secret in it',
    `https://${SECRET.toUpperCase()}.example`,
    `https://***.example, ${NOT_FOLLOWED}`,
  ],
])('names the target of a redirect to %s', (_name, location, message) => {
  expect(explain(307, '', location === undefined ? {} : { location })).toBe(
    `HTTP 307, a redirect to ${message}`,
  )
})

test.each([
  [
    'an error code',
    400,
    { error: 'invalid_request' },
    {},
    'The server misses a parameter, or does not allow one. Check scope, audience, resource, extra-params and auth-method, and that issuer names the right endpoint.',
  ],
  ['a status', 404, '', {}, 'Check the path in issuer: there is nothing there.'],
  [
    'a redirect',
    302,
    '',
    { location: 'https://other.example' },
    'Check issuer: it must be the final address, for a redirect could take the credentials elsewhere.',
  ],
])('names the input that leads to the server after %s', (_name, status, body, headers, cure) => {
  expect(explain(status, body, headers, 'issuer')).toContain(`. ${cure}`)
})

test('takes what to check of the credentials as it is', () => {
  const endpoint = { url: new URL('https://as.example/token'), input: 'token-url' }
  const answer = { endpoint, status: 401, headers: {}, body: '{}' }
  expect(explainFailure(answer, [], "Check $& and $'.").cure).toBe("Check $& and $'.")
})

test('shows the text of the server as printable ASCII without secrets', () => {
  expect(
    explain(400, { error: `x\n::error::${SECRET}`, error_description: `##[error]${SECRET}\u0007` }),
  ).toBe('HTTP 400 x?::error::*** (## [error]***?). Check token-url and auth-method.')
})

test.each([400, 401, 403, 404, 405, 407, 413, 501, 505])('does not let the status %i pass', (status) => {
  const endpoint = { url: new URL('https://as.example/token'), input: 'token-url' }
  expect(explainFailure({ endpoint, status, headers: {}, body: '' }, [], '').passing).toBeUndefined()
})

test.each([408, 429, 500, 502, 503, 504])('lets the status %i pass, with what Retry-After says', (status) => {
  const endpoint = { url: new URL('https://as.example/token'), input: 'token-url' }
  const headers = { 'retry-after': '7' }
  for (const body of ['', '{"error":"x"}']) {
    expect(explainFailure({ endpoint, status, headers, body }, [], '').passing).toEqual({
      status,
      retryAfter: '7',
    })
  }
})

test('names a compressed answer', () => {
  expect(explain(200, '\u001f\ufffd', { 'content-encoding': 'gzip' })).toBe(
    `HTTP 200 with a compressed answer, which was not asked for. ${PAGE}`,
  )
})

test.each([{}, false, 0, ''])('says so, where the error in an answer with status 200 is %j', (error) => {
  expect(explain(200, { error })).toBe('HTTP 200 with an error that is not named. Check token-url.')
})

test.each([undefined, 'javascript:alert(1)', 'https://['])(
  'knows a redirect without a valid address: %s',
  (location) => {
    for (const status of [300, 304, 399]) {
      expect(explain(status, '', location === undefined ? {} : { location })).toBe(
        `HTTP ${status}, a redirect without a valid address. ${PAGE}`,
      )
    }
  },
)
