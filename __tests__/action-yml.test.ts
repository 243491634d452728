import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
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
