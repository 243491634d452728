import { expect, test } from '@jest/globals'
import {
  readBoolean,
  readInteger,
  readLine,
  readLines,
  readNameOr,
  readText,
  requireLine,
  requireText,
} from '../../src/inputs/values.ts'
import { readWith } from './read-with.ts'

const read = (act: () => unknown, scope: string) => readWith(act, { scope })
const EXPRESSION =
  'scope contains an unevaluated ${{ expression. Write it directly in the workflow file, for example ${{ secrets.NAME }}.'
const CONTROL = 'scope contains a line break or control character. Store it again as a single line.'
const EMPTY =
  'scope is empty. Check that the secret or variable exists and is available to this job (environment secrets need environment:). Repository secrets are not passed to workflows triggered from forks or by Dependabot.'

test.each<[string, () => unknown, string, unknown]>([
  ['a text, trimmed', () => readText('scope'), ' a\nb \n', 'a\nb'],
  ['an empty text', () => readText('scope'), ' \n', ''],
  ['a required text', () => requireText('scope'), 'a', 'a'],
  ['a line', () => readLine('scope'), 'a b ü\n', 'a b ü'],
  ['no line', () => readLine('scope'), ' ', undefined],
  ['a required line', () => requireLine('scope'), 'a', 'a'],
  ['lines', () => readLines('scope'), 'a\r\n\n b c \rd', ['a', 'b c', 'd']],
  ['no lines', () => readLines('scope'), '', []],
  ['the lowest integer', () => readInteger('scope', 1, 10), '1', 1],
  ['the highest integer', () => readInteger('scope', 1, 10), '10', 10],
  ['a name', () => readNameOr('a', 'scope', ['a', 'b']), 'b', 'b'],
  ['the fallback of a name', () => readNameOr('b', 'scope', ['a', 'b']), ' \n', 'b'],
  ['true', () => readBoolean('scope'), 'True', true],
  ['false', () => readBoolean('scope'), 'FALSE', false],
])('reads %s', async (_name, act, text, value) => {
  expect(await read(act, text)).toMatchObject({ value, error: undefined })
})

const RANGE = 'scope must be an integer from 1 to 10.'
const NAMES = 'scope must be one of a, b.'
const TRUE_OR_FALSE = 'scope must be true or false.'

test.each<[string, () => unknown, string, string]>([
  ['an expression in a text', () => readText('scope'), 'a ${{ vars.X }}', EXPRESSION],
  ['an expression in a required text', () => requireText('scope'), '${{ vars.X }}', EXPRESSION],
  ['an expression in a line', () => readLine('scope'), '${{ vars.X }}', EXPRESSION],
  ['an expression in one of several lines', () => readLines('scope'), 'a\n${{ vars.X }}', EXPRESSION],
  ['an empty text', () => requireText('scope'), '', EMPTY],
  ['an empty text with its own advice', () => requireText('scope', 'Set it.'), '', 'scope is empty. Set it.'],
  ['an empty line', () => requireLine('scope'), ' \n ', EMPTY],
  ['a line break', () => readLine('scope'), 'a\nb', CONTROL],
  ['a line break in a required line', () => requireLine('scope'), 'a\r\nb', CONTROL],
  ['a control character', () => readLine('scope'), 'a\u0001b', CONTROL],
  ['a line separator', () => readLine('scope'), 'a\u2028b', CONTROL],
  ['a paragraph separator', () => readLine('scope'), 'a\u2029b', CONTROL],
  ...['', '0', '11', '-1', '1.5', '1s', '1e1', '0x5'].map((text): [string, () => unknown, string, string] => [
    `the integer ${JSON.stringify(text)}`,
    () => readInteger('scope', 1, 10),
    text,
    RANGE,
  ]),
  ['another name', () => readNameOr('a', 'scope', ['a', 'b']), 'c', NAMES],
  ['a name in upper case', () => readNameOr('a', 'scope', ['a', 'b']), 'A', NAMES],
  ['another word than true or false', () => readBoolean('scope'), 'yes', TRUE_OR_FALSE],
  ['neither true nor false', () => readBoolean('scope'), '', TRUE_OR_FALSE],
])('rejects %s', async (_name, act, text, message) => {
  expect((await read(act, text)).error).toBe(message)
})
