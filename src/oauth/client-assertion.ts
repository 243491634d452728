import { randomUUID } from 'node:crypto'
import type { CompactJWSHeaderParameters, KeyInput } from 'jose'
import { CompactSign } from 'jose/jws/compact/sign'

/** Servers reject an assertion that seems to come from the future, some from one second on. */
const MAX_CLOCK_SKEW_SECONDS = 30
/** Short because it is used immediately, but longer than typical clock skew. */
const LIFETIME_SECONDS = 60

interface AssertionHeader {
  readonly alg: string
  readonly kid?: string | undefined
  /** The thumbprint of a certificate (RFC 7515, section 4.1.8). */
  readonly 'x5t#S256'?: string | undefined
}

/**
 * Signs a new client assertion (RFC 7523, section 3), valid for 60 s.
 * @throws Error if the key does not fit the algorithm
 */
export function signClientAssertion(
  clientId: string,
  audience: string,
  header: AssertionHeader,
  key: KeyInput,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: audience,
    jti: randomUUID(),
    iat: now - MAX_CLOCK_SKEW_SECONDS,
    exp: now + LIFETIME_SECONDS,
  }
  return (
    new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
      // Members that are undefined are not part of the JSON.
      .setProtectedHeader({ ...header, typ: 'JWT' } as CompactJWSHeaderParameters)
      .sign(key)
  )
}
