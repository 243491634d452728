import { expect } from '@jest/globals'
import type { StepResult } from '../dev/fake-runner.ts'

/**
 * Nothing of `secrets` is readable in what a step leaves: the first line that it prints of each is exactly the
 * command that masks it, and neither the log nor a command file but the outputs holds it.
 */
export function expectNoLeak({ printed, log, files }: StepResult, secrets: readonly string[]): void {
  const { OUTPUT, ...others } = files
  // Without the headline, where the runner itself shows the inputs.
  const shown = log.slice(log.findIndex(({ kind }) => kind === 'endgroup'))
  for (const secret of secrets) {
    const first = printed.find((line) => line.includes(secret))
    expect([undefined, `::add-mask::${secret}`]).toContain(first)
    expect(JSON.stringify(shown)).not.toContain(secret)
    expect(JSON.stringify(others)).not.toContain(secret)
  }
}
