import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ACTION, copyAction, type Env, inputVariables, stateVariables, withDefaults } from './action.ts'
import { addMask, containsSecret } from './masks.ts'
import { createLineReader, type LogLine, parseCommandFile } from './runner-commands.ts'
import {
  CANCEL_DELAYS_MS,
  type CancelDelays,
  type Command,
  type StepProcess,
  startProcess,
} from './step-process.ts'

const COMMAND_FILES = ['OUTPUT', 'STATE', 'ENV', 'PATH', 'STEP_SUMMARY'] as const
/** What a step's process needs to start at all. */
const INHERITED_VARIABLES = ['PATH', 'HOME', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR']

/** The variables of the workflow run: the same in all its jobs, except that re-runs count `GITHUB_RUN_ATTEMPT`. */
const WORKFLOW_RUN = {
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'OWNER/REPOSITORY',
  GITHUB_RUN_ID: '1',
  GITHUB_RUN_ATTEMPT: '1',
}

type Values = Readonly<Record<string, string>>

export interface StepResult {
  /** `null` if a signal ended the process. */
  readonly exitCode: number | null
  /** The lines of the job's log, masked. */
  readonly log: readonly LogLine[]
  /** The lines that the process printed, before the runner read them. */
  readonly printed: readonly string[]
  /** The values that the runner masks from now on. */
  readonly masks: readonly string[]
  readonly outputs: Values
  readonly state: Values
  /** The content of the command files when the step ended. */
  readonly files: Readonly<Record<(typeof COMMAND_FILES)[number], string>>
}

export interface JobOptions {
  /** The values that the workflow takes from the `secrets` context, masked from the start. */
  readonly secrets?: readonly string[]
  /** The variables of every step. `GITHUB_`, `RUNNER_` and `ACTIONS_` variables replace the runner's. */
  readonly env?: Env
  readonly onLog?: (line: LogLine) => void
  readonly cancelDelaysMs?: CancelDelays
}

export interface Job {
  /** Runs the main step of this repository's action and registers its post step. */
  runAction(step: { with: Values; env?: Env }): Promise<StepResult>
  /** Runs a script, like a `run:` step with `shell: node {0}`. */
  runScript(step: { name: string; script: string; env?: Env }): Promise<StepResult>
  /** Runs a script, like a `run:` step without `shell:` and `name:` on Linux. */
  runBash(step: { script: string; env?: Env }): Promise<StepResult>
  /**
   * Runs the post steps of the actions that ran, the last one first.
   * @param env variables that have changed since the main steps
   * @param inputs inputs that have changed: the runner evaluates the expressions of `with:` again
   */
  runPostSteps(env?: Env, inputs?: Values): Promise<StepResult[]>
  /** Cancels the step that is running. Its post step still runs, with the state that the step has saved. */
  cancel(): Promise<void>
  /** The job outputs that other jobs receive as `needs.<job>.outputs`, without values that may contain a secret. */
  evaluateOutputs(outputs: Values): { readonly outputs: Values; readonly log: readonly LogLine[] }
}

interface Step {
  readonly title: string
  /** The lines below the title, which can show the variables of the workflow. */
  readonly details: (env: Env) => readonly string[]
  /** Prepares the step's folder and returns the command to run. */
  readonly prepare: (folder: string) => Command
  readonly env: Env
  readonly state?: Env
  readonly inputs?: Env
}

interface JobState {
  readonly env: Env
  readonly onLog: (line: LogLine) => void
  readonly masks: string[]
  /** What the steps so far have written to `GITHUB_ENV`. */
  readonly exported: Record<string, string>
  running?: StepProcess | undefined
}

/**
 * A job that runs `dist/` under the protocol of GitHub's runner (actions/runner, src/Runner.Worker): inputs and state
 * in the environment, command files, and commands in the output. Two differences: `GITHUB_PATH` has no effect, and the
 * log masks secrets only as they are, not encoded, so that tests find a leak that GitHub would mask.
 */
export function startJob(options: JobOptions = {}): Job {
  const { secrets = [], env: jobEnv = {}, onLog = () => {}, cancelDelaysMs = CANCEL_DELAYS_MS } = options
  const job: JobState = { env: jobEnv, onLog, masks: [], exported: {} }
  for (const secret of secrets) addMask(job.masks, secret.trim())
  const postSteps: ((env: Env, inputs: Values) => Promise<StepResult>)[] = []
  return {
    async runAction({ with: inputs, env = {} }) {
      let state: Values = {}
      // Registered before the main step runs, so that it runs even after a main step that was killed.
      postSteps.unshift((changedEnv, changedInputs) =>
        runStep(job, {
          title: `Post Run ${ACTION}`,
          details: () => ['Post job cleanup.'],
          prepare: (folder) => [process.execPath, copyAction(folder).post],
          env: { ...env, ...changedEnv },
          state,
          inputs: { ...inputs, ...changedInputs },
        }),
      )
      const result = await runStep(job, {
        title: `Run ${ACTION}`,
        details: (shown) => [...listValues('with', withDefaults(inputs)), ...listValues('env', shown)],
        prepare: (folder) => [process.execPath, copyAction(folder).main],
        env,
        inputs,
      })
      state = result.state
      return result
    },
    runScript: ({ name, script, env = {} }) =>
      runStep(job, {
        title: name,
        details: (shown) => listScript(script, 'node {0}', shown),
        prepare: (folder) => [process.execPath, writeScript(folder, 'script.mjs', script)],
        env,
      }),
    runBash: ({ script, env = {} }) =>
      runStep(job, {
        title: `Run ${script.trim().replace(/\n.*/s, '')}`,
        details: (shown) => listScript(script, '/usr/bin/bash -e {0}', shown),
        prepare: (folder) => ['bash', '-e', writeScript(folder, 'script.sh', script)],
        env,
      }),
    async runPostSteps(env = {}, inputs = {}) {
      const results = []
      for (const run of postSteps.splice(0)) results.push(await run(env, inputs))
      return results
    },
    cancel: async () => await job.running?.cancel(cancelDelaysMs),
    evaluateOutputs: (outputs) => evaluateOutputs(job, outputs),
  }
}

async function runStep(job: JobState, { title, details, prepare, ...step }: Step): Promise<StepResult> {
  const folder = mkdtempSync(join(tmpdir(), 'fake-runner-'))
  const { log, reader } = openLog(job, { ...job.env, ...step.env }['RUNNER_DEBUG'] === '1')
  reader.print('group', title)
  for (const detail of details({ ...job.exported, ...step.env })) reader.print('text', detail)
  reader.print('endgroup', '')
  const printed: string[] = []
  try {
    job.running = startProcess(
      prepare(folder),
      composeEnv(job, step, createRunnerVariables(folder)),
      (line) => {
        printed.push(line)
        reader.readLine(line)
      },
    )
    const exitCode = await job.running.exitCode
    const files = readCommandFiles(folder)
    exportVariables(job.exported, files.ENV, reader)
    const outputs = { ...reader.outputs, ...parseCommandFile(files.OUTPUT) }
    const state = { ...reader.state, ...parseCommandFile(files.STATE) }
    return { exitCode, log, printed, masks: [...job.masks], outputs, state, files }
  } finally {
    job.running = undefined
    removeFolder(folder)
  }
}

function openLog({ masks, onLog }: JobState, isDebug = false) {
  const log: LogLine[] = []
  const reader = createLineReader(masks, (line) => {
    if (line.kind === 'debug' && !isDebug) return
    log.push(line)
    onLog(line)
  })
  return { log, reader }
}

/** In the order of ActionRunner.cs and NodeScriptActionHandler.cs: no variable replaces saved state or an input. */
function composeEnv(
  { env: jobEnv, exported }: JobState,
  { env, state = {}, inputs }: Pick<Step, 'env' | 'state' | 'inputs'>,
  runnerVariables: Env,
): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(INHERITED_VARIABLES.map((name) => [name, process.env[name]])),
    ...jobEnv,
    ...exported,
    ...env,
    ...stateVariables(state),
    ...(inputs && inputVariables(inputs)),
    ...runnerVariables,
    ...pickRunnerVariables({ ...jobEnv, ...env }),
  }
}

