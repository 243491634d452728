import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { monotonicMs } from '../src/clock.ts'
import { Failure, type Passing } from '../src/failure.ts'
import { type Delay, delayAfter, type Situation, withRetries } from '../src/retry.ts'
import { recordPrinted } from './stdout.ts'

const NOW = new Date('2026-11-23T18:00:00Z')
const FIRST: Situation = {
  attempts: 1,
  retries: 3,
  retriesWhenBusy: Number.POSITIVE_INFINITY,
  msLeft: 60_000,
  now: NOW,
  random: 0.5,
}

describe('the delay', () => {
  test.each<[string, Passing, Partial<Situation>, Delay]>([
    ['is half of 1 s in the middle of the dice', {}, {}, { waitMs: 500 }],
    ['may be nothing', {}, { random: 0 }, { waitMs: 0 }],
    ['may take all the time but for another attempt', {}, { random: 1, msLeft: 1500 }, { waitMs: 1000 }],
    ['grows to 2.5 s', {}, { attempts: 2, random: 1 }, { waitMs: 2500 }],
    ['grows to 4 s', {}, { attempts: 3, random: 1 }, { waitMs: 4000 }],
    ['grows to 8 s', {}, { attempts: 4, random: 1, retries: 10 }, { waitMs: 8000 }],
    ['grows to 16 s', {}, { attempts: 5, random: 1, retries: 10 }, { waitMs: 16_000 }],
    ['grows to 20 s', {}, { attempts: 6, random: 1, retries: 10 }, { waitMs: 20_000 }],
    ['grows no further', {}, { attempts: 9, random: 1, retries: 10 }, { waitMs: 20_000 }],
    ['begins with 4 s after 429', { status: 429 }, { random: 1 }, { waitMs: 4000 }],
    ['grows to 20 s after 429', { status: 429 }, { attempts: 7, random: 1 }, { waitMs: 20_000 }],
    ['begins with 1 s after 503', { status: 503 }, { random: 1 }, { waitMs: 1000 }],
  ])('%s', (_name, passing, situation, delay) => {
    expect(delayAfter(passing, { ...FIRST, ...situation })).toEqual(delay)
  })

  test.each<[string, Passing, Partial<Situation>, Delay]>([
    ['in seconds', { retryAfter: '10' }, {}, { waitMs: 10_500 }],
    ['in seconds after 429', { status: 429, retryAfter: '10' }, {}, { waitMs: 12_000 }],
    ['of no seconds', { retryAfter: '0' }, {}, { waitMs: 500 }],
    ['as a date', { retryAfter: 'Mon, 23 Nov 2026 18:00:10 GMT' }, {}, { waitMs: 10_500 }],
    ['as a date of the older form', { retryAfter: 'Monday, 23-Nov-26 18:00:10 GMT' }, {}, { waitMs: 10_500 }],
    ['as a date that has passed', { retryAfter: 'Mon, 23 Nov 2026 17:00:00 GMT' }, {}, { waitMs: 500 }],
    ['as a date without a zone', { retryAfter: 'Mon Nov 23 18:00:10 2026' }, {}, { waitMs: 500 }],
    [
      'as a date with another zone',
      { retryAfter: 'Mon, 23 Nov 2026 18:00:10 GMT-0100' },
      {},
      { waitMs: 500 },
    ],
    ['as nonsense', { retryAfter: 'soon' }, {}, { waitMs: 500 }],
    ['as an impossible date', { retryAfter: 'Mon, 99 Nov 2026 18:00:10 GMT' }, {}, { waitMs: 500 }],
    ['as a negative number', { retryAfter: '-5' }, {}, { waitMs: 500 }],
    ['as a fraction', { retryAfter: '1.5' }, {}, { waitMs: 500 }],
    ['as nothing', { retryAfter: '' }, {}, { waitMs: 500 }],
    ['with little room after it', { status: 429, retryAfter: '59' }, { random: 1 }, { waitMs: 59_500 }],
    [
      'that leaves no time for another attempt',
      { retryAfter: '10' },
      { msLeft: 10_500 },
      { stop: 'retry-after', askedMs: 10_000 },
    ],
    ['at the deadline', { retryAfter: '60' }, {}, { stop: 'retry-after', askedMs: 60_000 }],
    [
      'beyond every number',
      { retryAfter: '9'.repeat(400) },
      {},
      { stop: 'retry-after', askedMs: Number.POSITIVE_INFINITY },
    ],
  ])('honours a Retry-After %s', (_name, passing, situation, delay) => {
    expect(delayAfter(passing, { ...FIRST, ...situation })).toEqual(delay)
  })

  test.each<[string, Passing, Partial<Situation>, Delay]>([
    ['after the last attempt', {}, { attempts: 4 }, { stop: 'retries' }],
    ['after the only attempt', {}, { retries: 0 }, { stop: 'retries' }],
    ['after the only attempt, even to 429', { status: 429 }, { retriesWhenBusy: 0 }, { stop: 'retries' }],
    [
      'after the last attempt to 503',
      { status: 503 },
      { attempts: 2, retriesWhenBusy: 1 },
      { stop: 'retries' },
    ],
    ['after the last attempt to 500', { status: 500 }, { attempts: 4 }, { stop: 'retries' }],
    ['when the wait would end too late', {}, { msLeft: 999 }, { stop: 'timeout' }],
    ['when the time is over', {}, { msLeft: -5, random: 0 }, { stop: 'timeout' }],
  ])('stops %s', (_name, passing, situation, delay) => {
    expect(delayAfter(passing, { ...FIRST, ...situation })).toEqual(delay)
  })

  test.each([429, 503])('is bounded by the deadline alone after %i', (status) => {
    expect(delayAfter({ status }, { ...FIRST, attempts: 50 })).toEqual({ waitMs: 10_000 })
  })
})

