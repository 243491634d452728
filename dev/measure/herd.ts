/**
 * Simulates a matrix of jobs that start in the same second against a server with a rate limit, on a virtual clock, and
 * prints Markdown tables that compare the action's backoff with others.
 */
import type { Transient } from '../../src/http/failure.ts'
import { delayAfter } from '../../src/http/retry.ts'

const TIMEOUT_MS = 60_000
/** The action's default. */
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
type Policy = (transient: Transient, attempts: number, msLeft: number, random: number) => number | undefined

const exponential = (attempts: number) => Math.min(1000 * 2 ** (attempts - 1), 20_000)
const bounded =
  (policy: (transient: Transient, attempts: number) => number): Policy =>
  (transient, attempts, msLeft) => {
    const waitMs = policy(transient, attempts)
    return waitMs < msLeft ? waitMs : undefined
  }

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
  for (const [time, senders] of agenda.entries()) {
    const second = Math.floor(time / 1000)
    const isOut = second < outageSeconds
    if (time % 1000 === 0) free = isOut ? 0 : SERVED_PER_SECOND
    requests[second] = (requests[second] ?? 0) + senders.length
    for (const job of senders) {
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

/** The results of all policies in all scenarios, one group for each scenario and matrix size. */
export function runHerds() {
  return SCENARIOS.flatMap((scenario) =>
    [256, 10_000].map((jobs) => ({
      jobs,
      server: scenario.name,
      results: Object.entries(POLICIES).map(([name, policy]) => ({
        policy: name,
        ...simulate(policy, jobs, scenario),
      })),
    })),
  )
}

/** Formats the results of `runHerds` as a Markdown table. */
export function formatHerds(herds: ReturnType<typeof runHerds>): string {
  const rows = herds.flatMap(({ jobs, server, results }) =>
    results.map(
      ({ policy, share, perToken, peak }) =>
        `| ${jobs} | ${server} | ${policy} | ${(share * 100).toFixed(1)} % | ${perToken.toFixed(1)} | ${peak} |`,
    ),
  )
  const head =
    '| Jobs | Server | Retry policy | Served in 60 s | Requests per token | Peak requests per second after the first |'
  return [head, '|---:|---|---|---:|---:|---:|', ...rows].join('\n')
}

/** Formats the table of docs/retries.md: 256 jobs, after 429 with `Retry-After` and in an outage. */
export function formatSummary(herds: ReturnType<typeof runHerds>): string {
  const [limited, , outage] = herds.filter(({ jobs }) => jobs === 256).map(({ results }) => results)
  const rows = limited?.map(({ policy, perToken, peak }, index) => {
    const share = ((outage?.[index]?.share ?? 0) * 100).toFixed(0)
    return `| ${policy} | ${perToken.toFixed(1)} | ${peak} | ${share} % |`
  })
  const head =
    '| Retry policy | HTTP 429: requests per token | HTTP 429: peak requests per second | HTTP 503 for 20 s: jobs with a token after 60 s |'
  return [head, '|---|---:|---:|---:|', ...(rows ?? [])].join('\n')
}

if (import.meta.main) {
  const herds = runHerds()
  console.log(`${formatHerds(herds)}\n\n${formatSummary(herds)}`)
}
