/** What holds for any value, tried on thousands. */
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import * as oauth from 'oauth4webapi'
import { createLineReader, type LogLine } from '../dev/runner/runner-commands.ts'
import { prepareAuthentication } from '../src/client-auth.ts'
import { Failure, type Passing } from '../src/failure.ts'
import { readInputs } from '../src/inputs.ts'
import { printable } from '../src/printable.ts'
import { delayAfter } from '../src/retry.ts'
import { parseTokenResponse, type TokenResponse } from '../src/token.ts'
import { runInProcess } from './in-process.ts'
import { linesPrintedBy } from './stdout.ts'

const SERVER = { audience: 'urn:as', authMethods: [], signingAlgorithms: [] }
/** Of all of Unicode, and as often of ASCII, where what has a meaning is. */
const textOf = (minLength: number) =>
  fc.oneof(fc.string({ unit: 'binary', minLength }), fc.string({ unit: 'binary-ascii', minLength }))
const anyText = textOf(0)

describe('Basic (RFC 6749, 2.3.1)', () => {
  const someText = textOf(1)

  /** RFC 6749, appendix B, read literally: `+` is a space, `%HH` a byte, the bytes are UTF-8. */
  function decode(text: string): string {
    const bytes = [...text.matchAll(/%([0-9A-Fa-f]{2})|(.)/gs)].map(([, hex, character = '']) =>
      hex !== undefined ? Number.parseInt(hex, 16) : character === '+' ? 0x20 : character.charCodeAt(0),
    )
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes))
  }

  const pairIn = (header: string | null | undefined) =>
    Buffer.from(/^Basic ([A-Za-z0-9+/]+=*)$/.exec(header ?? '')?.[1] ?? '', 'base64')
      .toString('ascii')
      .split(':')

  async function ours(clientId: string, clientSecret: string) {
    const credentials = { method: 'client_secret_basic', clientSecret } as const
    let authenticate: ReturnType<typeof prepareAuthentication> | undefined
    linesPrintedBy(() => {
      authenticate = prepareAuthentication({ clientId, credentials }, SERVER)
    })
    return pairIn((await authenticate?.(0))?.headers['Authorization'])
  }

  function theirs(client_id: string, clientSecret: string) {
    const headers = new Headers()
    oauth.ClientSecretBasic(clientSecret)(
      { issuer: 'https://as.example' },
      { client_id },
      new URLSearchParams(),
      headers,
    )
    return pairIn(headers.get('authorization'))
  }

  test('comes through a decoder intact, and agrees with oauth4webapi', async () => {
    await fc.assert(
      fc.asyncProperty(someText, someText, async (clientId, clientSecret) => {
        const pair = await ours(clientId, clientSecret)
        expect(pair.map(decode)).toEqual([clientId, clientSecret])
        expect(pair.map(decode)).toEqual(theirs(clientId, clientSecret).map(decode))
      }),
      { numRuns: 1000 },
    )
  })
})

const SECRET = 'fake-9f8e7d6c5b4a3210'
const TOKEN = 'fake-0123456789abcdef'

/** What can be known to be a token: the fields that are called so. */
function tokensIn(body: string): string[] {
  try {
    return Object.entries(JSON.parse(body) ?? {}).flatMap(([name, value]) =>
      name.endsWith('_token') && typeof value === 'string' && value.trim().length >= 12 ? [value] : [],
    )
  } catch {
    return []
  }
}

/** Reads an answer, and sees to it that what comes of it is a token or one error, and that neither shows a secret. */
function readAnswer(body: string, status: number): TokenResponse | Failure {
  const endpoint = { url: new URL('https://as.example/token'), input: 'token-url' }
  try {
    const token = parseTokenResponse({ endpoint, status, headers: {}, body }, new Date(0), 'read', {
      secrets: [SECRET],
      cure: 'Check the secret.',
    })
    expect(token.accessToken).toMatch(/^(?=.*\S)[\x20-\x7e]+$/)
    expect(token.tokenType).toMatch(/^[\w.:/-]{1,100}$/)
    expect(token.secrets).toContain(token.accessToken)
    expect(`${token.scope}${token.warnings.join('')}`).toMatch(/^[\x20-\x7e]*$/)
    return token
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    expect(error.message).toMatch(/^HTTP \d+[\x20-\x7e]*\.$/)
    for (const secret of [SECRET, ...tokensIn(body)]) {
      expect(error.message).not.toContain(secret.slice(0, 12))
    }
    return error
  }
}

