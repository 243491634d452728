/** The built action against every fault of the misbehaving server, in parallel. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { StepResult } from '../../dev/runner/fake-runner.ts'
import {
  createFaults,
  GOOD_TOKEN,
  type MisbehavingServer,
  startMisbehavingServer,
} from '../../dev/servers/misbehaving-server.ts'
import { createAuthority, type TlsAuthority } from '../../dev/servers/tls-authority.ts'
import { expectNoLeak, startCheckedJob } from '../leaks.ts'

const SECRET = 'fake/9f8e7d6c5b4a+3210fedcba98'
const ENCODED = 'fake%2F9f8e7d6c5b4a%2B3210fedcba98'
const BASIC = Buffer.from(`fake-id:${ENCODED}`).toString('base64')
const PARALLEL_RUNS = 8

/** How the log lines start; the unit tests assert the rest of their words. */
const REQUESTING = 'Requesting an access token from <host>'
const GOAL = 'Could not get an access token from <host>'
const WAIT = /; retrying in \d+\.\d s \(attempt \d+\b.*\)$/
const SUCCESS = /^Got a Bearer token/
const NO_TYPE = /^::warning::The response has no valid token_type\b/
const NO_LIFETIME = /^::warning::The response has an invalid expires_in\b/
const NO_SCOPE = /^::warning::The response has an invalid scope\b/

const RESET = /\(ECONNRESET\)/
const INCOMPLETE = /^the response is incomplete/
const TIMED_OUT = /^timed out/
const TOO_LARGE = /1 MiB/
const OTHER_HOST = /^HTTP 30\d\b.* https:\/\/other\.example[., ]/

interface Row {
  readonly requests: number
  readonly exitCode: number
  /** Why an attempt failed, in the error and in the reason for each retry. */
  readonly cause?: string | RegExp
  readonly warnings?: readonly RegExp[]
  /** Number of masks: the secret, the Basic credential, and the tokens in the response. */
  readonly masks?: number
  readonly with?: Readonly<Record<string, string>>
}

const fails = (cause: string | RegExp, inputs = {}): Row => ({
  requests: 1,
  exitCode: 1,
  cause,
  with: inputs,
})
const failsTwice = (cause: string | RegExp): Row => ({ requests: 2, exitCode: 1, cause })
const recovers = (cause: string | RegExp): Row => ({ requests: 2, exitCode: 0, cause })
const works = (...warnings: readonly RegExp[]): Row => ({ requests: 1, exitCode: 0, warnings })
/** Inputs besides those of every row, which has one retry and a timeout of 30 s. */
const NO_RETRY = { retries: '0' }
const SHORT = { timeout: '1' }

