import * as core from '@actions/core'
import { monotonicMs } from './clock.ts'
import { Failure, type Transient } from './failure.ts'
import { createSend, type Send } from './send.ts'

/** The longest wait after the first, second … failed attempt. The last value applies to all further ones. */
const BACKOFF_SECONDS = [1, 2.5, 4, 8, 16, 20]
/** After 429, which means that many jobs request at once: they need more time to spread out. */
const RATE_LIMIT_BACKOFF_SECONDS = [4, 8, 16, 20]
const ATTEMPT_TIMEOUT_MS = 20_000
/** A wait must leave the next attempt at least this long before the deadline. */
const MIN_ATTEMPT_MS = 500

export interface RetryLimits {
  /** The number of retries. Retries after 429 and 503 do not count, but 0 turns them off, too. */
  readonly retries: number
  /** For all attempts and waits together, in milliseconds of `monotonicMs()`. */
  readonly deadline: number
}

export interface Situation {
  /** The failed attempts so far. */
  readonly attempts: number
  /** The failed attempts with a 429 or 503 response. */
  readonly busy: number
  readonly retries: number
  /** Until the deadline. */
  readonly msLeft: number
  /** The time of day, for a `Retry-After` date in a response without a `Date`. */
  readonly now: Date
  /** From 0 up to 1. */
  readonly random: number
}

export type Delay =
  | { readonly waitMs: number }
  | { readonly stop: 'retries' | 'timeout' }
  | { readonly stop: 'retry-after'; readonly askedMs: number }

/**
 * Decides how long to wait before the next attempt, or why there is none: full jitter, added to `Retry-After`
 * (RFC 9110, section 10.2.3), in milliseconds.
 */
export function delayAfter(transient: Transient, situation: Situation): Delay {
  const { attempts, busy, retries, msLeft, now, random } = situation
  if (retries === 0 || (!isBusy(transient) && attempts - busy > retries)) return { stop: 'retries' }
  const askedMs = parseRetryAfter(transient, now)
  const roomMs = msLeft - MIN_ATTEMPT_MS
  if (askedMs > 0 && askedMs >= roomMs) return { stop: 'retry-after', askedMs }
  const seconds = transient.status === 429 ? RATE_LIMIT_BACKOFF_SECONDS : BACKOFF_SECONDS
  const backoffMs = 1000 * (seconds[Math.min(attempts, seconds.length) - 1] as number)
  if (askedMs > 0) return { waitMs: askedMs + random * Math.min(backoffMs, roomMs - askedMs) }
  // Do not shorten the wait to fit: rejected jobs would all retry together right before the deadline.
  return random * backoffMs > roomMs ? { stop: 'timeout' } : { waitMs: random * backoffMs }
}

/** The server works, and will accept the request later. */
function isBusy({ status }: Transient): boolean {
  return status === 429 || status === 503
}

/** Milliseconds to wait; 0 for a date in the past, an invalid value or no value. */
function parseRetryAfter({ retryAfter = '', date = '' }: Transient, now: Date): number {
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * 1000
  // By the server's own clock, if it sends that, because the runner's can be wrong.
  return Math.max(0, parseDate(retryAfter) - (parseDate(date) || now.getTime())) || 0
}

/** NaN without the time zone, because Date.parse would assume the runner's. */
function parseDate(text: string): number {
  return / GMT$/.test(text) ? Date.parse(text) : Number.NaN
}

/**
 * Runs `act` until it succeeds, fails permanently, or reaches a limit. Logs each wait with its reason.
 * @param goal what failed, as the start of the error: `Could not …`
 * @param act one attempt; throws Failure
 * @throws Error with the goal, and the reason and the advice of the last failure
 */
export type Attempt = <T>(goal: string, act: (send: Send) => Promise<T>) => Promise<T>

/** Creates an `Attempt` with the limits of a step. */
export function createAttempt({ retries, deadline }: RetryLimits): Attempt {
  return async (goal, act) => {
    let busy = 0
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await act(createSend(Math.min(deadline, monotonicMs() + ATTEMPT_TIMEOUT_MS)))
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        const { reason, advice, transient } = error
        const count = attempts > 1 ? ` after ${attempts} attempts` : ''
        const giveUp = (fix: string) => new Error(`${goal}${count}: ${reason}. ${fix}`)
        if (transient === undefined) throw giveUp(advice)
        if (isBusy(transient)) busy += 1
        const msLeft = deadline - monotonicMs()
        const situation = { attempts, busy, retries, msLeft, now: new Date(), random: Math.random() }
        const delay = delayAfter(transient, situation)
        if ('stop' in delay) {
          throw giveUp(delay.stop === 'retry-after' ? adviseToWait(delay.askedMs, msLeft) : advice)
        }
        const limit = isBusy(transient) ? ', until timeout' : ` of ${retries + 1 + busy}`
        const seconds = Math.max(0.1, delay.waitMs / 1000).toFixed(1)
        core.info(`${reason}; retrying in ${seconds} s (attempt ${attempts + 1}${limit})`)
        await new Promise((resolve) => setTimeout(resolve, delay.waitMs))
      }
    }
  }
}

function adviseToWait(askedMs: number, msLeft: number): string {
  const asked = askedMs > 86_400_000 ? 'more than a day' : `${Math.ceil(askedMs / 1000)} s`
  const left = Math.max(0, Math.floor(msLeft / 1000))
  return `The server asked to wait ${asked} (Retry-After), but only ${left} s of timeout are left. Re-run the job later, or increase timeout.`
}
