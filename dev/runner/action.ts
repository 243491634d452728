import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const ROOT = join(import.meta.dirname, '../..')

/** The action's name in the log. */
export const ACTION = 'OWNER/client-credentials-token@v1'

/** Values by name; `undefined` unsets a variable that would otherwise be set. */
export type Env = Readonly<Record<string, string | undefined>>

interface Metadata {
  readonly inputs: Readonly<Record<string, { default?: string }>>
  readonly runs: { readonly main: string; readonly post: string }
}

/** The content of action.yml. */
export function readMetadata(): Metadata {
  return parse(readFileSync(join(ROOT, 'action.yml'), 'utf8'))
}

/**
 * Copies the built action without `package.json` and `node_modules`, so that a package that is missing from the
 * bundle fails here as it would on GitHub.
 * @returns the files of the main step and of the post step
 */
export function copyAction(folder: string): Metadata['runs'] {
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true })
  const { main, post } = readMetadata().runs
  return { main: join(folder, main), post: join(folder, post) }
}

/** A step's inputs, with the defaults of action.yml for omitted inputs. */
export function withDefaults(inputs: Env): Env {
  const declared = Object.entries(readMetadata().inputs)
  return { ...Object.fromEntries(declared.map(([name, input]) => [name, input.default ?? ''])), ...inputs }
}

/** The variables in which the runner passes inputs to an action, including defaults. */
export function inputVariables(inputs: Env): Env {
  return prefixNames(
    'INPUT_',
    Object.entries(withDefaults(inputs)).map(([name, value]) => [
      name.replaceAll(' ', '_').toUpperCase(),
      value,
    ]),
  )
}

/** The variables in which the runner passes saved state to a post step. */
export function stateVariables(state: Env): Env {
  return prefixNames('STATE_', Object.entries(state))
}

function prefixNames(prefix: string, entries: [string, string | undefined][]): Env {
  return Object.fromEntries(entries.map(([name, value]) => [`${prefix}${name}`, value]))
}
