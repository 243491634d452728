import * as core from '@actions/core'
import { parseEndpoint } from '../oauth/endpoint.ts'
import type { IdTokenRequest } from '../oauth/github-id-token.ts'
import type { Grant } from '../oauth/grant.ts'
import { readLine, readNameOr, readText, requireLine, WHERE_VALUES_COME_FROM } from './values.ts'

export type GrantType = Grant['type']

const GRANT_TYPES: readonly GrantType[] = [
  'client_credentials',
  'token_exchange',
  'jwt_bearer',
  'refresh_token',
]

/** @throws Error if it is not one of the grant types */
export function readGrantType(): GrantType {
  return readNameOr('client_credentials', 'grant-type', GRANT_TYPES)
}

/** Whether the grant itself is a GitHub OIDC token. */
export function sendsIdToken(type: GrantType): type is 'token_exchange' | 'jwt_bearer' {
  return type === 'token_exchange' || type === 'jwt_bearer'
}

/**
 * Reads what the grant consists of.
 * @throws Error if an input is missing or cannot be combined with `grant-type`
 */
export function readGrant(type: GrantType): Grant {
  if (type === 'refresh_token') return { type, refreshToken: readRefreshToken() }
  if (readText('refresh-token') !== '') {
    throw new Error(
      `refresh-token cannot be used with grant-type ${type}. Remove it, or set grant-type to refresh_token.`,
    )
  }
  if (!sendsIdToken(type)) return { type }
  return {
    type,
    idTokenRequest: readIdTokenRequest(`grant-type ${type}`),
    audience: readLine('assertion-audience'),
  }
}

function readRefreshToken(): string {
  if (readText('revocation-url') !== '') {
    throw new Error(
      'revocation-url cannot be used with grant-type refresh_token, because many servers would also revoke the refresh token. Remove it.',
    )
  }
  return requireLine(
    'refresh-token',
    `Obtain one once with the authorization code grant and store it as a secret. ${WHERE_VALUES_COME_FROM}`,
  )
}

/**
 * Reads what the runner provides to a job that may request GitHub OIDC tokens.
 * @param subject what requires it
 * @throws Error if the job has no permission
 */
export function readIdTokenRequest(subject: string): IdTokenRequest {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken } = process.env
  if (!url || !requestToken) {
    throw new Error(
      `${subject} requires permissions: id-token: write. Add it to the job; workflows triggered from forks cannot get it.`,
    )
  }
  core.setSecret(requestToken)
  return { endpoint: parseEndpoint('ACTIONS_ID_TOKEN_REQUEST_URL', url), requestToken }
}
