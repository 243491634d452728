import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { monotonicMs } from '../../src/http/clock.ts'
import { Failure, type Transient } from '../../src/http/failure.ts'
import { createAttempt, type Delay, delayAfter, type Situation } from '../../src/http/retry.ts'
import type { Send } from '../../src/http/send.ts'
import { recordPrinted } from '../stdout.ts'

const NOW = new Date('2026-11-23T18:00:00Z')
const IN_10_S = 'Mon, 23 Nov 2026 18:00:10 GMT'

describe('the delay', () => {
  const SITUATION: Situation = { attempts: 1, busy: 0, retries: 3, msLeft: 60_000, now: NOW, random: 0.5 }

  test.each<[name: string, Transient, Partial<Situation>, Delay]>([
    ['is half of 1 s on average', {}, {}, { waitMs: 500 }],
    ['can be nothing', {}, { random: 0 }, { waitMs: 0 }],
    ['grows to 2.5 s', {}, { attempts: 2, random: 1 }, { waitMs: 2500 }],
    ['grows to 4 s', {}, { attempts: 3, random: 1 }, { waitMs: 4000 }],
    ['grows to 8 s', {}, { attempts: 4, random: 1, retries: 10 }, { waitMs: 8000 }],
    ['grows to 16 s', {}, { attempts: 5, random: 1, retries: 10 }, { waitMs: 16_000 }],
    ['grows to 20 s', {}, { attempts: 6, random: 1, retries: 10 }, { waitMs: 20_000 }],
    ['does not grow further', {}, { attempts: 9, random: 1, retries: 10 }, { waitMs: 20_000 }],
    ['starts with 1 s after 503', { status: 503 }, { random: 1 }, { waitMs: 1000 }],
    ['starts with 4 s after 429', { status: 429 }, { random: 1 }, { waitMs: 4000 }],
    ['grows to 8 s after 429', { status: 429 }, { attempts: 2, random: 1 }, { waitMs: 8000 }],
    ['grows to 16 s after 429', { status: 429 }, { attempts: 3, random: 1 }, { waitMs: 16_000 }],
    ['grows to 20 s after 429', { status: 429 }, { attempts: 4, random: 1 }, { waitMs: 20_000 }],
    ['leaves 500 ms for the next attempt', {}, { random: 1, msLeft: 1500 }, { waitMs: 1000 }],
  ])('%s', (_name, transient, situation, delay) => {
    expect(delayAfter(transient, { ...SITUATION, ...situation })).toEqual(delay)
  })

  test.each<[name: string, Transient, Partial<Situation>, Delay]>([
    ['in seconds', { retryAfter: '10' }, {}, { waitMs: 10_500 }],
    ['in seconds after 429', { status: 429, retryAfter: '10' }, {}, { waitMs: 12_000 }],
    ['of 0 s', { retryAfter: '0' }, {}, { waitMs: 500 }],
    ['with jitter up to the deadline', { status: 429, retryAfter: '59' }, { random: 1 }, { waitMs: 59_500 }],
    ['as a date', { retryAfter: IN_10_S }, {}, { waitMs: 10_500 }],
    [
      'as a date in the RFC 850 format',
      { retryAfter: 'Monday, 23-Nov-26 18:00:10 GMT' },
      {},
      { waitMs: 10_500 },
    ],
    [
      'as a date by the clock of the server',
      { retryAfter: IN_10_S, date: 'Mon, 23 Nov 2026 18:00:03 GMT' },
      {},
      { waitMs: 7500 },
    ],
    ['as a date beside an invalid Date', { retryAfter: IN_10_S, date: 'today' }, {}, { waitMs: 10_500 }],
    ['as a date in the past', { retryAfter: 'Mon, 23 Nov 2026 17:59:59 GMT' }, {}, { waitMs: 500 }],
  ])('honors a Retry-After %s', (_name, transient, situation, delay) => {
    expect(delayAfter(transient, { ...SITUATION, ...situation })).toEqual(delay)
  })

  test.each([
    '',
    'soon',
    '-5',
    '1.5',
    '10 s',
    'Mon, 99 Nov 2026 18:00:10 GMT',
    // Date.parse would read them in the time zone of the runner, and as a different time.
    'Mon Nov 23 18:00:10 2026',
    'Mon, 23 Nov 2026 18:00:10 GMT-0100',
  ])('ignores the invalid Retry-After %j', (retryAfter) => {
    expect(delayAfter({ retryAfter }, SITUATION)).toEqual({ waitMs: 500 })
  })

  test.each<[name: string, Transient, Partial<Situation>, Delay]>([
    ['after 3 retries', {}, { attempts: 4 }, { stop: 'retries' }],
    ['after 3 retries, also after 500', { status: 500 }, { attempts: 4 }, { stop: 'retries' }],
    ['after 3 retries besides those after 429 and 503', {}, { attempts: 9, busy: 5 }, { stop: 'retries' }],
    ['at once with retries 0', {}, { retries: 0 }, { stop: 'retries' }],
    ['at once with retries 0, also after 429', { status: 429 }, { busy: 1, retries: 0 }, { stop: 'retries' }],
    [
      'at once with retries 0, also with Retry-After',
      { retryAfter: '99' },
      { retries: 0 },
      { stop: 'retries' },
    ],
    ['if the wait would end too late', {}, { msLeft: 999 }, { stop: 'timeout' }],
    ['after the deadline', {}, { msLeft: -5, random: 0 }, { stop: 'timeout' }],
    [
      'if Retry-After leaves no time',
      { retryAfter: '10' },
      { msLeft: 10_500 },
      { stop: 'retry-after', askedMs: 10_000 },
    ],
    ['if Retry-After is at the deadline', { retryAfter: '60' }, {}, { stop: 'retry-after', askedMs: 60_000 }],
    [
      'if Retry-After is infinite',
      { retryAfter: '9'.repeat(400) },
      {},
      { stop: 'retry-after', askedMs: Number.POSITIVE_INFINITY },
    ],
  ])('stops %s', (_name, transient, situation, delay) => {
    expect(delayAfter(transient, { ...SITUATION, ...situation })).toEqual(delay)
  })

  test.each<[name: string, Transient, Partial<Situation>]>([
    ['after 3 attempts', {}, { attempts: 3, random: 0 }],
    ['after 3 attempts besides those with 429 and 503', {}, { attempts: 8, busy: 5, random: 0 }],
    ['after any number of 429', { status: 429 }, { attempts: 99, busy: 99, random: 0 }],
    ['after any number of 503', { status: 503 }, { attempts: 99, busy: 99, random: 0 }],
    ['after 429, even if all retries are used up', { status: 429 }, { attempts: 5, busy: 1, random: 0 }],
    ['within the last 501 ms before the deadline', {}, { msLeft: 501, random: 0 }],
  ])('does not stop %s', (_name, transient, situation) => {
    expect(delayAfter(transient, { ...SITUATION, ...situation })).toEqual({ waitMs: 0 })
  })
})

