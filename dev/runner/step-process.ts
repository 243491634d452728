import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'

/** Program and arguments. */
export type Command = readonly [string, ...string[]]

/** A process that hangs must not block the test run. */
const KILL_AFTER_MS = 60_000

/** How long the runner waits after SIGINT and after SIGTERM before its next signal (Runner.Sdk/ProcessInvoker.cs). */
export const CANCEL_DELAYS_MS: CancelDelays = { sigint: 7500, sigterm: 2500 }

export interface CancelDelays {
  readonly sigint: number
  readonly sigterm: number
}

export interface StepProcess {
  /** `null` if a signal ended the process. */
  readonly exitCode: Promise<number | null>
  /** Sends SIGINT, then SIGTERM, then SIGKILL, until the process has exited. */
  cancel(delaysMs: CancelDelays): Promise<void>
}

/** Starts a step's process; calls `onLine` with each line of both output streams. */
export function startProcess(
  [program, ...args]: Command,
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void,
): StepProcess {
  const child = spawn(program, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: KILL_AFTER_MS,
  })
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', onLine)
  const exitCode = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return {
    exitCode,
    async cancel({ sigint, sigterm }) {
      child.kill('SIGINT')
      if (await exitsWithin(exitCode, sigint)) return
      child.kill('SIGTERM')
      if (await exitsWithin(exitCode, sigterm)) return
      child.kill('SIGKILL')
    },
  }
}

async function exitsWithin(exitCode: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new AbortController()
  const isOver = setTimeout(ms, false, { signal: timer.signal })
  isOver.catch(() => {})
  const hasExited = await Promise.race([exitCode.then(() => true), isOver])
  timer.abort()
  return hasExited
}
