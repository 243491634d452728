import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8')
const action = parse(read('action.yml'))
const namesIn = (source: string, call: RegExp) => [...source.matchAll(call)].map(([, name]) => name)

test('declares exactly the inputs that are read', () => {
  const reads = namesIn(
    read('src/inputs.ts'),
    /(?:getInput|readOptional|readLines?|readWholeNumber)\('([^']+)'/g,
  )
  expect(Object.keys(action.inputs).sort()).toEqual(reads.sort())
})

test('declares exactly the outputs that are set', () => {
  const sets = namesIn(read('src/main.ts'), /setOutput\('([^']+)'/g)
  expect(Object.keys(action.outputs).sort()).toEqual(sets.sort())
})

test('describes each input and output in one sentence', () => {
  for (const { description } of [...Object.values(action.inputs), ...Object.values(action.outputs)] as {
    description: string
  }[]) {
    expect(description).toMatch(/^[A-Z][^.]*\.$/)
  }
})

describe('action-types.yml', () => {
  const types: Record<'inputs' | 'outputs', Record<string, Type>> = parse(read('action-types.yml'))

  interface Type {
    readonly type: string
    readonly 'allowed-values'?: readonly string[]
    readonly separator?: string
    readonly 'list-item'?: { readonly type: string }
  }

  test.each(['inputs', 'outputs'] as const)('has exactly the %s of action.yml, in the same order', (kind) => {
    expect(Object.keys(types[kind])).toEqual(Object.keys(action[kind]))
  })

  test('has the methods that the sources know, and their default', () => {
    const methods = /const INPUTS_OF_METHOD = \{\n(.*?)^\}/ms.exec(read('src/inputs.ts'))?.[1] ?? ''
    const allowed = types.inputs['auth-method']?.['allowed-values']
    expect(allowed).toEqual(namesIn(methods, /^ {2}(\w+):/gm))
    expect(allowed).toContain(action.inputs['auth-method'].default)
  })

  // https://github.com/typesafegithub/github-actions-typing/blob/main/github-actions-typing.schema.json
  test('has only what its schema knows', () => {
    const primitive = expect.stringMatching(/^(string|boolean|integer|float)$/)
    const shapes: Record<string, object> = {
      list: { type: 'list', separator: expect.any(String), 'list-item': { type: primitive } },
      enum: { type: 'enum', 'allowed-values': expect.any(Array) },
    }
    for (const value of [...Object.values(types.inputs), ...Object.values(types.outputs)]) {
      expect(value).toEqual(shapes[value.type] ?? { type: primitive })
    }
  })
})
