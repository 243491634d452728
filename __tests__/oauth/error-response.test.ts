import type { IncomingHttpHeaders } from 'node:http'
import { expect, test } from '@jest/globals'
import { explainErrorResponse, type Rejected } from '../../src/oauth/error-response.ts'

const SECRET = 'Fake-Secret-0123456789'
const CLIENT = '<client>'
const GRANT = '<grant>'
const ENABLE = '<enable>'

function explain(
  status: number,
  body: string | object,
  headers: IncomingHttpHeaders = {},
  source = 'token-url',
  rejected: Partial<Rejected> = {},
) {
  const endpoint = { url: new URL('https://as.example/token'), source }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return explainErrorResponse(
    { endpoint, status, headers, body: text },
    { secrets: [SECRET], client: () => CLIENT, grant: () => GRANT, enableGrant: ENABLE, ...rejected },
  )
}

const INVALID_REQUEST =
  'A parameter is missing or not supported. Check scope, audience, resource, extra-params and auth-method, and that token-url is the right endpoint.'
const CHECK_URL_AND_METHOD = 'Check token-url and auth-method.'

test.each([
  ['invalid_request', INVALID_REQUEST],
  ['invalid_client', CLIENT],
  ['invalid_grant', GRANT],
  ['unauthorized_client', `${CLIENT} ${ENABLE}`],
  ['unsupported_grant_type', `Check token-url. ${ENABLE}`],
  ['invalid_scope', 'Check scope: it is missing, unknown, or not granted to this app.'],
  ['invalid_target', 'Check resource and audience: the API is missing, unknown, or not granted to this app.'],
  ['server_specific', CHECK_URL_AND_METHOD],
  ['constructor', CHECK_URL_AND_METHOD],
])('advises on the code %s', (error, advice) => {
  expect(explain(400, { error, error_description: 'Why' })).toMatchObject({
    reason: `HTTP 400 ${error} (Why)`,
    advice,
  })
})

const CHECK_ENDPOINT = `${CLIENT} Also check token-url: its path may be wrong.`
const FORBIDDEN = `${CLIENT} Also check scope, audience, and whether the server blocks the runner's IP address.`
const SERVER_PROBLEM =
  "This is a server-side problem. Re-run the job; if it keeps failing, check the server's status page."
const UNKNOWN_CLIENT = `${SERVER_PROBLEM} Some servers also return 500 for an unknown client: check client-id and the credentials.`
const NO_DPOP = 'The action does not send DPoP proofs (RFC 9449). Turn off the DPoP requirement for this app.'
const WRONG_METHOD = 'Check the path in token-url: it does not support this method.'

test.each([
  [200, 'Check token-url.'],
  [401, CHECK_ENDPOINT],
  [403, FORBIDDEN],
  [404, 'Check the path in token-url.'],
  [405, WRONG_METHOD],
  [407, 'Check token-url.'],
  [408, SERVER_PROBLEM],
  [429, 'Too many requests. Re-run the job later, or run fewer jobs in parallel.'],
  [499, 'Check token-url.'],
  [500, UNKNOWN_CLIENT],
  [501, SERVER_PROBLEM],
  [599, SERVER_PROBLEM],
  [600, 'Check token-url.'],
])('advises on the status %i without a code', (status, advice) => {
  expect(explain(status, { message: 'Why' })).toMatchObject({ reason: `HTTP ${status} (Why)`, advice })
})

test.each<[Rejected['format'], number, object, string]>([
  ['form', 400, { error: 'invalid_request' }, INVALID_REQUEST],
  [
    'json',
    400,
    { error: 'invalid_request' },
    INVALID_REQUEST.replace('extra-params', 'extra-params, request-format'),
  ],
  [
    'json',
    400,
    { error: 'invalid_scope' },
    'Check scope: it is missing, unknown, or not granted to this app.',
  ],
  [undefined, 415, {}, 'Set request-format to json if the server requires JSON.'],
  ['form', 415, {}, 'Set request-format to json if the server requires JSON.'],
  ['json', 415, {}, 'Set request-format to form: the server does not accept JSON.'],
  ['json', 415, { error: 'x' }, 'Set request-format to form: the server does not accept JSON.'],
])('advises on the request format %s: status %i with %j', (format, status, body, advice) => {
  const rejected = format === undefined ? {} : { format }
  expect(explain(status, body, {}, 'token-url', rejected).advice).toBe(advice)
})

