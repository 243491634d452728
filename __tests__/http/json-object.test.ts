import { expect, test } from '@jest/globals'
import { parseJsonObject } from '../../src/http/json-object.ts'

test.each([
  ['an object', ' {"a":[1]} ', { a: [1] }],
  ['an array', '[{}]', undefined],
  ['null', 'null', undefined],
  ['a string', '"{}"', undefined],
  ['an incomplete object', '{"a":1', undefined],
  ['nothing', '', undefined],
])('parses only objects: %s', (_name, text, expected) => {
  expect(parseJsonObject(text)).toEqual(expected)
})
