import * as core from '@actions/core'
import { monotonicMs } from './clock.ts'
import { Failure, type Passing } from './failure.ts'

/** The longest wait after the first, second … failed attempt; the last number holds for all further ones. */
const BACKOFF_SECONDS = [1, 2.5, 4, 8, 16, 20]
/** After 429, which means that many ask: they need longer to spread out. */
const BACKOFF_SECONDS_WHEN_BUSY = [4, 8, 16, 20]
const ATTEMPT_TIMEOUT_MS = 20_000
/** A wait must leave the next attempt at least this long before the deadline. */
const MIN_ATTEMPT_MS = 500

export interface RetryLimits {
  /** Further attempts after the first. */
  readonly retries: number
  /** The same where the answers are 429 and 503: the server works, and says that it will again. */
  readonly retriesWhenBusy: number
  /** By the clock of `monotonicMs()`, in milliseconds: for all attempts and waits together. */
  readonly deadline: number
}

export interface Situation {
  /** How many attempts have failed so far. */
  readonly attempts: number
  readonly retries: number
  readonly retriesWhenBusy: number
  /** Until the deadline. */
  readonly msLeft: number
  /** The time of day, for a `Retry-After` that is a date. */
  readonly now: Date
  /** From 0 up to 1. */
  readonly random: number
}

export type Delay =
  | { readonly waitMs: number }
  | { readonly stop: 'retries' | 'timeout' }
  | { readonly stop: 'retry-after'; readonly askedMs: number }

/**
 * How long to wait before the next attempt, or why there is none: full jitter, on top of what `Retry-After`
 * (RFC 9110, 10.2.3) asks for.
 */
export function delayAfter({ status, retryAfter }: Passing, situation: Situation): Delay {
  const { attempts, msLeft, now, random } = situation
  if (attempts > retriesAfter(status, situation)) return { stop: 'retries' }
  const askedMs = parseRetryAfter(retryAfter, now)
  const roomMs = msLeft - MIN_ATTEMPT_MS
  if (askedMs > 0 && askedMs >= roomMs) return { stop: 'retry-after', askedMs }
  const seconds = status === 429 ? BACKOFF_SECONDS_WHEN_BUSY : BACKOFF_SECONDS
  const backoffMs = 1000 * (seconds[Math.min(attempts, seconds.length) - 1] as number)
  if (askedMs > 0) return { waitMs: askedMs + random * Math.min(backoffMs, roomMs - askedMs) }
  // Not squeezed into the room: all those who were refused would come back again and again before the deadline.
  return random * backoffMs > roomMs ? { stop: 'timeout' } : { waitMs: random * backoffMs }
}

function retriesAfter(
  status: number | undefined,
  { retries, retriesWhenBusy }: Pick<RetryLimits, 'retries' | 'retriesWhenBusy'>,
): number {
  return status === 429 || status === 503 ? retriesWhenBusy : retries
}

/** Milliseconds from `now`; 0 for a date that has passed, for no value and for nonsense. */
function parseRetryAfter(value: string | undefined, now: Date): number {
  const text = String(value)
  if (/^\d+$/.test(text)) return Number(text) * 1000
  // Only with its zone: without one, Date.parse would take the runner's.
  const date = / GMT$/.test(text) ? Date.parse(text) : Number.NaN
  return Math.max(0, date - now.getTime()) || 0
}

/**
 * Makes attempts until one succeeds, fails for good, or the limits are reached; announces each wait.
 * @param goal what could not be done: the beginning of the error
 * @param attempt told its own deadline, by the same clock; throws Failure
 * @throws Error with the goal, and the reason and the cure of the last failure
 */
export async function withRetries<T>(
  goal: string,
  limits: RetryLimits,
  attempt: (deadline: number) => Promise<T>,
): Promise<T> {
  const { deadline } = limits
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt(Math.min(deadline, monotonicMs() + ATTEMPT_TIMEOUT_MS))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const count = attempts > 1 ? ` in ${attempts} attempts` : ''
      const giveUp = (cure: string) => new Error(`${goal}${count}: ${error.reason}. ${cure}`)
      if (error.passing === undefined) throw giveUp(error.cure)
      const msLeft = deadline - monotonicMs()
      const situation = { ...limits, attempts, msLeft, now: new Date(), random: Math.random() }
      const delay = delayAfter(error.passing, situation)
      if ('stop' in delay) throw giveUp(cureAfter(error, delay, msLeft))
      const retries = retriesAfter(error.passing.status, limits)
      const bound = retries === Number.POSITIVE_INFINITY ? ', until the timeout' : ` of ${retries + 1}`
      const seconds = (delay.waitMs / 1000).toFixed(1)
      core.info(`${error.reason}; trying again in ${seconds} s (attempt ${attempts + 1}${bound})`)
      await new Promise((resolve) => setTimeout(resolve, delay.waitMs))
    }
  }
}

function cureAfter({ cure }: Failure, delay: Exclude<Delay, { waitMs: number }>, msLeft: number): string {
  if (delay.stop !== 'retry-after') return cure
  const asked = delay.askedMs > 86_400_000 ? 'more than a day' : `${Math.ceil(delay.askedMs / 1000)} s`
  const left = Math.max(0, Math.floor(msLeft / 1000))
  return `The server asks to wait ${asked}, but of the time in timeout only ${left} s are left. Run the job later, or raise timeout.`
}
