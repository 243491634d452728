import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { comparePolicies, formatTable, SCENARIOS } from '../../../dev/measure/herd.ts'

test('the table in the documentation is what the simulation shows', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/retries.md'), 'utf8')
  expect(page).toContain(`\n${formatTable()}\n`)
})

test.each(
  Object.entries(SCENARIOS).flatMap(([name, scenario]) =>
    [256, 10_000].map((jobs) => ({ name, jobs, scenario })),
  ),
)('$jobs jobs, $name: the action has the lowest peak, and no policy serves more', ({ jobs, scenario }) => {
  const [ours, ...others] = comparePolicies(jobs, scenario)
  expect(ours?.policy).toBe('this action')
  for (const other of others) {
    expect(ours?.peak).toBeLessThan(other.peak)
    expect(ours?.share).toBeGreaterThanOrEqual(other.share)
  }
})