describe('an answer', () => {
  const anyStatus = fc.integer({ min: 200, max: 599 })

  test('of any bytes gives a token or one error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), anyStatus, (bytes, status) => {
        readAnswer(new TextDecoder().decode(bytes), status)
      }),
      { numRuns: 10_000 },
    )
  })

  test('with any fields gives a token or one error', () => {
    const anyValue = fc.oneof(
      fc.anything({ withNullPrototype: false, withBigInt: false, withDate: false, withMap: false }),
      anyText,
      fc.constantFrom(
        TOKEN,
        `${SECRET} ${TOKEN}`,
        null,
        '3600',
        3600,
        Number.MAX_VALUE,
        -1,
        'Bearer',
        ['read'],
        {
          message: SECRET,
        },
      ),
    )
    const names = [
      'access_token',
      'token_type',
      'expires_in',
      'scope',
      'error',
      'error_description',
      'refresh_token',
      '__proto__',
      'constructor',
    ]
    const anyFields = fc.dictionary(fc.constantFrom(...names), anyValue, { noNullPrototype: true })
    fc.assert(
      fc.property(anyFields, anyStatus, (fields, status) => {
        readAnswer(JSON.stringify(fields) ?? '', status)
      }),
      { numRuns: 10_000 },
    )
  })

  const GOOD = JSON.stringify({ access_token: TOKEN, token_type: 'Bearer', expires_in: 3600, scope: 'read' })
  const BAD = JSON.stringify({
    error: 'invalid_client',
    error_description: `no ${SECRET}`,
    access_token: TOKEN,
  })

  test('that is nearly JSON gives a token or one error', () => {
    const nearly = fc
      .tuple(
        fc.constantFrom(GOOD, BAD),
        fc.nat(GOOD.length),
        fc.nat(20),
        fc.oneof(anyText, fc.constantFrom('"', '{', ']', '\\', '\\u0000', '\n', SECRET)),
      )
      .map(([text, start, length, inserted]) => text.slice(0, start) + inserted + text.slice(start + length))
    fc.assert(
      fc.property(nearly, fc.constantFrom(200, 400, 401, 503), (body, status) => {
        readAnswer(body, status)
      }),
      { numRuns: 10_000 },
    )
  })

  test.each([
    '',
    ' ',
    'null',
    'true',
    '0',
    '""',
    '[]',
    '[{}]',
    '{}',
    '{',
    '}',
    '{"access_token"}',
    "{'access_token':'x'}",
    '{"access_token":"x",}',
    '{"access_token":"x"}{}',
    '\ufeff{}',
    '{"access_token":"\\ud800"}',
    '{"access_token":"\u0000"}',
    '{"a":1e400}',
    '[[[[[[[[[[',
    '{"__proto__":{"access_token":"x"}}',
    '{"error":{"toString":1}}',
    '<html>',
    'access_token=x',
    '{"access_token":"x","error":""}',
    `{"error":"${SECRET}"}`,
    '{"error_description":["a"]}',
    'NaN',
    '//{}',
    '{"a":1}//',
  ])('of the corpus gives a token or one error: %j', (body) => {
    for (const status of [200, 302, 400, 500]) readAnswer(body, status)
  })
})

describe('the text of a server', () => {
  const pieces = fc.constantFrom(
    '::',
    '##[',
    '[',
    '#',
    ']',
    'stop-commands',
    '::error::',
    '\n',
    '\r',
    '\u2028',
    '%0A',
    SECRET,
    SECRET.slice(2, 15),
    ' ',
  )
  const hostile = fc.oneof(
    anyText,
    fc.array(fc.oneof(pieces, anyText), { maxLength: 40 }).map((parts) => parts.join('')),
  )

  test('ends as at most 200 printable characters, in which the runner reads no command', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = printable(text, [SECRET])
        expect(shown).toMatch(/^[\x20-\x7e]{0,200}$/)
        expect(shown).not.toContain(SECRET.slice(0, 12))
        const lines: LogLine[] = []
        const reader = createLineReader([], (line) => lines.push(line))
        reader.readLine(`HTTP 400 ${shown}; trying again`)
        reader.readLine(`::error::HTTP 400 ${shown}. Check it.`)
        reader.readLine('::debug::still obeyed')
        expect(lines.map(({ kind }) => kind)).toEqual(['text', 'error', 'debug'])
      }),
      { numRuns: 10_000 },
    )
  })
})

