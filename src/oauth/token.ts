/** The last moment whose year has four digits. */
export const MAX_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59)

export interface Token {
  readonly accessToken: string
  readonly tokenType: string
  /** `undefined` if the server does not return it. */
  readonly lifetime: Lifetime | undefined
  /** The requested scope if the server returns none (RFC 6749, section 5.1). */
  readonly scope: string
}

export interface Lifetime {
  readonly seconds: number
  readonly expiresAt: Date
}

/** Whether it is an access token (RFC 6749, appendix A.12): printable ASCII, and not only spaces. */
export function isAccessToken(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && /^[\x20-\x7e]+$/.test(value)
}
