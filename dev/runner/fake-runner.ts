import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parse } from 'yaml'
import { createLineReader, type LogLine, parseCommandFile } from './runner-commands.ts'

const ROOT = join(import.meta.dirname, '../..')
const ACTION = 'OWNER/client-credentials-token@v1'
const COMMAND_FILES = ['OUTPUT', 'STATE', 'ENV', 'PATH', 'STEP_SUMMARY'] as const
/** What a step's process needs to start at all. */
const INHERITED_VARIABLES = ['PATH', 'HOME', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR']
const KILL_AFTER_MS = 60_000

/** An `undefined` takes a variable away that the runner would set. */
type Env = Readonly<Record<string, string | undefined>>

export interface StepResult {
  readonly exitCode: number | null
  /** What the log of the job shows, masked. */
  readonly log: readonly LogLine[]
  /** What the process printed, line by line, before the runner read it. */
  readonly printed: readonly string[]
  /** What the runner hides from now on. */
  readonly masks: readonly string[]
  readonly outputs: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, string>>
  /** The command files, as the step left them. */
  readonly files: Readonly<Record<(typeof COMMAND_FILES)[number], string>>
}

export interface JobOptions {
  readonly secrets?: readonly string[]
  readonly env?: Env
  readonly onLog?: (line: LogLine) => void
}

export interface Job {
  /** Runs the main step of this repository's action and registers its post step. */
  runAction(step: { with: Readonly<Record<string, string>>; env?: Env }): Promise<StepResult>
  /** Runs a script, as a `run:` step with `shell: node {0}` does. */
  runScript(step: { name: string; script: string; env: Env }): Promise<StepResult>
  /** Runs the post steps of the actions that ran, the last first, with what has changed in the environment since. */
  runPostSteps(changed?: Env): Promise<StepResult[]>
}

/**
 * A job on a runner that starts `dist/` as GitHub's does: inputs with the defaults of action.yml and state in
 * the environment, command files, commands read from what is printed. It knows no encoded forms of a secret, as
 * the real one does, so it masks less: what is hidden here is hidden there.
 * @param secrets what the workflow takes from the `secrets` context, masked from the start
 * @param env the variables of the runner's machine, for every step
 */
export function startJob({ secrets = [], env: jobEnv = {}, onLog = () => {} }: JobOptions = {}): Job {
  const masks = [...secrets]
  const postSteps: ((changed: Env) => Promise<StepResult>)[] = []

  async function runStep(
    title: string,
    details: readonly string[],
    file: string,
    env: Env,
  ): Promise<StepResult> {
    const folder = mkdtempSync(join(tmpdir(), 'fake-runner-'))
    const log: LogLine[] = []
    const printed: string[] = []
    const reader = createLineReader(masks, (line) => {
      if (line.kind === 'debug' && { ...jobEnv, ...env }['RUNNER_DEBUG'] !== '1') return
      log.push(line)
      onLog(line)
    })
    reader.print('group', title)
    for (const detail of details) reader.print('text', detail)
    reader.print('endgroup', '')
    const paths = COMMAND_FILES.map((name) => [name, join(folder, name)] as const)
    for (const [, path] of paths) writeFileSync(path, '')
    const stepEnv = {
      ...Object.fromEntries(INHERITED_VARIABLES.map((name) => [name, process.env[name]])),
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: folder,
      RUNNER_TEMP: folder,
      ...Object.fromEntries(paths.map(([name, path]) => [`GITHUB_${name}`, path])),
      ...jobEnv,
      ...env,
    }
    try {
      const exitCode = await runNode(file, stepEnv, (line) => {
        printed.push(line)
        reader.readLine(line)
      })
      const contents = paths.map(([name, path]) => [name, readFileSync(path, 'utf8')])
      const files: StepResult['files'] = Object.fromEntries(contents)
      const outputs = { ...reader.outputs, ...parseCommandFile(files.OUTPUT) }
      const state = { ...reader.state, ...parseCommandFile(files.STATE) }
      return { exitCode, log, printed, masks: [...masks], outputs, state, files }
    } finally {
      removeFolder(folder)
    }
  }

  return {
    async runAction({ with: given, env = {} }) {
      const { runs } = readMetadata()
      const actionEnv = { ...inputVariables(given), ...env }
      let state: StepResult['state'] = {}
      postSteps.unshift((changed) =>
        runStep(`Post Run ${ACTION}`, ['Post job cleanup.'], join(ROOT, runs.post), {
          ...actionEnv,
          ...prefixNames('STATE_', state),
          ...changed,
        }),
      )
      const details = listValues('with', withDefaults(given))
      const result = await runStep(`Run ${ACTION}`, details, join(ROOT, runs.main), actionEnv)
      state = result.state
      return result
    },

    async runScript({ name, script, env }) {
      const folder = mkdtempSync(join(tmpdir(), 'fake-runner-script-'))
      const file = join(folder, 'script.mjs')
      writeFileSync(file, script)
      try {
        return await runStep(
          name,
          [...script.trim().split('\n'), 'shell: node {0}', ...listValues('env', env)],
          file,
          env,
        )
      } finally {
        removeFolder(folder)
      }
    },

    async runPostSteps(changed = {}) {
      const results = []
      for (const run of postSteps.splice(0)) results.push(await run(changed))
      return results
    },
  }
}

/** Windows refuses for a moment while a scanner for viruses has a file open. */
function removeFolder(path: string): void {
  rmSync(path, { recursive: true, maxRetries: 5 })
}

/** The variables in which the runner hands an action its inputs, those that the step does not give included. */
export function inputVariables(given: Env): Env {
  return prefixNames('INPUT_', withDefaults(given), (name) => name.replaceAll(' ', '_').toUpperCase())
}

function withDefaults(given: Env): Env {
  const { inputs } = readMetadata()
  const defaults = Object.entries(inputs).map(([name, input]) => [name, input.default ?? ''])
  return { ...Object.fromEntries(defaults), ...given }
}

interface Metadata {
  readonly inputs: Readonly<Record<string, { default?: string }>>
  readonly runs: { readonly main: string; readonly post: string }
}

function readMetadata(): Metadata {
  return parse(readFileSync(join(ROOT, 'action.yml'), 'utf8'))
}

function prefixNames(prefix: string, values: Env, rename = (name: string) => name): Env {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}${rename(name)}`, value]),
  )
}

function listValues(title: string, values: Env): string[] {
  const lines = Object.entries(values).filter(([, value]) => value)
  return [`${title}:`, ...lines.map(([name, value]) => `  ${name}: ${value}`)]
}

function runNode(
  file: string,
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void,
): Promise<number | null> {
  const child = spawn(process.execPath, [file], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: KILL_AFTER_MS,
  })
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', onLine)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
}
