/** The built action against each fault of the misbehaving server, side by side. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { StepResult } from '../../dev/runner/fake-runner.ts'
import {
  createFaults,
  GOOD_TOKEN,
  type MisbehavingServer,
  startMisbehavingServer,
} from '../../dev/servers/misbehaving-server.ts'
import { expectNoLeak, startCheckedJob } from '../leaks.ts'

const SECRET = 'fake/9f8e7d6c5b4a+3210fedcba98'
const ENCODED = 'fake%2F9f8e7d6c5b4a%2B3210fedcba98'
const BASIC = Buffer.from(`fake-id:${ENCODED}`).toString('base64')
const SIDE_BY_SIDE = 8

const CREDENTIALS =
  'Check that client-id and client-secret belong to the same app, and that the secret was not renewed after it was stored. Note that client-secret has characters that are sent encoded (RFC 6749, 2.3.1), which some servers do not decode: try auth-method client_secret_post.'
const FLOW_AND_CREDENTIALS = `Allow the client credentials flow for this app in the settings of the server. ${CREDENTIALS}`
const ENDPOINT = 'Check that token-url names a token endpoint (RFC 6749, 5.1).'
const FLOW = 'Allow the client credentials flow for this app in the settings of the server.'
const REQUEST =
  'The server misses a parameter, or does not allow one. Check scope, audience, resource, extra-params and auth-method, and that token-url names the right endpoint.'
const RUN_AGAIN = 'Run the job again; if it fails again, look at the status page of the server.'
const SCOPE = 'Check scope: the server does not know it, does not grant it to this app, or wants one.'
const SERVER =
  'The server has a problem of its own. Run the job again; if it fails again, look at its status page.'
const WHO =
  'Check token-url. A proxy or the login page of a network may also have answered in place of the server.'
const BROKE_OFF = 'the connection broke off (ECONNRESET)'
const NO_ADDRESS =
  'which is not followed. Check token-url: it must be the final address, for a redirect could take the credentials elsewhere.'
const NO_JSON = `HTTP 200 with something else than a JSON object. ${WHO}`
const BAD_TOKEN = `HTTP 200 with an access_token that is empty or no plain text. ${ENDPOINT}`
const VALID = 'Got a Bearer token, valid until <time>, in 60 min'
const UNKNOWN = 'Got a Bearer token; the server does not say how long it is valid'
const NO_SECONDS =
  '::warning::The expires_in of the server is no number of seconds. expires-in and expires-at stay empty.'
const NO_TYPE = '::warning::The server names no valid token_type. Bearer is assumed.'
const again = (reason: string, rest = ' of 2') => `${reason}; trying again in <n> s (attempt 2${rest})`
const UNTIL = ', until the timeout'

interface Row {
  readonly requests: number
  readonly exitCode: number
  /** All that is printed after the masks and the first line. */
  readonly printed: readonly string[]
  readonly with?: Readonly<Record<string, string>>
}

/** One request, and it is over. */
const fails = (message: string, inputs = {}): Row => ({
  requests: 1,
  exitCode: 1,
  printed: [`::error::Could not get a token from <host>: ${message}`],
  with: inputs,
})
/** A second request, which fails as well. */
const failsTwice = (reason: string, cure: string): Row => ({
  requests: 2,
  exitCode: 1,
  printed: [again(reason), `::error::Could not get a token from <host> in 2 attempts: ${reason}. ${cure}`],
})
/** A second request, which brings the token. */
const recovers = (reason: string, rest?: string): Row => ({
  requests: 2,
  exitCode: 0,
  printed: [again(reason, rest), VALID],
})
const works = (...printed: string[]): Row => ({ requests: 1, exitCode: 0, printed })
const AT_ONCE = { retries: '0' }
const BRIEF = { timeout: '1' }

