import { expect, test } from '@jest/globals'
import type { Parameter } from '../../src/oauth/proof.ts'
import { encodeParameters } from '../../src/oauth/request-body.ts'

test.each<[string, readonly Parameter[], string, string]>([
  ['no parameters', [], '', '{}'],
  [
    'parameters in their order',
    [
      ['grant_type', 'client_credentials'],
      ['scope', 'read write'],
    ],
    'grant_type=client_credentials&scope=read+write',
    '{"grant_type":"client_credentials","scope":"read write"}',
  ],
  [
    'repeated names, whose values stay in their order',
    [
      ['resource', 'urn:b'],
      ['x', '1'],
      ['resource', 'urn:a'],
      ['resource', 'urn:b'],
    ],
    'resource=urn%3Ab&x=1&resource=urn%3Aa&resource=urn%3Ab',
    '{"resource":["urn:b","urn:a","urn:b"],"x":"1"}',
  ],
  [
    'special characters',
    [['ä "&=', '\\ "\n+%ü😀']],
    '%C3%A4+%22%26%3D=%5C+%22%0A%2B%25%C3%BC%F0%9F%98%80',
    '{"ä \\"&=":"\\\\ \\"\\n+%ü😀"}',
  ],
  ['empty values', [['x', '']], 'x=', '{"x":""}'],
  [
    'values that look like other types',
    [
      ['x', '1'],
      ['y', 'null'],
      ['z', '[]'],
    ],
    'x=1&y=null&z=%5B%5D',
    '{"x":"1","y":"null","z":"[]"}',
  ],
  [
    'the names of inherited members',
    [
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['toString', 'c'],
      ['__proto__', 'd'],
      ['toJSON', 'e'],
    ],
    '__proto__=a&constructor=b&toString=c&__proto__=d&toJSON=e',
    '{"__proto__":["a","d"],"constructor":"b","toString":"c","toJSON":"e"}',
  ],
])('encodes as a form and as JSON: %s', (_name, parameters, form, json) => {
  expect(encodeParameters(parameters, 'form').toString()).toBe(form)
  const members = encodeParameters(parameters, 'json')
  expect(JSON.stringify(members)).toBe(json)
  expect(members).not.toBeInstanceOf(URLSearchParams)
  expect(Object.getPrototypeOf(members)).toBe(Object.prototype)
})