const ROWS: Readonly<Record<string, Row>> = {
  dropped: failsTwice(RESET),
  reset: failsTwice(RESET),
  'reset once': recovers(RESET),
  'half-closed without a response': failsTwice(RESET),
  silent: fails(TIMED_OUT, SHORT),
  'dripping head': fails(TIMED_OUT, SHORT),
  'dripping body': fails(TIMED_OUT, SHORT),
  'cut in the middle of the head': failsTwice(RESET),
  'cut in the middle of the body': failsTwice(RESET),
  'cut once in the middle of the body': recovers(RESET),
  'reset in the middle of the body': failsTwice(RESET),
  'cut in the middle of a chunk': failsTwice(RESET),
  'cut between two chunks': failsTwice(RESET),
  'closed in a body of unknown length': failsTwice(INCOMPLETE),
  'closed once in a body of unknown length': recovers(INCOMPLETE),
  'dropped in a body of unknown length': failsTwice(INCOMPLETE),
  'reset in a body of unknown length': failsTwice(INCOMPLETE),
  'reset before a body of unknown length': failsTwice(INCOMPLETE),
  'silent in a body of unknown length': fails(/^(timed out|the response is incomplete)/, SHORT),
  'closed after a body of unknown length': works(NO_TYPE),
  'closed after an HTML page of unknown length': fails(/^HTTP 200\b/),
  flood: fails(TOO_LARGE),
  'announced flood': fails(TOO_LARGE),
  'head without an end': fails(/\(HPE_HEADER_OVERFLOW\)/),
  'garbage instead of HTTP': fails(/\(HPE_INVALID_CONSTANT\)/),
  'TLS alert': fails(/\(HPE_INVALID_CONSTANT\)/),
  'bad chunk': fails(/\(HPE_INVALID_CHUNK_SIZE\)/),
  'two lengths': fails(/\(HPE_UNEXPECTED_CONTENT_LENGTH\)/),
  'early hint before the response': works(),
  'unexpected gzip': fails(/^HTTP 200\b/),

  'unauthorized_client with 401': fails(/^HTTP 401 unauthorized_client\b/),
  '101': fails(/./, NO_RETRY),
  '101 without an upgrade': fails(/./, NO_RETRY),
  '999': fails(/^HTTP 999\b/),
  '400': fails(/^HTTP 400\b/),
  '401': fails(/^HTTP 401\b/),
  '403': fails(/^HTTP 403\b/),
  '404': fails(/^HTTP 404\b/),
  '405': fails(/^HTTP 405\b/),
  '407': fails(/^HTTP 407\b/),
  '408': failsTwice(/^HTTP 408\b/),
  '413': fails(/^HTTP 413\b/),
  '429': fails(/^HTTP 429\b/, NO_RETRY),
  '429 once': recovers(/^HTTP 429\b/),
  '500': failsTwice(/^HTTP 500\b/),
  '501': fails(/^HTTP 501\b/),
  '502 of a gateway': failsTwice(/^HTTP 502\b/),
  '503': fails(/^HTTP 503\b/, NO_RETRY),
  '503 once': recovers(/^HTTP 503\b/),
  'busy twice, then reset': { requests: 4, exitCode: 0, cause: /^HTTP (503|429)\b|\(ECONNRESET\)/ },
  '504': failsTwice(/^HTTP 504\b/),
  'status line with a workflow command': fails(/^HTTP 400\b/),
  '204 without a body': fails(/^HTTP 204\b/),

  'Retry-After in seconds': recovers(/^HTTP 503\b/),
  'Retry-After as a date': recovers(/^HTTP 503\b/),
  "Retry-After as a date by the server's fast clock": recovers(/^HTTP 503\b/),
  "Retry-After as a date by the server's slow clock, beyond the deadline": fails(/^HTTP 503\b.*\b3600 s\b/),
  'Retry-After beyond the deadline': fails(/^HTTP 429\b.*\b3600 s\b/),
  'Retry-After as a date beyond the deadline': fails(/^HTTP 503\b/),
  'Retry-After that is invalid': recovers(/^HTTP 503\b/),
  'Retry-After with a permanent error': fails(/^HTTP 400\b/),

  invalid_request: fails('HTTP 400 invalid_request (Description from the server)'),
  invalid_client: fails('HTTP 400 invalid_client (Description from the server)'),
  invalid_grant: fails('HTTP 400 invalid_grant (Description from the server)'),
  unauthorized_client: fails('HTTP 400 unauthorized_client (Description from the server)'),
  unsupported_grant_type: fails('HTTP 400 unsupported_grant_type (Description from the server)'),
  invalid_scope: fails('HTTP 400 invalid_scope (Description from the server)'),
  invalid_target: fails('HTTP 400 invalid_target (Description from the server)'),
  temporarily_unavailable: fails('HTTP 503 temporarily_unavailable', NO_RETRY),
  "error of Spotify's API": fails('HTTP 400 (Description from the server)'),
  '200 with an error': fails('HTTP 200 invalid_scope'),

  'captive portal': fails(/^HTTP 200\b/),
  empty: fails(/^HTTP 200\b/),
  null: fails(/^HTTP 200\b/),
  array: fails(/^HTTP 200\b/),
  'bare string': fails(/^HTTP 200\b/),
  'form-encoded': fails(/^HTTP 200\b/),
  'JSON called HTML': works(),
  'JSON with a byte order mark': works(),
  'invalid JSON with a workflow command': fails(/^HTTP 200\b/),
  'deeply nested': fails(/^HTTP 200\b/),

  'no access_token': fails(/^HTTP 200\b.*\baccess_token\b/),
  'access_token that is a number': fails(/^HTTP 200\b.*\baccess_token\b/),
  'access_token that is an object': fails(/^HTTP 200\b.*\baccess_token\b/),
  'access_token that is empty': fails(/^HTTP 200\b.*\baccess_token\b/),
  'access_token with a line break': fails(/^HTTP 200\b.*\baccess_token\b/),
  'access_token with an escape': fails(/^HTTP 200\b.*\baccess_token\b/),
  'access_token of 7 characters': works(),
  'access_token of 64 kB': works(),
  'no token_type': works(NO_TYPE),
  'token_type with a workflow command': works(NO_TYPE),
  'scope with a workflow command': works(NO_SCOPE),
  'scope of 1 MiB of blanks': works(),
  'second token': { ...works(), masks: 4 },
  'second token too short to mask': works(),
  'second token just long enough to mask': { ...works(), masks: 4 },
  '100 more tokens': { ...works(), masks: 3 + 32 },

  'expires_in as a string': works(),
  'expires_in as a fraction': works(),
  'expires_in of 0': works(),
  'expires_in negative': works(NO_LIFETIME),
  'expires_in null': works(),
  'expires_in as words': works(NO_LIFETIME),
  'expires_in beyond the last date': works(NO_LIFETIME),
  'expires_in that overflows': works(NO_LIFETIME),
  'expires_in as an array': works(NO_LIFETIME),

  '301': fails(OTHER_HOST),
  '302': fails(/^HTTP 302\b(?!.*login)/),
  '303': fails(/^HTTP 303\b.* http:\/\/other\.example[., ]/),
  '307': fails(/^HTTP 307\b.* http:\/\/127\.0\.0\.1:1[., ]/),
  '304': fails(/^HTTP 304\b/),
  '308 to nowhere': fails(/^HTTP 308\b/),
  'redirect with workflow commands': fails(/^HTTP 307\b(?!.*stop-commands)/),
  'redirect to a script': fails(/^HTTP 302\b(?!.*script)/),

  'workflow commands in the reason for a retry': recovers(
    'HTTP 503 ## [stop-commands]x (?::stop-commands::x)',
  ),
  'description with a line break and a workflow command': fails(
    'HTTP 400 invalid_request (?::stop-commands::x)',
  ),
  'description with an older workflow command': fails(
    'HTTP 400 invalid_request (see ## [stop-commands]x ## [error]y)',
  ),
  'description with percent signs': fails('HTTP 400 invalid_request (%250A::stop-commands::x%250D)'),
  'description with escape sequences': fails('HTTP 400 invalid_request (?[2J?]0;x?)'),
  'description with Unicode separators': fails('HTTP 400 invalid_request (a?::stop-commands::x?b?c?d)'),
  'description of 5,000 characters': fails(/^HTTP 400 invalid_request \(x{100,500}\.\.\.\)/),
  'description that is an object': fails(/^HTTP 400\./),
  'echo of the secret': fails('HTTP 400 invalid_request (*** *** ***)'),
  'echo of a part of the secret': fails('HTTP 400 invalid_request (***)'),
  'echo of the secret across the truncation': fails(/^HTTP 400 invalid_request \(x*\*\*\*\)/),
  'echo of the secret in the error code, the headers and the status line': fails('HTTP 400 ***'),
  'redirect with the secret': fails(OTHER_HOST),
}

