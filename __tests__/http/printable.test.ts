import { expect, test } from '@jest/globals'
import { printable } from '../../src/http/printable.ts'

const SECRET = 'fake-secret-0123456789'
/** Every part between two special characters is too short to be recognized by itself. */
const SPECIAL = `Xk9&zQ4<r7P>mN2"vB8'wT5`
const base64 = (text: string) => Buffer.from(text).toString('base64')

test.each([
  ['plain text', 'Invalid client secret', 'Invalid client secret'],
  ['line breaks', 'a\r\n::stop-commands::x', 'a??::stop-commands::x'],
  ['escape sequences', '\u001b[31mred\u001b[0m\u007f', '?[31mred?[0m?'],
  ['Unicode line separators', 'a\u2028b\u2029c\u0085d', 'a?b?c?d'],
  ['a character beyond the BMP', 'a\u{1f600}b', 'a?b'],
  ['half of such a character', 'a\ud83db', 'a?b'],
  ['every ##[', '##[a]##[b] ####[c', '## [a]## [b] #### [c'],
  ['500 characters', 'x'.repeat(500), 'x'.repeat(500)],
  ['501 characters', 'x'.repeat(501), `${'x'.repeat(497)}...`],
])('shows only printable ASCII without commands: %s', (_name, text, expected) => {
  expect(printable(text)).toBe(expected)
})

test.each([
  ['a secret', `is ${SECRET} wrong?`, 'is *** wrong?'],
  ['a secret twice', `${SECRET} ${SECRET}`, '*** ***'],
  ['the whole word around a secret', `is {"secret":"${SECRET}"} wrong?`, 'is *** wrong?'],
  ['the start of a secret', `is ${SECRET.slice(0, 12)}... wrong?`, 'is *** wrong?'],
  ['the end of a secret', `is ...${SECRET.slice(-12)}`, 'is ***'],
  ['only parts of 12 characters and more', `is ${SECRET.slice(0, 11)}`, 'is fake-secret'],
  ['a secret before truncation', `${'x '.repeat(245)}${SECRET}`, `${'x '.repeat(245)}***`],
  ['a secret before ##[ is neutralized', `##[${SECRET}`, '***'],
  ['many secrets in a long text', `${SECRET} `.repeat(1000), `${'*** '.repeat(124)}*...`],
])('redacts %s', (_name, text, expected) => {
  expect(printable(text, [SECRET])).toBe(expected)
})

test.each([
  ['as it is', SPECIAL],
  ["XML-escaped, like Go's html.EscapeString", 'Xk9&amp;zQ4&lt;r7P&gt;mN2&#34;vB8&#39;wT5'],
  ['in lower case', SPECIAL.toLowerCase()],
  ['in base64', base64(SPECIAL)],
  ['in base64 after one byte', base64(`:${SPECIAL}`)],
  ['in base64 after two bytes', base64(`a:${SPECIAL}`)],
  ['in base64 after three bytes and before more', base64(`ab:${SPECIAL}:c`)],
])('redacts a secret with special characters %s', (_name, form) => {
  expect(printable(`is ${form} wrong?`, [SPECIAL])).toBe('is *** wrong?')
})

test.each([
  ['&', '&amp;', '&#38;'],
  ['<', '&lt;', '&#60;'],
  ['>', '&gt;', '&#62;'],
  ['"', '&quot;', '&#34;'],
  ["'", '&apos;', '&#39;'],
])('redacts a secret with %s, XML-escaped', (character, ...references) => {
  const parts = ['aB', 'cD', 'eF', 'gH']
  for (const reference of references) {
    expect(printable(`is ${parts.join(reference)} wrong?`, [parts.join(character)])).toBe('is *** wrong?')
  }
})

test('redacts the whole word if only a part of a secret is recognized in it', () => {
  expect(printable('is Xk9&amp;zQ4-0123456789 wrong?', ['Xk9&zQ4-0123456789'])).toBe('is *** wrong?')
})

/** Its base64 has `+` or `/` in every group of four characters, at each alignment. */
const BINARY = '?>~?>~?>~?>~?>~?>~?>~'

test.each(['', ':', 'a:'])('redacts a secret in base64url after %j', (before) => {
  const form = Buffer.from(before + BINARY).toString('base64url')
  expect(printable(`is ${form} wrong?`, [BINARY])).toBe('is *** wrong?')
})

test.each([
  ['URI-encoded', 'a b!c', 'a%20b!c'],
  ['form-encoded', 'a b!c', 'a+b%21c'],
  ['JSON-escaped', 'a"b\\c', 'a\\"b\\\\c'],
  ['not ASCII', 'pässwörd', 'pässwörd'],
  ['not ASCII, URI-encoded', 'pässwörd', 'p%C3%A4ssw%C3%B6rd'],
  ['not ASCII, in base64', 'ä-pässwörd-ö', base64('ä-pässwörd-ö')],
  ['not valid Unicode', 'fake\ud800secret', encodeURIComponent('fake\ufffdsecret')],
  ['with white space around it', ' ab\n', 'ab'],
  ['shorter than 12 characters', 'ab', 'ab'],
])('redacts a secret that is %s', (_name, secret, form) => {
  expect(printable(`is ${form} wrong?`, [secret])).toBe('is *** wrong?')
})

test('redacts each word of a secret that contains spaces', () => {
  const secret = 'correct horse battery staple'
  expect(printable(`is ${secret} wrong?`, [secret])).toBe('is *** *** *** *** wrong?')
  expect(printable('is correct hors... wrong?', [secret])).toBe('is *** *** wrong?')
})

test('redacts secrets of different lengths, also if one is part of another', () => {
  const secrets = ['ab', 'fake-secret', 'fake-secret-longer', 'cd']
  expect(printable('ab, fake-secret and fake-secret-longer', secrets)).toBe('*** *** and ***')
})

test('does not redact the base64 of a short secret, because other words can contain it', () => {
  const text = [0, 1, 2].map((offset) => base64(`${'x'.repeat(offset)}ab`)).join(' ')
  expect(printable(text, ['ab'])).toBe(text)
})

test('reads only the first 10,000 characters', () => {
  expect(printable(`${SECRET.padEnd(9999, 'x')} ${SECRET} a`, [SECRET])).toBe('*** ')
})

test.each(['', ' \n'])('does not redact anything for the empty secret %j', (secret) => {
  expect(printable('a b', [secret])).toBe('a b')
})

test.each([
  [
    '32 secrets of 30 kB',
    Array.from({ length: 32 }, (_secret, index) => `${index}-`.repeat(10_000).slice(0, 30_000)),
  ],
  ['40,000 secrets', Array.from({ length: 40_000 }, (_secret, index) => `fake-${index}-0123456789`)],
])('takes linear time with %s', (_name, secrets) => {
  expect(printable('x'.repeat(10_000), secrets)).toHaveLength(500)
})

test('searches only the first 65,536 characters of a secret', () => {
  const secret = `${'x'.repeat(65_536 - 12)}within-limit${'beyond-limit'}`
  expect(printable('a within-limit b', [secret])).toBe('a *** b')
  expect(printable('a beyond-limit b', [secret])).toBe('a beyond-limit b')
})
