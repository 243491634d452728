/** What a retry depends on after a transient error. */
export interface Transient {
  /** The HTTP status; `undefined` if there was no response. */
  readonly status?: number
  /** The `Retry-After` header (RFC 9110, section 10.2.3), unparsed. */
  readonly retryAfter?: string | undefined
  /** The `Date` header (RFC 9110, section 6.6.1), unparsed. */
  readonly date?: string | undefined
}

/** Why an attempt failed and how to fix it. The message has both, as it is logged. */
export class Failure extends Error {
  readonly reason: string
  readonly advice: string
  /** `undefined` if another attempt would fail in the same way. */
  readonly transient: Transient | undefined

  constructor(reason: string, advice: string, transient?: Transient) {
    super(`${reason}. ${advice}`)
    this.reason = reason
    this.advice = advice
    this.transient = transient
  }
}