const ROWS: Readonly<Record<string, Row>> = {
  dropped: failsTwice(BROKE_OFF, RUN_AGAIN),
  reset: failsTwice(BROKE_OFF, RUN_AGAIN),
  'reset once': recovers(BROKE_OFF),
  'half-closed without an answer': failsTwice(BROKE_OFF, RUN_AGAIN),
  silent: fails(`no complete answer within 1 s. ${RUN_AGAIN}`, BRIEF),
  'dripping head': fails(`no complete answer within 1 s. ${RUN_AGAIN}`, BRIEF),
  'dripping body': fails(`no complete answer within 1 s. ${RUN_AGAIN}`, BRIEF),
  'cut in the middle of the head': failsTwice(BROKE_OFF, RUN_AGAIN),
  'cut in the middle of the body': failsTwice(BROKE_OFF, RUN_AGAIN),
  'cut once in the middle of the body': recovers(BROKE_OFF),
  'reset in the middle of the body': failsTwice(BROKE_OFF, RUN_AGAIN),
  'cut in the middle of a chunk': failsTwice(BROKE_OFF, RUN_AGAIN),
  'cut between two chunks': failsTwice(BROKE_OFF, RUN_AGAIN),
  'ended by closing, in the middle of JSON': fails(NO_JSON),
  flood: fails('the answer is larger than 1 MiB. Check token-url.'),
  'announced flood': fails('the answer is larger than 1 MiB. Check token-url.'),
  'head without an end': fails('the answer is not HTTP (HPE_HEADER_OVERFLOW). Check token-url.'),
  'garbage instead of HTTP': fails('the answer is not HTTP (HPE_INVALID_CONSTANT). Check token-url.'),
  'TLS alert': fails('the answer is not HTTP (HPE_INVALID_CONSTANT). Check token-url.'),
  'bad chunk': failsTwice(BROKE_OFF, RUN_AGAIN),
  'two lengths': fails('the answer is not HTTP (HPE_UNEXPECTED_CONTENT_LENGTH). Check token-url.'),
  'an early hint before the answer': works(VALID),
  'gzip that was not asked for': fails(`HTTP 200 with a compressed answer, which was not asked for. ${WHO}`),

  'unauthorized_client with 401': fails(`HTTP 401 unauthorized_client. ${FLOW_AND_CREDENTIALS}`),
  // Node drops the connection without an error: the promise never settles, and the guard speaks.
  'an upgrade that was not asked for': {
    requests: 1,
    exitCode: 1,
    printed: [
      '::error::Stopped in the middle: the connection was gone without an answer and without an error. Run the job again; if it fails again, check token-url or issuer.',
    ],
  },
  'a status that does not exist': fails('HTTP 999. Check token-url.'),
  '400': fails('HTTP 400. Check token-url and auth-method.'),
  '401': fails(`HTTP 401. ${CREDENTIALS}`),
  '403': fails(
    `HTTP 403. ${FLOW} Check, too, that the app may have scope and audience, and that the server does not refuse the address of the runner.`,
  ),
  '404': fails(
    'HTTP 404 with an HTML page instead of JSON. Check the path in token-url: there is nothing there.',
  ),
  '405': fails(
    'HTTP 405 with an empty answer. Check the path in token-url: it does not take this kind of request.',
  ),
  '407': fails(`HTTP 407 with an empty answer. ${WHO}`),
  '408': failsTwice('HTTP 408', SERVER),
  '413': fails('HTTP 413. Check token-url.'),
  '429': fails(
    'HTTP 429. There were too many requests. Run the job later, or let fewer jobs ask at the same time.',
    AT_ONCE,
  ),
  '429 once': recovers('HTTP 429', UNTIL),
  '500': failsTwice('HTTP 500', SERVER),
  '501': fails(`HTTP 501. ${SERVER}`),
  '502 of a gateway': failsTwice('HTTP 502 with an HTML page instead of JSON', SERVER),
  '503': fails(`HTTP 503. ${SERVER}`, AT_ONCE),
  '503 once': recovers('HTTP 503', UNTIL),
  '504': failsTwice('HTTP 504', SERVER),
  'a status with a reason that is an attack': fails('HTTP 400. Check token-url and auth-method.'),
  '204 without a body': fails(`HTTP 204 with an empty answer. ${WHO}`),

  'Retry-After in seconds': recovers('HTTP 503', UNTIL),
  'Retry-After as a date': recovers('HTTP 503', UNTIL),
  'Retry-After beyond the deadline': fails(
    'HTTP 429. The server asks to wait 3600 s, but of the time in timeout only <n> s are left. Run the job later, or raise timeout.',
  ),
  'Retry-After as a date beyond the deadline': fails(
    'HTTP 503. The server asks to wait more than a day, but of the time in timeout only <n> s are left. Run the job later, or raise timeout.',
  ),
  'Retry-After as nonsense': recovers('HTTP 503', UNTIL),
  'Retry-After after an error that cannot pass': fails('HTTP 400. Check token-url and auth-method.'),

  invalid_request: fails(`HTTP 400 invalid_request (Told by the server). ${REQUEST}`),
  invalid_client: fails(`HTTP 400 invalid_client (Told by the server). ${CREDENTIALS}`),
  invalid_grant: fails(
    'HTTP 400 invalid_grant (Told by the server). Check that token-url names the endpoint for the client credentials flow, and that the app is set up for it.',
  ),
  unauthorized_client: fails(`HTTP 400 unauthorized_client (Told by the server). ${FLOW_AND_CREDENTIALS}`),
  unsupported_grant_type: fails(
    `HTTP 400 unsupported_grant_type (Told by the server). Check token-url. ${FLOW}`,
  ),
  invalid_scope: fails(`HTTP 400 invalid_scope (Told by the server). ${SCOPE}`),
  invalid_target: fails(
    'HTTP 400 invalid_target (Told by the server). Check resource and audience: the server does not know the API, does not grant it to this app, or wants one.',
  ),
  temporarily_unavailable: fails(`HTTP 503 temporarily_unavailable. ${SERVER}`, AT_ONCE),
  "error of Spotify's API": fails('HTTP 400 (Told by the server). Check token-url and auth-method.'),
  '200 with an error': fails(`HTTP 200 invalid_scope. ${SCOPE}`),

  'captive portal': fails(`HTTP 200 with an HTML page instead of JSON. ${WHO}`),
  empty: fails(`HTTP 200 with an empty answer. ${WHO}`),
  null: fails(NO_JSON),
  array: fails(NO_JSON),
  'bare string': fails(NO_JSON),
  'form-encoded': fails(NO_JSON),
  'JSON called HTML': works(UNKNOWN),
  'JSON with a byte order mark': works(UNKNOWN),
  'JSON that a parser would quote': fails(NO_JSON),
  'deeply nested': fails(NO_JSON),

  'no access_token': fails(`HTTP 200 with no access_token. ${ENDPOINT}`),
  'access_token that is a number': fails(BAD_TOKEN),
  'access_token that is an object': fails(BAD_TOKEN),
  'access_token that is empty': fails(BAD_TOKEN),
  'access_token with a line break': fails(BAD_TOKEN),
  'access_token with an escape': fails(BAD_TOKEN),
  'access_token of 64 kB': works(UNKNOWN),
  'no token_type': works(NO_TYPE, UNKNOWN),
  'token_type that is an attack': works(NO_TYPE, UNKNOWN),
  'scope that is an attack': works(
    '::warning::The scope of the server is no list of names. The output scope stays empty.',
    UNKNOWN,
  ),
  'second token': works(UNKNOWN),

  'expires_in as a string': works(VALID),
  'expires_in as a fraction': works(VALID),
  'expires_in of 0': works('Got a Bearer token, valid until <time>, in 0 s'),
  'expires_in negative': works(NO_SECONDS, UNKNOWN),
  'expires_in null': works(UNKNOWN),
  'expires_in as words': works(NO_SECONDS, UNKNOWN),
  'expires_in beyond the calendar': works(NO_SECONDS, UNKNOWN),
  'expires_in beyond every number': works(NO_SECONDS, UNKNOWN),
  'expires_in as an array': works(NO_SECONDS, UNKNOWN),

  '301': fails(`HTTP 301, a redirect to https://other.example, ${NO_ADDRESS}`),
  '302': fails(`HTTP 302, a redirect to another path of the same server, ${NO_ADDRESS}`),
  '303': fails(`HTTP 303, a redirect to http://other.example, ${NO_ADDRESS}`),
  '307': fails(`HTTP 307, a redirect to http://127.0.0.1:1, ${NO_ADDRESS}`),
  '304': fails(`HTTP 304, a redirect without a valid address. ${WHO}`),
  '308 to nowhere': fails(`HTTP 308, a redirect without a valid address. ${WHO}`),
  'redirect that is an attack': fails(`HTTP 307, a redirect without a valid address. ${WHO}`),
  'redirect to a script': fails(`HTTP 302, a redirect without a valid address. ${WHO}`),

  'attack in the announcement of a wait': recovers(
    'HTTP 503 ## [stop-commands]x (?::stop-commands::x)',
    UNTIL,
  ),
  'text that begins a line': fails(`HTTP 400 invalid_request (?::stop-commands::x). ${REQUEST}`),
  'text with the older command': fails(`HTTP 400 invalid_request (see ## [stop-commands]x). ${REQUEST}`),
  'text with percent signs': fails(`HTTP 400 invalid_request (%250A::stop-commands::x%250D). ${REQUEST}`),
  'text with escape sequences': fails(`HTTP 400 invalid_request (?[2J?]0;x?). ${REQUEST}`),
  'text with separators of Unicode': fails(
    `HTTP 400 invalid_request (a?::stop-commands::x?b?c?d). ${REQUEST}`,
  ),
  'text of 5,000 characters': fails(`HTTP 400 invalid_request (${'x'.repeat(197)}...). ${REQUEST}`),
  'text that is an object': fails('HTTP 400. Check token-url and auth-method.'),
  'echo of the secret': fails(`HTTP 400 invalid_request (*** *** ***). ${REQUEST}`),
  'echo of the secret across the cut': fails(`HTTP 400 invalid_request (${'x'.repeat(185)}***). ${REQUEST}`),
  'echo of the secret in the code, in the header and in the address': fails(
    'HTTP 400 ***. Check token-url and auth-method.',
  ),
  'redirect with the secret': fails(`HTTP 302, a redirect to https://other.example, ${NO_ADDRESS}`),
}