const grantCodes = ['invalid_request', 'access_denied']

test.each<[number, object, string]>([
  [400, { error: 'invalid_request' }, `${GRANT} ${INVALID_REQUEST}`],
  [403, { error: 'access_denied' }, GRANT],
  [400, { error: 'access_denied' }, GRANT],
  // The advice on these has the grant already, or does not depend on it.
  [400, { error: 'invalid_grant' }, GRANT],
  [400, { error: 'unauthorized_client' }, `${CLIENT} ${ENABLE}`],
  [401, { error: 'invalid_client' }, CLIENT],
  [403, {}, FORBIDDEN],
  [400, { error: 'invalid_request', error_description: 'no DPoP' }, NO_DPOP],
])('advises on the grant if servers reject it with the code: %i %j', (status, body, advice) => {
  expect(explain(status, body, {}, 'token-url', { grantCodes }).advice).toBe(advice)
})

test('retries after a code of the grant with a transient status', () => {
  const { transient, advice } = explain(503, { error: 'access_denied' }, {}, 'token-url', { grantCodes })
  expect({ transient, advice }).toEqual({
    transient: { status: 503, retryAfter: undefined, date: undefined },
    advice: GRANT,
  })
})

const HYDRA =
  'Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method).'
const HYDRA_CAUSE = `The OAuth 2.0 Client supports client authentication method 'private_key_jwt', but method 'client_secret_basic' was requested. ${'x'.repeat(200)}`
const NOT_JSON = 'Check token-url. The response may also come from a proxy or captive portal.'

test.each<[string, number, string | object, string, string]>([
  ['Spring', 401, { error: 'invalid_client' }, 'HTTP 401 invalid_client', CLIENT],
  [
    'Keycloak, app registered for a key',
    400,
    { error: 'invalid_client', error_description: 'Parameter client_assertion_type is missing' },
    'HTTP 400 invalid_client (Parameter client_assertion_type is missing)',
    CLIENT,
  ],
  [
    'Keycloak, wrong secret',
    401,
    { error: 'unauthorized_client', error_description: 'Invalid client or Invalid client credentials' },
    'HTTP 401 unauthorized_client (Invalid client or Invalid client credentials)',
    `${CLIENT} ${ENABLE}`,
  ],
  [
    'Keycloak, wrong path',
    405,
    { error: 'HTTP 405 Method Not Allowed' },
    'HTTP 405 Method Not Allowed',
    WRONG_METHOD,
  ],
  [
    'a server that repeats the status in the description',
    405,
    { message: 'HTTP 405 Method Not Allowed' },
    'HTTP 405 (Method Not Allowed)',
    WRONG_METHOD,
  ],
  [
    'Keycloak, app requires DPoP',
    400,
    { error: 'invalid_request', error_description: 'DPoP proof is missing' },
    'HTTP 400 invalid_request (DPoP proof is missing)',
    NO_DPOP,
  ],
  ['RFC 9449, app requires DPoP', 400, { error: 'use_dpop_nonce' }, 'HTTP 400 use_dpop_nonce', NO_DPOP],
  ['RFC 9449, invalid proof', 400, { error: 'invalid_dpop_proof' }, 'HTTP 400 invalid_dpop_proof', NO_DPOP],
  [
    'Hydra, the cause after 126 characters',
    401,
    { error: 'invalid_client', error_description: `${HYDRA} ${HYDRA_CAUSE}` },
    `HTTP 401 invalid_client (${HYDRA} ${HYDRA_CAUSE})`,
    CLIENT,
  ],
  ['Glewlwyd, any wrong credential', 403, '', 'HTTP 403 with an empty response', FORBIDDEN],
  ['go-oauth2, unknown client', 500, { error: 'server_error' }, 'HTTP 500 server_error', UNKNOWN_CLIENT],
  [
    'LemonLDAP::NG, wrong path',
    401,
    '<!DOCTYPE html><title>Login</title>',
    'HTTP 401 with an HTML page instead of JSON',
    CHECK_ENDPOINT,
  ],
  [
    'a server with a code for the status',
    401,
    { error: 'Unauthorized' },
    'HTTP 401 Unauthorized',
    CHECK_ENDPOINT,
  ],
  [
    'Spotify, another API',
    400,
    { error: { status: 400, message: 'Why' } },
    'HTTP 400 (Why)',
    CHECK_URL_AND_METHOD,
  ],
])('explains the response of %s', (_name, status, body, reason, advice) => {
  expect(explain(status, body)).toMatchObject({ reason, advice })
})