/** Run over TLS as well, where a body can also end without close_notify. */
const OVER_TLS = Object.keys(ROWS).filter((name) => name.endsWith('of unknown length'))

interface Run {
  readonly name: string
  readonly server: MisbehavingServer
  /** Rejected if the run leaked a secret. */
  readonly step: Promise<StepResult>
}

const servers: MisbehavingServer[] = []
const runs = new Map<string, Run>()
let authority: TlsAuthority

beforeAll(async () => {
  authority = await createAuthority(['localhost'])
  const plain = await startMisbehavingServer()
  const secure = await startMisbehavingServer(authority.tls)
  servers.push(plain, secure)
  const waiting = [
    ...Object.keys(ROWS).map((name) => ({ key: name, name, server: plain })),
    ...OVER_TLS.map((name) => ({ key: `${name}, over TLS`, name, server: secure })),
  ]
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { key, name, server } = next
      const step = startCheckedJob().runAction({
        with: {
          'client-id': 'fake-id',
          'client-secret': SECRET,
          'token-url': server.urlOf(name),
          timeout: '30',
          retries: '1',
          ...ROWS[name]?.with,
        },
        env: { NODE_EXTRA_CA_CERTS: authority.file },
      })
      runs.set(key, { name, server, step })
      await step.catch(() => {})
    }
  }
  await Promise.all(Array.from({ length: PARALLEL_RUNS }, work))
}, 120_000)

afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]()
  authority[Symbol.dispose]()
})

test('every fault has a row', () => {
  expect(Object.keys(ROWS).sort()).toEqual(Object.keys(createFaults()).sort())
})

test.each(Object.keys(ROWS))('%s', expectRow)

describe('over TLS', () => {
  test.each(OVER_TLS)('%s', (name) => expectRow(`${name}, over TLS`))
})

async function expectRow(key: string): Promise<void> {
  const { name, server, step: finished } = runs.get(key) as Run
  const step = await finished
  const {
    requests,
    exitCode,
    cause = '',
    warnings = [],
    masks = 2 + Number(exitCode === 0),
  } = ROWS[name] as Row
  const printed = step.printed.map((line) => line.replaceAll(new URL(server.urlOf(name)).host, '<host>'))
  const log = printed.filter((line) => !line.startsWith('::add-mask::'))

  const errorStart = `::error::${GOAL}${requests > 1 ? ` after ${requests} attempts` : ''}: `
  expect(log).toEqual([
    REQUESTING,
    ...Array.from({ length: requests - 1 }, () => expect.stringMatching(WAIT)),
    ...warnings.map((start) => expect.stringMatching(start)),
    exitCode === 0 ? expect.stringMatching(SUCCESS) : expect.stringContaining(errorStart),
  ])
  for (const line of log.filter((line) => line.startsWith('::error::') || WAIT.test(line)))
    expect(line.replace(errorStart, '')).toMatch(cause)
  // Text of the server is printable, and no workflow command in either syntax.
  expect(log.join('')).not.toMatch(/[^\x20-\x7e]|##\[/)
  expect(step.exitCode).toBe(exitCode)
  expect(server.requestsFor(name)).toBe(requests)
  expect(printed.length - log.length).toBe(masks)

  if (exitCode === 0) expect(step.outputs['access-token']).toMatch(tokenOf(name))
  else expect(step.outputs).toEqual({})
  expectNoLeak(step, [SECRET, BASIC, GOOD_TOKEN, 'fake-refresh-token'])
  expect(JSON.stringify(step.printed)).not.toContain(ENCODED)
}

function tokenOf(name: string): string | RegExp {
  if (name.includes('64 kB')) return /^x{65536}$/
  return name.includes('7 characters') ? /^fake-7c$/ : GOOD_TOKEN
}
