import { randomUUID } from 'node:crypto'
import type { JWTHeaderParameters, KeyInput } from 'jose'
import { SignJWT } from 'jose/jwt/sign'

/** Short, because it is used at once, and yet longer than clocks differ. */
const LIFETIME_SECONDS = 60

interface AssertionHeader {
  readonly alg: string
  readonly kid?: string | undefined
  /** The thumbprint of a certificate (RFC 7515, 4.1.8). */
  readonly 'x5t#S256'?: string | undefined
}

/**
 * A new assertion by which a client proves who it is (RFC 7523, 3), valid for 60 s.
 * @throws Error where the key does not fit the algorithm
 */
export function signClientAssertion(
  clientId: string,
  audience: string,
  header: AssertionHeader,
  key: KeyInput,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return (
    new SignJWT()
      // What is undefined does not come into the JSON.
      .setProtectedHeader({ ...header, typ: 'JWT' } as JWTHeaderParameters)
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + LIFETIME_SECONDS)
      .sign(key)
  )
}
