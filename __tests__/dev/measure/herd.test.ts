import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { formatHerds, runHerds } from '../../../dev/measure/herd.ts'

const herds = runHerds()

test('the table in the documentation is what the simulation shows', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/herd.md'), 'utf8')
  expect(page).toContain(formatHerds(herds))
})

test.each(herds)(
  '$jobs jobs and $server: lowest peak, and none serves more',
  ({ results: [ours, ...others] }) => {
    expect(ours?.waits).toBe('this action')
    for (const other of others) {
      expect(ours?.peak).toBeLessThan(other.peak)
      expect(ours?.share).toBeGreaterThanOrEqual(other.share)
    }
  },
)