interface Run {
  readonly step: StepResult
  readonly ms: number
}

let server: MisbehavingServer
const runs = new Map<string, Run>()

beforeAll(async () => {
  server = await startMisbehavingServer()
  const waiting = Object.entries(ROWS)
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, { with: inputs }] = next
      const start = performance.now()
      const step = await startCheckedJob().runAction({
        with: {
          'client-id': 'fake-id',
          'client-secret': SECRET,
          'token-url': server.urlOf(name),
          timeout: '30',
          retries: '1',
          ...inputs,
        },
      })
      runs.set(name, { step, ms: performance.now() - start })
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker))
}, 120_000)

afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

test('there is a row for every fault', () => {
  expect(Object.keys(ROWS).sort()).toEqual(Object.keys(createFaults()).sort())
})

test.each(Object.entries(ROWS))('%s', (name, { requests, exitCode, printed, with: inputs = {} }) => {
  const { step, ms } = runs.get(name) as Run
  const host = new URL(server.urlOf(name)).host
  const shown = step.printed
    .filter((line) => !line.startsWith('::add-mask::'))
    .map((line) =>
      line
        .replaceAll(host, '<host>')
        .replace(/\d\d\d\d-\d\d-\d\d \d\d:\d\d UTC/, '<time>')
        // What a busy machine took to come that far is missing from the second.
        .replace(/within 0\.\d s/, 'within 1 s')
        .replace(/ in \d+\.\d s/, ' in <n> s')
        .replace(/only \d+ s/, 'only <n> s'),
    )
  expect(shown).toEqual(['Asking <host> for an access token', ...printed])
  expect(step.exitCode).toBe(exitCode)
  expect(server.requestsFor(name)).toBe(requests)
  // A wait is at most 5 s here; the rest is for a busy machine.
  expect(ms).toBeLessThan('timeout' in inputs ? 20_000 : 30_000)

  if (exitCode === 0)
    expect(step.outputs['access-token']).toMatch(name.includes('64 kB') ? /^x{65536}$/ : GOOD_TOKEN)
  else expect(step.outputs).toEqual({})
  expectNoLeak(step, [SECRET, BASIC, GOOD_TOKEN, 'fake-refresh-token'])
  expect(JSON.stringify(step.printed)).not.toContain(ENCODED)
})
