import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { formatSummary, runHerds } from '../../../dev/measure/herd.ts'

const herds = runHerds()

test('docs/retries.md has the table of the simulation', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/retries.md'), 'utf8')
  expect(page).toContain(formatSummary(herds))
})

test.each(herds)(
  '$jobs jobs, $server: the action has the lowest peak, and no policy serves more jobs',
  ({ results: [ours, ...others] }) => {
    expect(ours?.policy).toBe('this action')
    for (const other of others) {
      expect(ours?.peak).toBeLessThan(other.peak)
      expect(ours?.share).toBeGreaterThanOrEqual(other.share)
    }
  },
)
