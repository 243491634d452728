import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { parseCommandFile } from '../dev/runner/runner-commands.ts'
import { recordPrinted } from './stdout.ts'

const action: { inputs: Record<string, { default?: string }> } = parse(
  readFileSync(join(import.meta.dirname, '../action.yml'), 'utf8'),
)

/**
 * Runs a part of `src` in the process of the test, with the environment of a step.
 * @param inputs the others have their defaults from action.yml
 * @returns the printed lines, the outputs, the saved state, and the message of the error that `act` threw
 */
export async function runInProcess(
  act: (linesSoFar: () => readonly string[]) => Promise<void>,
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
) {
  const before = { ...process.env }
  const folder = mkdtempSync(join(tmpdir(), 'in-process-'))
  const [output, state] = [join(folder, 'output'), join(folder, 'state')]
  for (const file of [output, state]) writeFileSync(file, '')
  for (const [name, { default: value = '' }] of Object.entries(action.inputs)) {
    process.env[`INPUT_${name.toUpperCase()}`] = inputs[name] ?? value
  }
  Object.assign(process.env, { GITHUB_OUTPUT: output, GITHUB_STATE: state }, env)
  const recorded = recordPrinted()
  try {
    const error = await act(recorded.lines).then(
      () => undefined,
      ({ message }: Error) => message,
    )
    return {
      error,
      printed: recorded.lines(),
      outputs: parseCommandFile(readFileSync(output, 'utf8')),
      state: parseCommandFile(readFileSync(state, 'utf8')),
    }
  } finally {
    recorded.restore()
    process.env = before
    rmSync(folder, { recursive: true })
  }
}
