import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'

const root = join(import.meta.dirname, '..')
const sources = readdirSync(join(root, 'src')).map((name) => readFileSync(join(root, 'src', name), 'utf8'))

test('the table of errors in the README has only words that the action says', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const table = /\| error \|.*?\n\n/s.exec(readme)?.[0] ?? ''
  const keys = table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, key]) => key as string))
  expect(keys.length).toBeGreaterThan(40)
  // A status stands in the source as a number.
  const missing = keys.filter(
    (key) => !/^HTTP \d+$/.test(key) && !sources.some((source) => source.includes(key)),
  )
  expect(missing).toEqual([])
})
