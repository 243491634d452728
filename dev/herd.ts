/**
 * Simulates a matrix of jobs that start in the same second against a server with a limit, on a virtual clock, and
 * prints as a Markdown table how they fare with the action's waits and with others.
 */
import type { Passing } from '../src/failure.ts'
import { delayAfter } from '../src/retry.ts'

const TIMEOUT_MS = 60_000
const RETRIES = 3
const LATENCY_MS = 50
const SERVED_PER_SECOND = 50

interface Scenario {
  readonly name: string
  readonly retryAfterSeconds?: number
  readonly outageSeconds?: number
}

const SCENARIOS: readonly Scenario[] = [
  { name: '429 with `Retry-After: 5`', retryAfterSeconds: 5 },
  { name: '429 without `Retry-After`' },
  { name: '503 for 20 s, then 429 without `Retry-After`', outageSeconds: 20 },
]

/** The wait in milliseconds, or `undefined` to give up. */
type Policy = (passing: Passing, attempts: number, msLeft: number, random: number) => number | undefined

const exponential = (attempts: number) => Math.min(1000 * 2 ** (attempts - 1), 20_000)
const bounded =
  (policy: (passing: Passing, attempts: number) => number): Policy =>
  (passing, attempts, msLeft) => {
    const waitMs = policy(passing, attempts)
    return waitMs < msLeft ? waitMs : undefined
  }

const POLICIES: Readonly<Record<string, Policy>> = {
  'this action': (passing, attempts, msLeft, random) => {
    const delay = delayAfter(passing, { attempts, retries: RETRIES, msLeft, now: new Date(0), random })
    return 'waitMs' in delay ? delay.waitMs : undefined
  },
  'fixed 3 s': bounded(() => 3000),
  'exponential, no jitter': bounded((_passing, attempts) => exponential(attempts)),
  '`Retry-After`, no jitter': bounded(({ retryAfter }, attempts) =>
    retryAfter === undefined ? exponential(attempts) : Number(retryAfter) * 1000,
  ),
}

function simulate(policy: Policy, jobs: number, { retryAfterSeconds, outageSeconds = 0 }: Scenario) {
  const random = createRandom()
  const agenda = new Map<number, { start: number; attempts: number }[]>()
  const plan = (time: number, job: { start: number; attempts: number }) => {
    const ms = Math.round(time)
    agenda.set(ms, [...(agenda.get(ms) ?? []), job])
  }
  for (let job = 0; job < jobs; job += 1) {
    const start = random() * 1000
    plan(start, { start, attempts: 0 })
  }

  const requestsInSecond = new Array<number>(TIMEOUT_MS / 1000 + 2).fill(0)
  const servedInSecond = [...requestsInSecond]
  let served = 0
  for (let time = 0; time <= TIMEOUT_MS + 1000; time += 1) {
    const second = Math.floor(time / 1000)
    for (const job of agenda.get(time) ?? []) {
      requestsInSecond[second] = (requestsInSecond[second] ?? 0) + 1
      job.attempts += 1
      const isOut = second < outageSeconds
      if (!isOut && (servedInSecond[second] ?? 0) < SERVED_PER_SECOND) {
        servedInSecond[second] = (servedInSecond[second] ?? 0) + 1
        served += 1
        continue
      }
      const passing: Passing = isOut
        ? { status: 503 }
        : { status: 429, retryAfter: retryAfterSeconds?.toString() }
      const msLeft = job.start + TIMEOUT_MS - time - LATENCY_MS
      const waitMs = policy(passing, job.attempts, msLeft, random())
      if (waitMs !== undefined) plan(time + LATENCY_MS + waitMs, job)
    }
    agenda.delete(time)
  }
  const requests = requestsInSecond.reduce((sum, count) => sum + (count ?? 0), 0)
  const peak = Math.max(...requestsInSecond.slice(1).map((count) => count ?? 0))
  return { share: served / jobs, perToken: requests / served, peak }
}

/** Mulberry32: the same table at each run. */
function createRandom(): () => number {
  let state = 1
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

console.log(
  '| jobs | server | waits | served in 60 s | requests per token | peak requests/s after the first second |',
)
console.log('|---:|---|---|---:|---:|---:|')
for (const scenario of SCENARIOS) {
  for (const jobs of [256, 10_000]) {
    for (const [name, policy] of Object.entries(POLICIES)) {
      const { share, perToken, peak } = simulate(policy, jobs, scenario)
      console.log(
        `| ${jobs} | ${scenario.name} | ${name} | ${(share * 100).toFixed(1)} % | ${perToken.toFixed(1)} | ${peak} |`,
      )
    }
  }
}