test('truncates a description after 500 characters', () => {
  const { reason } = explain(400, { error: 'x', error_description: 'y'.repeat(501) })
  expect(reason).toBe(`HTTP 400 x (${'y'.repeat(497)}...)`)
})

test.each([
  ['problem details (RFC 9457)', { title: 'Short', detail: 'Why' }, 'HTTP 400 (Why)'],
  ['a title alone', { title: 'Why' }, 'HTTP 400 (Why)'],
  ['an empty description', { error: 'x', error_description: ' ' }, 'HTTP 400 x'],
  ['nothing', {}, 'HTTP 400'],
  ['values of other types', { error: 7, error_description: {}, message: [] }, 'HTTP 400'],
  ['an error that is null', { error: null }, 'HTTP 400'],
  ['an error without a message', { error: { code: 1 } }, 'HTTP 400'],
  ['an empty code', { error: '' }, 'HTTP 400'],
])('describes %s', (_name, body, reason) => {
  expect(explain(400, body)).toMatchObject({ reason, advice: CHECK_URL_AND_METHOD })
})

test.each([{}, false, 0, ''])('explains the error %j with status 200', (error) => {
  expect(explain(200, { error }).reason).toBe('HTTP 200 with an unspecified error')
})

test.each<[string, number, string, IncomingHttpHeaders, string, string]>([
  ['an HTML page', 200, '\n <!DOCTYPE html>', {}, 'an HTML page instead of JSON', NOT_JSON],
  ['an XHTML page', 400, '<?xml version="1.0"?><html>', {}, 'an HTML page instead of JSON', NOT_JSON],
  ['an HTML page of a gateway', 502, '<html>', {}, 'an HTML page instead of JSON', SERVER_PROBLEM],
  ['whitespace', 200, '\n', {}, 'an empty response', NOT_JSON],
  ['text with a tag', 400, 'see <html>', {}, 'a response that is not a JSON object', NOT_JSON],
  ['a JSON array', 400, '[1]', {}, 'a response that is not a JSON object', NOT_JSON],
  [
    'a compressed body',
    200,
    '\u001f\ufffd',
    { 'content-encoding': 'gzip' },
    'an unexpected compressed response',
    NOT_JSON,
  ],
])('explains %s instead of a JSON object', (_name, status, body, headers, found, advice) => {
  expect(explain(status, body, headers)).toMatchObject({ reason: `HTTP ${status} with ${found}`, advice })
})

const SAME_SERVER = 'redirect to another path on the same server'
const NO_LOCATION = 'redirect without a valid Location'

