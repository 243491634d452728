import type { Send } from '../http/send.ts'
import { createIdTokenSource, type IdTokenRequest } from './github-id-token.ts'
import type { Target } from './metadata.ts'
import type { GrantProof, Parameter } from './proof.ts'

/** What the token is requested with (RFC 6749, section 1.3). */
export type Grant =
  | { readonly type: 'client_credentials' }
  | {
      readonly type: 'token_exchange' | 'jwt_bearer'
      readonly idTokenRequest: IdTokenRequest
      /** Of the ID token; `undefined` for the server's default audience. */
      readonly audience: string | undefined
    }
  | { readonly type: 'refresh_token'; readonly refreshToken: string }

/**
 * Prepares the grant of the access token request: client credentials (RFC 6749, section 4.4), refresh token (section 6),
 * token exchange (RFC 8693) or JWT bearer (RFC 7523, section 2.1). An ID token is requested for each attempt.
 * @throws Failure, from the function that it returns, if there is no ID token from GitHub
 */
export function prepareGrant(grant: Grant, target: Target): (send: Send) => Promise<GrantProof> {
  switch (grant.type) {
    case 'client_credentials':
      return async () => ({
        parameters: [['grant_type', 'client_credentials']],
        secrets: [],
        codes: [],
        enable:
          'Check that the client credentials grant is enabled for this app (in Keycloak: service account).',
      })
    case 'refresh_token': {
      const { refreshToken } = grant
      return async () => ({
        parameters: [
          ['grant_type', 'refresh_token'],
          ['refresh_token', refreshToken],
        ],
        secrets: [refreshToken],
        advice: () =>
          'The refresh token may have expired (Spotify: after 6 months), been revoked, or been replaced by a newer one. Obtain a new one and store it again.',
        codes: [],
        enable: 'Check that the refresh token grant is enabled for this app.',
      })
    }
    case 'token_exchange':
      return proveByIdToken('token exchange', grant, target, (idToken) => [
        ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
        ['subject_token', idToken],
        ['subject_token_type', 'urn:ietf:params:oauth:token-type:jwt'],
      ])
    case 'jwt_bearer':
      return proveByIdToken('JWT bearer', grant, target, (idToken) => [
        ['grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
        ['assertion', idToken],
      ])
  }
}

function proveByIdToken(
  name: string,
  { idTokenRequest, audience }: { idTokenRequest: IdTokenRequest; audience: string | undefined },
  target: Target,
  toParameters: (idToken: string) => readonly Parameter[],
): (send: Send) => Promise<GrantProof> {
  const requestIdToken = createIdTokenSource(idTokenRequest, audience ?? target.audience)
  return async (send) => {
    const { idToken, secrets, describeClaims } = await requestIdToken(send)
    return {
      parameters: toParameters(idToken),
      secrets,
      advice: () =>
        `Check that the server trusts this ID token and that the grant is enabled for it. Its claims: ${describeClaims()}.`,
      // RFC 8693, section 2.2.2, and Keycloak.
      codes: ['invalid_request', 'access_denied'],
      enable: `Check that the ${name} grant is enabled for this app.`,
    }
  }
}
