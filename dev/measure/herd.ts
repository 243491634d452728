/**
 * Simulates a matrix of jobs that start in the same second against a server with a rate limit, on a virtual clock, and
 * prints the table of docs/retries.md, which compares the action's backoff with others.
 */
import type { Transient } from '../../src/http/failure.ts'
import { delayAfter } from '../../src/http/retry.ts'

const TIMEOUT_MS = 60_000
/** The action's default. */
const RETRIES = 3
const LATENCY_MS = 50
const SERVED_PER_SECOND = 50

interface Scenario {
  readonly retryAfterSeconds?: number
  readonly outageSeconds?: number
}

/** A server that returns 503 during an outage, and 429 to all requests that it cannot serve. */
export const SCENARIOS = {
  busy: { retryAfterSeconds: 5 },
  busyWithoutRetryAfter: {},
  outage: { outageSeconds: 20 },
} as const satisfies Readonly<Record<string, Scenario>>

/** The wait in milliseconds, or `undefined` to give up. */
type Policy = (transient: Transient, attempts: number, msLeft: number, random: number) => number | undefined

const exponential = (attempts: number) => Math.min(1000 * 2 ** (attempts - 1), 20_000)
const bounded =
  (policy: (transient: Transient, attempts: number) => number): Policy =>
  (transient, attempts, msLeft) => {
    const waitMs = policy(transient, attempts)
    return waitMs < msLeft ? waitMs : undefined
  }

/** The action's policy is the first. */
const POLICIES: Readonly<Record<string, Policy>> = {
  'this action': (transient, attempts, msLeft, random) => {
    // Every response is 429 or 503.
    const situation = { retries: RETRIES, attempts, busy: attempts, msLeft, now: new Date(0), random }
    const delay = delayAfter(transient, situation)
    return 'waitMs' in delay ? delay.waitMs : undefined
  },
  'fixed 3 s': bounded(() => 3000),
  'exponential, no jitter': bounded((_transient, attempts) => exponential(attempts)),
  '`Retry-After`, no jitter': bounded(({ retryAfter }, attempts) =>
    retryAfter === undefined ? exponential(attempts) : Number(retryAfter) * 1000,
  ),
}

interface Job {
  readonly start: number
  attempts: number
}

function simulate(policy: Policy, jobs: number, { retryAfterSeconds, outageSeconds = 0 }: Scenario) {
  const random = createRandom()
  /** The jobs that send a request, by millisecond. */
  const agenda = Array.from({ length: TIMEOUT_MS + 1001 }, (): Job[] => [])
  const plan = (time: number, job: Job) => agenda[Math.round(time)]?.push(job)
  for (let index = 0; index < jobs; index += 1) {
    const start = random() * 1000
    plan(start, { start, attempts: 0 })
  }

  const requests: number[] = []
  let served = 0
  let free = 0
  for (const [time, requesting] of agenda.entries()) {
    const second = Math.floor(time / 1000)
    const isOut = second < outageSeconds
    if (time % 1000 === 0) free = isOut ? 0 : SERVED_PER_SECOND
    requests[second] = (requests[second] ?? 0) + requesting.length
    for (const job of requesting) {
      if (free > 0) {
        free -= 1
        served += 1
        continue
      }
      job.attempts += 1
      const transient = isOut ? { status: 503 } : { status: 429, retryAfter: retryAfterSeconds?.toString() }
      const waitMs = policy(transient, job.attempts, job.start + TIMEOUT_MS - time - LATENCY_MS, random())
      if (waitMs !== undefined) plan(time + LATENCY_MS + waitMs, job)
    }
  }
  const sum = requests.reduce((total, count) => total + count, 0)
  return { share: served / jobs, perToken: sum / served, peak: Math.max(...requests.slice(1)) }
}

/** Mulberry32, with a fixed seed, so that each run prints the same table. */
function createRandom(): () => number {
  let state = 1
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The result of each policy. */
export function comparePolicies(jobs: number, scenario: Scenario) {
  return Object.entries(POLICIES).map(([policy, wait]) => ({ policy, ...simulate(wait, jobs, scenario) }))
}

/** The result with `share-key`: one job requests a token by the action's policy, and the others send nothing. */
function simulateSharing(scenario: Scenario) {
  const policy = 'one job requests, the others share'
  return { policy, ...simulate(POLICIES['this action'] as Policy, 1, scenario) }
}

/** The table for 256 jobs, the largest matrix, in Markdown. */
export function formatTable(): string {
  const simulateAll = (scenario: Scenario) => [...comparePolicies(256, scenario), simulateSharing(scenario)]
  const outage = simulateAll(SCENARIOS.outage)
  const rows = simulateAll(SCENARIOS.busy).map(({ policy, perToken, peak }, index) => {
    const percent = ((outage[index]?.share ?? 0) * 100).toFixed(0)
    return `| ${policy} | ${perToken.toFixed(1)} | ${peak} | ${percent} % |`
  })
  const head =
    '| Retry policy | HTTP 429: requests per token | HTTP 429: peak requests per second | HTTP 503 for 20 s: jobs with a token after 60 s |'
  return [head, '|---|---:|---:|---:|', ...rows].join('\n')
}

if (import.meta.main) console.log(formatTable())