test.each<[string, number, string | undefined, string]>([
  ['another host', 307, 'https://other.example:8443/x?y=1', 'redirect to https://other.example:8443'],
  ['a host with the secret in it', 302, `https://${SECRET.toUpperCase()}.example`, 'redirect to ***'],
  ['a path', 302, '/login?secret=1', SAME_SERVER],
  ['the same server', 303, 'https://as.example/x', SAME_SERVER],
  ['nowhere', 300, undefined, NO_LOCATION],
  ['no URL', 304, 'https://[', NO_LOCATION],
  ['a URL without a host', 399, 'javascript:alert(1)', NO_LOCATION],
])('explains a redirect to %s', (_name, status, location, reason) => {
  expect(explain(status, '{"error":"x"}', location === undefined ? {} : { location })).toMatchObject({
    reason: `HTTP ${status} ${reason}`,
    advice:
      'Check token-url: its path is probably wrong. Redirects are not followed because they could leak the credentials.',
    transient: undefined,
  })
})

test.each<[number, object, IncomingHttpHeaders]>([
  [400, { error: 'invalid_request' }, {}],
  [401, {}, {}],
  [404, {}, {}],
  [302, {}, { location: '/x' }],
])('names the source of the endpoint in the advice on %i %j', (status, body, headers) => {
  const { advice } = explain(status, body, headers, 'the token_endpoint in the metadata')
  expect(advice).toContain('the token_endpoint in the metadata')
  expect(advice).not.toContain('token-url')
})

test('shows the text of the server as printable ASCII without secrets', () => {
  const body = { error: `x\n::error::${SECRET} y`, error_description: `##[error] ${SECRET}\u0007 z` }
  expect(explain(400, body).reason).toBe('HTTP 400 *** y (## [error] *** z)')
})

test.each([
  ['a workflow command', '#HTTP 400 #[stop-commands]x', 'HTTP 400 x (## [stop-commands]x)'],
  ['a secret', `${SECRET.slice(0, 10)}HTTP 400 ${SECRET.slice(10)}`, 'HTTP 400 x (***)'],
])('does not put together %s by removing the repeated status', (_name, error_description, reason) => {
  expect(explain(400, { error: 'x', error_description }).reason).toBe(reason)
})

test('advises on the client authentication if the grant has nothing else that can be rejected', () => {
  const { advice } = explainErrorResponse(
    {
      endpoint: { url: new URL('https://as.example/'), source: 'token-url' },
      status: 400,
      headers: {},
      body: '{"error":"invalid_grant"}',
    },
    { secrets: [], client: () => CLIENT, enableGrant: ENABLE },
  )
  expect(advice).toBe(`${CLIENT} ${ENABLE}`)
})

test.each([
  ['without its final period', 'Why.', 'HTTP 400 x (Why)'],
  ['with an ellipsis', 'Why...', 'HTTP 400 x (Why...)'],
])('shows a description %s', (_name, error_description, reason) => {
  expect(explain(400, { error: 'x', error_description }).reason).toBe(reason)
})

test('does not mention credentials for a request without any', () => {
  const respond = (status: number, body: string) =>
    explainErrorResponse(
      { endpoint: { url: new URL('https://as.example/'), source: 'issuer' }, status, headers: {}, body },
      { secrets: [] },
    ).advice
  expect(respond(500, '')).toBe(SERVER_PROBLEM)
  expect(respond(401, '')).toBe('Check issuer. Also check issuer: its path may be wrong.')
  for (const error of ['invalid_client', 'invalid_grant', 'unauthorized_client', 'unsupported_grant_type']) {
    expect(respond(400, JSON.stringify({ error }))).toBe('Check issuer.')
  }
})

test.each([400, 401, 403, 404, 405, 407, 413, 501, 505])('does not retry after the status %i', (status) => {
  expect(explain(status, '').transient).toBeUndefined()
})

test.each([408, 429, 500, 502, 503, 504])('retries after the status %i, with its headers', (status) => {
  const date = 'Mon, 23 Nov 2026 18:00:00 GMT'
  for (const body of ['', '{"error":"x"}', '{"error":"invalid_client"}']) {
    expect(explain(status, body, { 'retry-after': '7', date }).transient).toEqual({
      status,
      retryAfter: '7',
      date,
    })
  }
})
