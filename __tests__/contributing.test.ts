import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')

test('CONTRIBUTING.md describes each script of package.json, and no other', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const table = /\| `npm run` \|.*?\n\n/s.exec(page)?.[0] ?? ''
  const described = [...table.matchAll(/^\| `(\w+)` \| [A-Z].*\. \|$/gm)].map(([, name]) => name)
  expect(described).toEqual(Object.keys(scripts))
})

test('the picture in CONTRIBUTING.md has each file of src/, once', () => {
  const picture = /```\n(index\.ts.*?)```/s.exec(page)?.[1] ?? ''
  const drawn = [...picture.matchAll(/[\w-]+\.ts/g)].map(([name]) => name)
  expect(drawn.sort()).toEqual(readdirSync(join(root, 'src')).sort())
})
