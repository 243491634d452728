import { expect, test } from '@jest/globals'
import { readParameters, readScope } from '../../src/inputs/parameters.ts'
import { readWith } from './read-with.ts'

test.each([
  ['names on several lines', 'read\n  write \r\n\nadmin\tx\n', 'read write admin x'],
  ['nothing', '', ''],
])('reads a scope of %s', async (_name, scope, value) => {
  expect(await readWith(readScope, { scope })).toMatchObject({ value, error: undefined })
})

test('reads a scope with 130,000 blanks in linear time', async () => {
  const start = process.cpuUsage()
  const { value } = await readWith(readScope, { scope: `a${' '.repeat(130_000)}b` })
  expect(value).toBe('a b')
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000)
})

test.each<[string, Record<string, string>, string[][]]>([
  ['nothing', {}, []],
  ['an audience', { audience: ' https://api.example/ ' }, [['audience', 'https://api.example/']]],
  [
    'several resources',
    { resource: 'https://a.example\n\n urn:b:c \n' },
    [
      ['resource', 'https://a.example'],
      ['resource', 'urn:b:c'],
    ],
  ],
  [
    'extra parameters',
    { 'extra-params': 'a=1\r\n b = x = y \nempty=\nproject-id=ü&z\na=2' },
    [
      ['a', '1'],
      ['b', 'x = y'],
      ['empty', ''],
      ['project-id', 'ü&z'],
      ['a', '2'],
    ],
  ],
  [
    'the extra parameters of a token exchange',
    { 'extra-params': 'subject_token_type=urn:x\nrequested_token_type=urn:y' },
    [
      ['subject_token_type', 'urn:x'],
      ['requested_token_type', 'urn:y'],
    ],
  ],
  [
    'all of them, in the order of the inputs',
    { 'extra-params': 'x=1', resource: 'urn:r', audience: 'a' },
    [
      ['audience', 'a'],
      ['resource', 'urn:r'],
      ['x', '1'],
    ],
  ],
])('reads %s', async (_name, inputs, value) => {
  expect(await readWith(readParameters, inputs)).toMatchObject({ value, error: undefined })
})

const RESOURCE =
  'resource must contain absolute URIs without a fragment, one per line (RFC 8707, section 2), for example https://api.example.com.'
const NAME_VALUE = 'extra-params must contain name=value pairs, one per line.'

test.each<[string, Record<string, string>, string]>([
  ['a resource that is not a URI', { resource: 'urn:x\napi.example' }, RESOURCE],
  ['a resource with a backslash', { resource: 'C:\\api' }, RESOURCE],
  ['a resource with a space', { resource: 'urn:a b' }, RESOURCE],
  ['a resource with a fragment', { resource: 'https://api.example/#x' }, RESOURCE],
  ['an extra parameter without =', { 'extra-params': 'a=1\nb' }, NAME_VALUE],
  ['an extra parameter without a name', { 'extra-params': '=1' }, NAME_VALUE],
  ['an extra parameter with a space in its name', { 'extra-params': 'a b=1' }, NAME_VALUE],
  ...[
    'grant_type',
    'scope',
    'audience',
    'resource',
    'client_id',
    'client_secret',
    'client_assertion',
    'client_assertion_type',
    'subject_token',
    'assertion',
    'refresh_token',
  ].map((name): [string, Record<string, string>, string] => [
    `${name} in extra-params`,
    { 'extra-params': `a=1\n${name} =x` },
    `extra-params cannot set ${name}. Remove it, or use the matching input.`,
  ]),
])('rejects %s', async (_name, inputs, message) => {
  expect((await readWith(readParameters, inputs)).error).toBe(message)
})

test('rejects an audience of several lines', async () => {
  expect((await readWith(readParameters, { audience: 'a\nb' })).error).toMatch(/^audience /)
})
