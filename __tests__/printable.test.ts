import { expect, test } from '@jest/globals'
import { printable } from '../src/printable.ts'

const SECRET = 'fake-secret-0123456789'

test.each([
  ['plain text', 'Invalid client secret', 'Invalid client secret'],
  ['line breaks, so that no command starts a line', 'a\r\n::stop-commands::x', 'a??::stop-commands::x'],
  ['escape sequences', '\u001b[31mred\u001b[0m', '?[31mred?[0m'],
  ['separators of Unicode', 'a\u2028b\u2029c\u0085d', 'a?b?c?d'],
  ['one mark for a character beyond the BMP', 'a\u{1f600}b', 'a?b'],
  ['the older command form, obeyed anywhere in a line', 'x ##[add-mask]y', 'x ## [add-mask]y'],
  ['a secret', `is ${SECRET} wrong?`, 'is *** wrong?'],
  ['a secret twice', `${SECRET}${SECRET}.`, '***.'],
  ['a secret that is cut off', `is ${SECRET.slice(0, 12)}... wrong?`, 'is ***... wrong?'],
  ['a secret without its beginning', `is ...${SECRET.slice(-12)}`, 'is ...***'],
  ['a part of a secret that is too short to be of use', `is ${SECRET.slice(0, 11)}`, 'is fake-secret'],
  ['200 characters', 'x'.repeat(200), 'x'.repeat(200)],
  ['201 characters', 'x'.repeat(201), `${'x'.repeat(197)}...`],
  ['a secret across the cut', `${'x'.repeat(190)}${SECRET}`, `${'x'.repeat(190)}***`],
])('%s', (_name, text, expected) => {
  expect(printable(text, [SECRET])).toBe(expected)
})

test('takes out a secret wherever it is in what can be shown, and reads no further', () => {
  expect(printable(`${SECRET}${'x'.repeat(1000)}`.repeat(9), [SECRET])).toBe(`***${'x'.repeat(194)}...`)
  expect(printable(`${SECRET} `.repeat(1000), [SECRET])).toBe(`${'*** '.repeat(49)}*...`)
})

test('takes out the longest secret first, where one is part of another', () => {
  expect(printable('fake-secret and fake-secret-longer', ['fake-secret', 'fake-secret-longer'])).toBe(
    '*** and ***',
  )
})

test('is quick with many secrets, for a server may send them', () => {
  const secrets = Array.from({ length: 40_000 }, (_secret, index) => `fake-${index}-0123456789`)
  // Each of them once more over the whole text would take minutes.
  expect(printable('x'.repeat(10_000), secrets)).toHaveLength(200)
}, 5000)

test('takes out secrets of different lengths', () => {
  expect(printable('ab, abc, fake-0123456789', ['ab', 'abc', 'fake-0123456789', 'abd'])).toBe('***, ***, ***')
})

test('takes out a secret that is not ASCII, as it would be shown', () => {
  expect(printable('pässwörd-fake', ['pässwörd-fake'])).toBe('***')
})

test('leaves the text alone where a secret is empty', () => {
  expect(printable('abc', [''])).toBe('abc')
})
