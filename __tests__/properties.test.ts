/** What holds for every value, tested with thousands of random ones. */
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import * as oauth from 'oauth4webapi'
import { createLineReader, type LogLine } from '../dev/runner/runner-commands.ts'
import { Failure } from '../src/http/failure.ts'
import { printable } from '../src/http/printable.ts'
import { delayAfter } from '../src/http/retry.ts'
import { readInputs } from '../src/inputs/inputs.ts'
import { prepareClientAuth } from '../src/oauth/client-auth.ts'
import { createIdTokenSource } from '../src/oauth/github-id-token.ts'
import type { Prove } from '../src/oauth/proof.ts'
import { encodeParameters } from '../src/oauth/request-body.ts'
import { decryptToken, encryptToken } from '../src/oauth/shared-token.ts'
import { parseTokenResponse, type TokenResponse } from '../src/oauth/token-response.ts'
import { runInProcess } from './in-process.ts'
import { linesPrintedBy, recordPrinted } from './stdout.ts'

/** Of all Unicode characters, and as often of ASCII, which has the special characters. */
const textOf = (minLength: number) =>
  fc.oneof(fc.string({ unit: 'binary', minLength }), fc.string({ unit: 'binary-ascii', minLength }))
const anyText = textOf(0)

const TARGET = { audience: 'urn:as', tokenUrl: undefined, authMethods: [], signingAlgorithms: [] }

