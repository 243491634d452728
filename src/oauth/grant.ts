import type { Prove } from './proof.ts'

/** How the client obtains the token (RFC 6749, section 1.3). */
export interface Grant {
  readonly type: 'client_credentials'
}

/** Prepares the grant of the access token request (RFC 6749, section 4.4.2). */
export function prepareGrant({ type }: Grant): Prove {
  return async () => ({
    parameters: [['grant_type', type]],
    secrets: [],
    advice: () =>
      'Check that the client credentials grant is enabled for this app (in Keycloak: service account).',
  })
}
