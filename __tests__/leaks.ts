import { expect } from '@jest/globals'
import type { StepResult } from '../dev/fake-runner.ts'

/**
 * Nothing of `secrets` is readable in what a step leaves: the first line that it prints of each is exactly the
 * command that masks it, and neither the log nor a command file holds it. The access token stands in the outputs and
 * in the state for the post step, and nowhere else there.
 */
export function expectNoLeak(
  { printed, log, files, outputs, state }: StepResult,
  secrets: readonly string[],
): void {
  const { isPost, revocation, ...more } = state
  const { 'access-token': token = '', ...others } = outputs
  const { accessToken, ...rest } = JSON.parse(revocation ?? `{"accessToken":${JSON.stringify(token)}}`)
  expect({ accessToken, more }).toEqual({ accessToken: token, more: {} })
  const { OUTPUT, STATE, ...untouched } = files
  // Without the headline, where the runner itself shows the inputs.
  const shown = log.slice(log.findIndex(({ kind }) => kind === 'endgroup'))
  for (const secret of secrets) {
    const first = printed.find((line) => line.includes(secret))
    expect([undefined, `::add-mask::${secret}`]).toContain(first)
    expect(JSON.stringify([shown, others, isPost, rest, untouched])).not.toContain(secret)
  }
}
