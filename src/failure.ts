/** What the next attempt has to know of a failure that can pass. */
export interface Passing {
  /** The HTTP status; `undefined` where there was no answer. */
  readonly status?: number
  /** The `Retry-After` header (RFC 9110, 10.2.3), as it came. */
  readonly retryAfter?: string | undefined
}

/** Why an attempt failed and what to do about it; the message is both, as it is shown. */
export class Failure extends Error {
  readonly reason: string
  readonly cure: string
  /** `undefined` where another attempt would fail in the same way. */
  readonly passing: Passing | undefined

  constructor(reason: string, cure: string, passing?: Passing) {
    super(`${reason}. ${cure}`)
    this.reason = reason
    this.cure = cure
    this.passing = passing
  }
}