describe('the loop', () => {
  let printed: ReturnType<typeof recordPrinted>

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW })
    jest.spyOn(Math, 'random').mockReturnValue(0.5)
    printed = recordPrinted()
  })

  afterEach(() => {
    jest.restoreAllMocks()
    jest.useRealTimers()
  })

  /** Runs through a list of failures, then succeeds; returns how it ended, in which time, and with which limits. */
  async function run(
    failures: readonly Error[],
    { retriesWhenBusy = Number.POSITIVE_INFINITY, timeoutMs = 60_000, takesMs = 0 } = {},
  ) {
    const limits: number[] = []
    const start = monotonicMs()
    const left = [...failures]
    const ending = withRetries(
      'Could not do it',
      { retries: 3, retriesWhenBusy, deadline: start + timeoutMs },
      async (deadline) => {
        limits.push(deadline - monotonicMs())
        jest.advanceTimersByTime(takesMs)
        const failure = left.shift()
        if (failure) throw failure
        return 'done'
      },
    ).catch((error: Error) => error.message)
    await jest.runAllTimersAsync()
    return { ended: await ending, ms: monotonicMs() - start, limits, printed: printed.lines() }
  }

  const passing = (passing: Passing = {}) => new Failure('It rained', 'Take an umbrella.', passing)

  test('returns what the first attempt returns', async () => {
    expect(await run([])).toEqual({ ended: 'done', ms: 0, limits: [20_000], printed: [] })
  })

  test('waits, announces it, and tries again', async () => {
    expect(await run([passing(), passing({ status: 429, retryAfter: '7' })])).toEqual({
      ended: 'done',
      ms: 500 + 7000 + 4000,
      limits: [20_000, 20_000, 20_000],
      printed: [
        'It rained; trying again in 0.5 s (attempt 2 of 4)',
        'It rained; trying again in 11.0 s (attempt 3, until the timeout)',
      ],
    })
  })

  test('gives an attempt no more than the time that is left', async () => {
    const { limits, ended } = await run([passing(), passing()], { timeoutMs: 22_000, takesMs: 9000 })
    expect(limits).toEqual([20_000, 12_500, 2250])
    expect(ended).toBe('done')
  })

  test('bounds the attempts where a server is busy, too, if it is told to', async () => {
    expect(await run(new Array(9).fill(passing({ status: 503 })), { retriesWhenBusy: 1 })).toMatchObject({
      ended: 'Could not do it in 2 attempts: It rained. Take an umbrella.',
      printed: ['It rained; trying again in 0.5 s (attempt 2 of 2)'],
    })
  })

  test('ends at once with what cannot pass', async () => {
    expect(await run([new Failure('It snowed', 'Wait for spring.')])).toMatchObject({
      ended: 'Could not do it: It snowed. Wait for spring.',
      ms: 0,
      printed: [],
    })
  })

  test('ends with the last failure and the number of attempts', async () => {
    const { ended, limits } = await run(new Array(9).fill(passing()))
    expect(ended).toBe('Could not do it in 4 attempts: It rained. Take an umbrella.')
    expect(limits).toHaveLength(4)
  })

  test('ends when no time is left', async () => {
    const { ended, ms } = await run([passing(), passing()], { timeoutMs: 1000, takesMs: 300 })
    expect(ended).toBe('Could not do it: It rained. Take an umbrella.')
    expect(ms).toBe(300)
  })

  test.each([
    ['61', '61 s'],
    ['86400', '86400 s'],
    ['86401', 'more than a day'],
    ['9'.repeat(400), 'more than a day'],
  ])('ends at once when the server asks for %s seconds', async (retryAfter, asked) => {
    const { ended, ms } = await run([passing({ status: 429, retryAfter })], { takesMs: 1500 })
    expect(ended).toBe(
      `Could not do it: It rained. The server asks to wait ${asked}, but of the time in timeout only 58 s are left. Run the job later, or raise timeout.`,
    )
    expect(ms).toBe(1500)
  })

  test('lets an error through that is none of an attempt', async () => {
    expect(await run([new TypeError('a bug')])).toMatchObject({ ended: 'a bug', limits: [20_000] })
  })
})