describe('an attempt', () => {
  let printed: ReturnType<typeof recordPrinted>

  beforeEach(() => {
    jest.useFakeTimers({ now: NOW, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] })
    jest.spyOn(Math, 'random').mockReturnValue(0.5)
    printed = recordPrinted()
  })

  afterEach(() => {
    printed.restore()
    jest.restoreAllMocks()
    jest.useRealTimers()
  })

  /** Runs `act` under fake time; returns how it ended, after how many milliseconds, and what was printed. */
  async function run(act: (send: Send) => Promise<unknown>, { retries = 3, timeoutMs = 60_000 } = {}) {
    const start = monotonicMs()
    let isSettled = false
    const ending = createAttempt({ retries, deadline: start + timeoutMs })('Could not do it', act)
      .catch((error: unknown) => error)
      .finally(() => {
        isSettled = true
      })
    while (!isSettled) await jest.advanceTimersToNextTimerAsync()
    return { ended: await ending, ms: monotonicMs() - start, printed: printed.lines() }
  }

  /** Throws the errors one after the other, each after this time, then succeeds. */
  function failWith(errors: readonly Error[], { takesMs = 0 } = {}) {
    const left = [...errors]
    return async () => {
      jest.advanceTimersByTime(takesMs)
      const error = left.shift()
      if (error) throw error
      return 'done'
    }
  }

  const transient = (details: Transient = {}) => new Failure('It rained', 'Take an umbrella.', details)
  const busy = (status = 503) => transient({ status })

  test('returns what succeeds', async () => {
    expect(await run(failWith([]))).toEqual({ ended: 'done', ms: 0, printed: [] })
  })

  test('is repeated after a logged wait', async () => {
    const errors = [transient(), transient({ status: 408 }), transient({ retryAfter: '7' })]
    expect(await run(failWith(errors))).toEqual({
      ended: 'done',
      ms: 500 + 1250 + 9000,
      printed: [
        'It rained; retrying in 0.5 s (attempt 2 of 4)',
        'It rained; retrying in 1.3 s (attempt 3 of 4)',
        'It rained; retrying in 9.0 s (attempt 4 of 4)',
      ],
    })
  })

  test('that the server is too busy for does not use up retries', async () => {
    const errors = [busy(), transient(), transient(), busy(429), transient(), transient()]
    expect(await run(failWith(errors))).toMatchObject({
      ended: new Error('Could not do it after 6 attempts: It rained. Take an umbrella.'),
      printed: [
        'It rained; retrying in 0.5 s (attempt 2, until timeout)',
        'It rained; retrying in 1.3 s (attempt 3 of 5)',
        'It rained; retrying in 2.0 s (attempt 4 of 5)',
        'It rained; retrying in 10.0 s (attempt 5, until timeout)',
        'It rained; retrying in 8.0 s (attempt 6 of 6)',
      ],
    })
  })

  test.each([
    ['permanently', new Failure('It rained', 'Take an umbrella.'), 3],
    ['with retries 0', transient(), 0],
    ['with retries 0, also with 429', busy(429), 0],
  ])('that fails %s is the only one', async (_name, error, retries) => {
    expect(await run(failWith([error]), { retries })).toEqual({
      ended: new Error('Could not do it: It rained. Take an umbrella.'),
      ms: 0,
      printed: [],
    })
  })

  test('is the last one if there is no time for another', async () => {
    expect(await run(failWith([transient()], { takesMs: 300 }), { timeoutMs: 1000 })).toMatchObject({
      ended: new Error('Could not do it: It rained. Take an umbrella.'),
      ms: 300,
    })
  })

  test.each([
    ['61', 58_500, '61 s', 58],
    ['86400', 58_500, '86400 s', 58],
    ['86401', 58_500, 'more than a day', 58],
    ['Mon, 23 Nov 2026 18:01:02 GMT', 58_500, '61 s', 58],
    ['1', -1, '1 s', 0],
  ])('is the last one after Retry-After: %s with %i ms left', async (retryAfter, msLeft, asked, left) => {
    const act = failWith([transient({ status: 429, retryAfter })], { takesMs: 60_000 - msLeft })
    const { ended, ms } = await run(act)
    expect(ended).toEqual(
      new Error(
        `Could not do it: It rained. The server asked to wait ${asked} (Retry-After), but only ${left} s of timeout are left. Re-run the job later, or increase timeout.`,
      ),
    )
    expect(ms).toBe(60_000 - msLeft)
  })

  test('passes an error through that is not a Failure', async () => {
    const error = new TypeError('fake bug')
    expect((await run(failWith([error]))).ended).toBe(error)
  })

  test('sends within 20 s and before the deadline', async () => {
    const limit = jest.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort())
    const endpoint = { url: new URL('http://127.0.0.1:1'), source: 'token-url' }
    const { ended } = await run(
      (send) => {
        jest.advanceTimersByTime(9000)
        return send({ endpoint })
      },
      { timeoutMs: 22_000 },
    )
    expect(ended).toBeInstanceOf(Error)
    expect(limit.mock.calls).toEqual([[11_000], [3500], [1]])
  })
})
