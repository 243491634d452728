/**
 * Whole milliseconds on a monotonic clock. `performance.now()` would load `perf_hooks` on first use, which takes 2 % of
 * the main step.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}