test('any Retry-After and any clock give a wait within the bounds, or a stop', () => {
  const retryAfter = fc.oneof(
    fc.constant(undefined),
    anyText,
    fc.nat(200).map(String),
    fc.bigInt().map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
  )
  const situation = fc.record({
    attempts: fc.integer({ min: 1, max: 50 }),
    retries: fc.nat(10),
    retriesWhenBusy: fc.constantFrom(0, 1, Number.POSITIVE_INFINITY),
    msLeft: fc.double({ min: -1000, max: 3_600_000, noNaN: true }),
    now: fc.date({ noInvalidDate: true }),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  fc.assert(
    fc.property(
      retryAfter,
      fc.constantFrom(undefined, 429, 500, 503),
      situation,
      (retryAfter, status, situation) => {
        const passing: Passing = status === undefined ? { retryAfter } : { status, retryAfter }
        const delay = delayAfter(passing, situation)
        if ('stop' in delay) return expect(delay.stop).toMatch(/^(retries|timeout|retry-after)$/)
        expect(delay.waitMs).toBeGreaterThanOrEqual(0)
        // There is always time for another attempt after it.
        expect(delay.waitMs).toBeLessThanOrEqual(situation.msLeft - 500)
        const busy = status === 429 || status === 503
        expect(situation.attempts).toBeLessThanOrEqual(busy ? situation.retriesWhenBusy : situation.retries)
        const asked = /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : 0
        return expect(delay.waitMs).toBeGreaterThanOrEqual(asked)
      },
    ),
    { numRuns: 10_000 },
  )
})

describe('inputs of several lines', () => {
  const inputs = {
    'client-id': 'fake-id',
    'client-secret': SECRET,
    'token-url': 'https://as.example/token',
  }
  // Line breaks that a workflow can have; a variable of the environment ends at a NUL.
  const lines = fc.array(
    fc.oneof(anyText, fc.constantFrom('a=1', ' b = 2 ', '', '=', 'urn:x', 'grant_type=x')),
    { maxLength: 6 },
  )
  const separator = fc.constantFrom('\n', '\r\n', '\n\n')
  const text = fc.tuple(lines, separator).map(([list, between]) => list.join(between).replaceAll('\0', ''))

  test('are read, or refused by their name', async () => {
    const act = async () => {
      await fc.assert(
        fc.asyncProperty(fc.constantFrom('extra-params', 'resource', 'scope'), text, async (name, value) => {
          process.env[`INPUT_${name.toUpperCase()}`] = value
          try {
            const { parameters, scope } = readInputs()
            expect(scope).not.toMatch(/[\r\n]/)
            const entries = value.split(/[\r\n]+/).filter((line) => line.trim() !== '')
            if (name !== 'scope') expect(parameters).toHaveLength(entries.length)
            for (const [key, text] of parameters) {
              expect(key).toMatch(/^[^=\s]+$/)
              expect(text).toBe(text.trim())
            }
          } catch (error) {
            if (!(error instanceof Error) || error.constructor !== Error) throw error
            expect(error.message.startsWith(`${name} `)).toBe(true)
          } finally {
            process.env[`INPUT_${name.toUpperCase()}`] = ''
          }
        }),
        { numRuns: 3000 },
      )
    }
    expect((await runInProcess(act, inputs)).error).toBeUndefined()
  })
})

test('the end of a token is never later than the server says, for any number', () => {
  const number = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.constantFrom(0, -0, 1e15, 253_402_300_799),
  )
  fc.assert(
    fc.property(number, fc.boolean(), (seconds, isString) => {
      const literal = isString ? JSON.stringify(String(seconds)) : String(seconds)
      const result = readAnswer(
        `{"access_token":"${TOKEN}","token_type":"Bearer","expires_in":${literal}}`,
        200,
      )
      // NaN and Infinity are no JSON.
      if (result instanceof Failure) return expect(literal).toMatch(/NaN|Infinity/)
      if (result.lifetime === undefined) return expect(result.warnings).toHaveLength(1)
      expect(result.lifetime.seconds).toBeGreaterThanOrEqual(0)
      expect(result.lifetime.seconds).toBeLessThanOrEqual(Number(seconds))
      expect(result.lifetime.end.getTime()).toBe(result.lifetime.seconds * 1000)
      return expect(result.lifetime.end.toISOString()).toMatch(/^\d{4}-/)
    }),
    { numRuns: 10_000 },
  )
})