describe('client_secret_basic (RFC 6749, section 2.3.1)', () => {
  const someText = textOf(1)

  /** RFC 6749, appendix B, literally: `+` is a space, `%HH` a byte, the bytes are UTF-8. */
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
    let prove: Prove | undefined
    linesPrintedBy(() => {
      prove = prepareClientAuth({ clientId, credentials }, TARGET)
    })
    const send = () => Promise.reject(new Error('There is nothing to send'))
    return pairIn((await prove?.(send))?.headers?.['authorization'])
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

  test('is what a decoding server expects, like that of oauth4webapi', async () => {
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

describe('a request', () => {
  const anyName = fc.oneof(
    textOf(1),
    fc.constantFrom('resource', '__proto__', 'constructor', 'toJSON', '0', '1'),
  )
  const anyParameters = fc.array(fc.tuple(anyName, anyText), { maxLength: 10 })
  const valuesByName = (pairs: Iterable<readonly [string, string]>) =>
    new Map(
      [...Map.groupBy(pairs, ([name]) => name)].map(([name, group]) => [
        name,
        group.map(([, value]) => value),
      ]),
    )

  test('has the same parameters as a form and as JSON', () => {
    fc.assert(
      fc.property(anyParameters, (parameters) => {
        // UTF-8 has no lone surrogates.
        const wellFormed = parameters.map(
          ([name, value]) => [name.toWellFormed(), value.toWellFormed()] as const,
        )
        const form = new URLSearchParams(encodeParameters(wellFormed, 'form').toString())
        const members: object = JSON.parse(JSON.stringify(encodeParameters(wellFormed, 'json')))
        const pairs = Object.entries(members).flatMap(([name, value]) =>
          [value].flat().map((text: string) => [name, text] as const),
        )
        expect([...form]).toEqual(wellFormed)
        expect(valuesByName(pairs)).toEqual(valuesByName(wellFormed))
      }),
      { numRuns: 3000 },
    )
  })
})

const SECRET = 'fake-9f8e7d6c5b4a3210'
const TOKEN = 'fake-0123456789abcdef'

/** The values of the fields whose names end in `_token`. */
function tokensIn(body: string): string[] {
  try {
    return Object.entries(JSON.parse(body) ?? {}).flatMap(([name, value]) =>
      name.endsWith('_token') && typeof value === 'string' && value.trim().length >= 12 ? [value] : [],
    )
  } catch {
    return []
  }
}

/** Parses a response and checks that the result is a valid token, or an error without secrets. */
function parse(body: string, status: number): TokenResponse | Failure {
  const endpoint = { url: new URL('https://as.example/token'), source: 'token-url' }
  try {
    const token = parseTokenResponse({ endpoint, status, headers: {}, body }, new Date(0), 'read', {
      secrets: [SECRET],
      client: () => 'Check the client.',
      grant: () => 'Check the grant.',
    })
    expect(token.accessToken).toMatch(/^(?=.*\S)[\x20-\x7e]+$/)
    expect(token.tokenType).toMatch(/^[\w.:/-]{1,100}$/)
    expect(token.secrets).toContain(token.accessToken)
    expect(token.issuedType ?? 'jwt').toMatch(/^[a-z0-9_-]{1,32}$/)
    const { refreshToken = '' } = token
    if (refreshToken.trim().length >= 8) expect(token.secrets).toContain(refreshToken)
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

describe('a response', () => {
  const anyStatus = fc.integer({ min: 200, max: 599 })

  test('of any bytes is a token or an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), anyStatus, (bytes, status) => {
        parse(new TextDecoder().decode(bytes), status)
      }),
      { numRuns: 10_000 },
    )
  })

  test('with any fields is a token or an error', () => {
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
        'urn:ietf:params:oauth:token-type:jwt',
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
      'issued_token_type',
      '__proto__',
      'constructor',
    ]
    const anyFields = fc.dictionary(fc.constantFrom(...names), anyValue, { noNullPrototype: true })
    fc.assert(
      fc.property(anyFields, anyStatus, (fields, status) => {
        parse(JSON.stringify(fields) ?? '', status)
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

  test('that is almost JSON is a token or an error', () => {
    const almostJson = fc
      .tuple(
        fc.constantFrom(GOOD, BAD),
        fc.nat(GOOD.length),
        fc.nat(20),
        fc.oneof(anyText, fc.constantFrom('"', '{', ']', '\\', '\\u0000', '\n', SECRET)),
      )
      .map(([text, start, length, inserted]) => text.slice(0, start) + inserted + text.slice(start + length))
    fc.assert(
      fc.property(almostJson, fc.constantFrom(200, 400, 401, 503), (body, status) => {
        parse(body, status)
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
  ])('of a special form is a token or an error: %j', (body) => {
    for (const status of [200, 302, 400, 500]) parse(body, status)
  })
})

describe('untrusted text', () => {
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
  const text = fc.oneof(
    anyText,
    fc.array(fc.oneof(pieces, anyText), { maxLength: 40 }).map((parts) => parts.join('')),
  )

  test('becomes at most 500 printable characters without a command', () => {
    fc.assert(
      fc.property(text, (text) => {
        const shown = printable(text, [SECRET])
        expect(shown).toMatch(/^[\x20-\x7e]{0,500}$/)
        expect(shown).not.toContain(SECRET.slice(0, 12))
        const lines: LogLine[] = []
        const reader = createLineReader([], (line) => lines.push(line))
        reader.readLine(`HTTP 400 ${shown}; retrying in 0.5 s`)
        reader.readLine(`::error::HTTP 400 ${shown}. Check it.`)
        reader.readLine('::debug::still executed')
        expect(lines.map(({ kind }) => kind)).toEqual(['text', 'error', 'debug'])
      }),
      { numRuns: 10_000 },
    )
  })
})

describe('an ID token', () => {
  const endpoint = { url: new URL('https://oidc.example/'), source: 'x' }
  const encode = (text: string) => Buffer.from(text).toString('base64url')
  const anyClaim = fc.oneof(
    anyText,
    fc.constantFrom(`x${SECRET}`, '##[error]x', '\n::error::x', 7, null, ['a']),
  )
  const anyClaims = fc.oneof(
    fc
      .record({ iss: anyClaim, sub: anyClaim, aud: anyClaim }, { requiredKeys: [] })
      .map((claims) => JSON.stringify(claims)),
    anyText,
  )

  test('with any claims is described in one line without a secret and a command', async () => {
    const printed = recordPrinted()
    try {
      await fc.assert(
        fc.asyncProperty(anyClaims, async (claims) => {
          const value = `${encode('{}')}.${encode(claims) || 'x'}.fake-signature`
          const response = { endpoint, status: 200, headers: {}, body: JSON.stringify({ value }) }
          const requestIdToken = createIdTokenSource({ endpoint, requestToken: SECRET }, 'urn:x')
          const { idToken, secrets, describeClaims } = await requestIdToken(async () => response)
          expect({ idToken, secrets }).toEqual({ idToken: value, secrets: [SECRET, value] })
          const described = describeClaims()
          expect(described).toMatch(
            /^iss=[\x20-\x7e]{0,500}, sub=[\x20-\x7e]{0,500}, aud=[\x20-\x7e]{0,500} \(assertion-audience\)$/,
          )
          expect(described).not.toContain(SECRET.slice(0, 12))
          expect(described).not.toContain('##[')
        }),
        { numRuns: 3000 },
      )
    } finally {
      printed.restore()
    }
  })
})

test('any Retry-After at any time leads to a wait within the limits, or to a stop', () => {
  const dateText = fc.date({ noInvalidDate: true }).map((date) => date.toUTCString())
  const transient = fc.record({
    status: fc.constantFrom(408, 429, 500, 503),
    retryAfter: fc.oneof(
      fc.constant(undefined),
      anyText,
      fc.nat(200).map(String),
      fc.bigInt().map(String),
      dateText,
    ),
    date: fc.oneof(fc.constant(undefined), anyText, dateText),
  })
  const situation = fc
    .record({
      attempts: fc.integer({ min: 1, max: 50 }),
      busy: fc.nat(50),
      retries: fc.nat(10),
      msLeft: fc.double({ min: -1000, max: 3_600_000, noNaN: true }),
      now: fc.date({ noInvalidDate: true }),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    })
    .map((values) => ({ ...values, busy: Math.min(values.busy, values.attempts) }))
  fc.assert(
    fc.property(transient, situation, (transient, situation) => {
      const { status, retryAfter = '' } = transient
      const { attempts, busy, retries, msLeft } = situation
      const delay = delayAfter(transient, situation)
      if ('stop' in delay) return expect(delay.stop).toMatch(/^(retries|timeout|retry-after)$/)
      expect(delay.waitMs).toBeGreaterThanOrEqual(/^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : 0)
      // There is always time for the next attempt.
      expect(delay.waitMs).toBeLessThanOrEqual(msLeft - 500)
      expect(retries).toBeGreaterThan(0)
      return status === 429 || status === 503 || expect(attempts - busy).toBeLessThanOrEqual(retries)
    }),
    { numRuns: 10_000 },
  )
})

describe('multi-line inputs', () => {
  const inputs = {
    'client-id': 'fake-id',
    'client-secret': SECRET,
    'token-url': 'https://as.example/token',
  }
  const lines = fc.array(
    fc.oneof(anyText, fc.constantFrom('a=1', ' b = 2 ', '', '=', 'urn:x', 'grant_type=x')),
    { maxLength: 6 },
  )
  const separator = fc.constantFrom('\n', '\r\n', '\n\n')
  // An environment variable ends at a NUL.
  const text = fc.tuple(lines, separator).map(([list, between]) => list.join(between).replaceAll('\0', ''))

  test('are read, or rejected by an error that starts with their name', async () => {
    const act = async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('extra-params', 'resource', 'scope', 'ca-certificate'),
          text,
          async (name, value) => {
            process.env[`INPUT_${name.toUpperCase()}`] = value
            try {
              const { request } = readInputs()
              const { parameters = [], scope } = request ?? {}
              expect(scope).not.toMatch(/[\r\n]/)
              const entries = value.split(/[\r\n]+/).filter((line) => line.trim() !== '')
              if (/^[er]/.test(name)) expect(parameters).toHaveLength(entries.length)
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
          },
        ),
        { numRuns: 3000 },
      )
    }
    expect((await runInProcess(act, inputs)).error).toBeUndefined()
  })
})

test('the expiration time is never later than expires_in, for any number', () => {
  const number = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.constantFrom(0, -0, 1e15, 253_402_300_799),
  )
  fc.assert(
    fc.property(number, fc.boolean(), (seconds, isString) => {
      const literal = isString ? JSON.stringify(String(seconds)) : String(seconds)
      const result = parse(`{"access_token":"${TOKEN}","token_type":"Bearer","expires_in":${literal}}`, 200)
      // NaN and Infinity are not JSON.
      if (result instanceof Failure) return expect(literal).toMatch(/NaN|Infinity/)
      if (result.lifetime === undefined) return expect(result.warnings).toHaveLength(1)
      expect(result.lifetime.seconds).toBeGreaterThanOrEqual(0)
      expect(result.lifetime.seconds).toBeLessThanOrEqual(Number(seconds))
      expect(result.lifetime.expiresAt.getTime()).toBe(result.lifetime.seconds * 1000)
      return expect(result.lifetime.expiresAt.toISOString()).toMatch(/^\d{4}-/)
    }),
    { numRuns: 10_000 },
  )
})

describe('a shared token', () => {
  const CONTEXT = { key: randomBytes(32), run: 'https://github.com/fake/repository/actions/runs/42' }
  const REQUEST = { server: 'https://as.example/token', 'client-id': 'fake-id' }

  /** Whether the last characters of two base64url texts differ only in bits that belong to no byte (RFC 4648, section 3.5). */
  const isSameBytes = (text: string, other: string) =>
    /^[\w-]+$/.test(other) && Buffer.from(text, 'base64url').equals(Buffer.from(other, 'base64url'))

  // Only the header is authenticated as text; ciphertext and tag are authenticated as bytes.
  test('is rejected if any character is changed, except in the unused bits of ciphertext and tag', async () => {
    const base64url = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
    const character = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...base64url) },
      fc.constantFrom(...'.=+/ \n'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    )
    // The last characters of ciphertext and tag are changed often: the tag has 22 characters.
    const position = fc.oneof(fc.nat(1000), fc.integer({ min: -30, max: -1 }), fc.constantFrom(-1, -24))
    const count = { accepted: 0, rejected: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc
          .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 })
          .filter((text) => text.trim() !== ''),
        position,
        character,
        async (accessToken, position, character) => {
          const token = { accessToken, tokenType: 'Bearer', scope: '', lifetime: undefined }
          const text = await encryptToken(token, REQUEST, CONTEXT, new Date(0))
          const index = position < 0 ? text.length + position : position % text.length
          fc.pre(text[index] !== character)
          const changed = text.slice(0, index) + character + text.slice(index + 1)
          const [parts, others] = [text.split('.'), changed.split('.')]
          const isUnused =
            others.length === 5 &&
            [0, 1, 2].every((part) => parts[part] === others[part]) &&
            [3, 4].every((part) => isSameBytes(parts[part] ?? '', others[part] ?? ''))
          const result = decryptToken(changed, REQUEST, CONTEXT, new Date(0))
          count[isUnused ? 'accepted' : 'rejected'] += 1
          if (isUnused) expect(await result).toEqual(token)
          else await expect(result).rejects.toThrow(/^shared-token (is not|cannot be) /)
        },
      ),
      { numRuns: 10_000 },
    )
    expect(count.accepted).toBeGreaterThan(10)
    expect(count.rejected).toBeGreaterThan(9000)
  })

  test('is used with any lifetime at any time only before it expires', async () => {
    const requestedAt = fc.date({
      noInvalidDate: true,
      min: new Date('1971-01-01'),
      max: new Date('2200-01-01'),
    })
    const seconds = fc.oneof(fc.nat(3), fc.nat(1000), fc.nat(10 * 365 * 86_400))
    // Most clocks show a time around the expiration, or around the time at which the token is about to expire.
    const clock = fc.oneof(
      fc.record({
        before: fc.constantFrom('expiry', 'half', 'margin'),
        ms: fc.integer({ min: -3000, max: 3000 }),
      }),
      fc.date({ noInvalidDate: true }),
    )
    const count = { used: 0, unusable: 0 }
    await fc.assert(
      fc.asyncProperty(
        requestedAt,
        seconds,
        clock,
        fc.boolean(),
        async (start, seconds, clock, canRequest) => {
          const expiresAt = new Date(start.getTime() + seconds * 1000)
          const marginMs = Math.min(5 * 60_000, (seconds / 2) * 1000)
          const msBefore = { expiry: 0, half: (seconds / 2) * 1000, margin: marginMs }
          const now =
            'ms' in clock ? new Date(expiresAt.getTime() - msBefore[clock.before] + clock.ms) : clock
          fc.pre(Number.isFinite(now.getTime()))
          const token = {
            accessToken: TOKEN,
            tokenType: 'Bearer',
            scope: '',
            lifetime: { seconds, expiresAt },
          }
          const text = await encryptToken(token, REQUEST, CONTEXT, new Date(0))
          const result = await decryptToken(text, canRequest ? REQUEST : undefined, CONTEXT, now)
          const msLeft = expiresAt.getTime() - now.getTime()
          if ('unusable' in result) {
            count.unusable += 1
            expect(result.unusable).toMatch(/^(has expired|is about to expire \(in \d+ s\))$/)
            // Both times are rounded down to a second.
            return expect(msLeft).toBeLessThan(marginMs + 2000)
          }
          count.used += 1
          expect(result).toMatchObject({ accessToken: TOKEN, tokenType: 'Bearer', scope: '' })
          expect(msLeft).toBeGreaterThan(0)
          expect(msLeft).toBeGreaterThanOrEqual(marginMs)
          expect(result.lifetime?.seconds).toBeGreaterThan(0)
          expect((result.lifetime?.seconds ?? 0) * 1000).toBeLessThanOrEqual(msLeft)
          return expect(result.lifetime?.expiresAt.getTime()).toBeLessThanOrEqual(expiresAt.getTime())
        },
      ),
      { numRuns: 10_000 },
    )
    expect(count.used).toBeGreaterThan(1000)
    expect(count.unusable).toBeGreaterThan(1000)
  })
})