function exportVariables(
  exported: Record<string, string>,
  file: string,
  reader: ReturnType<typeof createLineReader>,
): void {
  for (const [name, value] of Object.entries(parseCommandFile(file))) {
    if (name.toUpperCase() !== 'NODE_OPTIONS') exported[name] = value
    else reader.print('error', "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.")
  }
}

/** As JobExtension.cs does at the end of a job. */
function evaluateOutputs(job: JobState, outputs: Values): ReturnType<Job['evaluateOutputs']> {
  const { log, reader } = openLog(job)
  reader.print('text', 'Evaluate and set job outputs')
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(outputs)) {
    if (value === '') continue
    if (containsSecret(value, job.masks)) {
      reader.print('warning', `Skip output '${name}' since it may contain secret.`)
    } else {
      reader.print('text', `Set output '${name}'`)
      kept[name] = value
    }
  }
  return { outputs: kept, log }
}

/** Creates the command files, and returns the variables that the runner itself sets. */
function createRunnerVariables(folder: string): Env {
  for (const name of COMMAND_FILES) writeFileSync(join(folder, name), '')
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    ...WORKFLOW_RUN,
    GITHUB_WORKSPACE: folder,
    RUNNER_TEMP: folder,
    ...Object.fromEntries(COMMAND_FILES.map((name) => [`GITHUB_${name}`, join(folder, name)])),
  }
}

function pickRunnerVariables(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => /^(GITHUB|RUNNER|ACTIONS)_/.test(name)))
}

function readCommandFiles(folder: string): StepResult['files'] {
  const contents = COMMAND_FILES.map((name) => [name, readFileSync(join(folder, name), 'utf8')])
  return Object.fromEntries(contents)
}

function writeScript(folder: string, name: string, script: string): string {
  const file = join(folder, name)
  writeFileSync(file, script)
  return file
}

/** Retries, because on Windows a virus scanner can have a file open for a moment. */
function removeFolder(path: string): void {
  rmSync(path, { recursive: true, maxRetries: 5 })
}

function listScript(script: string, shell: string, env: Env): string[] {
  return [...script.trim().split('\n'), `shell: ${shell}`, ...listValues('env', env)]
}

function listValues(title: string, values: Env): string[] {
  const lines = Object.entries(values).filter(([, value]) => value)
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map(([name, value]) => `  ${name}: ${value}`)]
}
