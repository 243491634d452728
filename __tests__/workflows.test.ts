/** What holds for each workflow, here without actionlint and zizmor, which are not to be had from npm. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'

const folder = join(import.meta.dirname, '../.github/workflows')

interface Job {
  readonly permissions?: object
  readonly 'timeout-minutes'?: number
  readonly steps: readonly {
    readonly uses?: string
    readonly run?: string
    readonly with?: Record<string, unknown>
  }[]
}

describe.each(readdirSync(folder))('%s', (name) => {
  const text = readFileSync(join(folder, name), 'utf8')
  const workflow: { permissions: object; jobs: Record<string, Job> } = parse(text)
  const jobs = Object.values(workflow.jobs)
  const steps = jobs.flatMap((job) => job.steps)

  test('pins each action by its full commit, with the version beside it', () => {
    const uses = [...text.matchAll(/^ +(?:- )?uses: (.*)$/gm)].map(([, action]) => action)
    expect(uses).toHaveLength(steps.filter((step) => step.uses).length)
    for (const action of uses) expect(action).toMatch(/^(\.\/|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/)
  })

  test('gives each job the permissions that it needs, and an end', () => {
    expect(workflow.permissions).toEqual({})
    for (const job of jobs) {
      expect(job).toMatchObject({ permissions: expect.any(Object), 'timeout-minutes': expect.any(Number) })
    }
  })

  test('leaves no credentials in the working copy', () => {
    for (const { uses, with: inputs } of steps) {
      if (uses?.startsWith('actions/checkout@'))
        expect(inputs).toMatchObject({ 'persist-credentials': false })
    }
  })

  test('has no expression in a script', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{')
  })
})
