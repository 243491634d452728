import * as core from '@actions/core'
import { Failure } from '../http/failure.ts'
import { parseJsonObject } from '../http/json-object.ts'
import { printable } from '../http/printable.ts'
import type { Endpoint, Response, Send } from '../http/send.ts'
import { explainErrorResponse } from './error-response.ts'

/** How a job with `permissions: id-token: write` requests a GitHub OIDC token from the runner. */
export interface IdTokenRequest {
  readonly endpoint: Endpoint
  readonly requestToken: string
}

const CHECK_PERMISSION =
  'Check that the job has permissions: id-token: write, and check assertion-audience if set.'

interface IdToken {
  readonly idToken: string
  /** What must be redacted if a server echoes it: the request token, this ID token and the earlier ones. */
  readonly secrets: readonly string[]
  /** The claims that servers compare, for an error. */
  readonly describeClaims: () => string
}

/**
 * Creates a function that requests a new GitHub OIDC token (ID token; OpenID Connect Core 1.0, section 2) for each
 * attempt, because servers accept each token only once. It masks the token. The toolkit's own function never settles if its
 * connection closes mid-response.
 * @throws Failure, from the function that it returns, if there is none
 */
export function createIdTokenSource(
  { endpoint, requestToken }: IdTokenRequest,
  audience: string,
): (send: Send) => Promise<IdToken> {
  const url = new URL(endpoint.url)
  url.searchParams.append('audience', audience)
  const request = { endpoint: { ...endpoint, url }, headers: { authorization: `Bearer ${requestToken}` } }
  // Earlier ID tokens are still valid, and a server may echo them late.
  const secrets = [requestToken]
  return async (send) => {
    const idToken = await send(request)
      .then((response) => parseIdToken(response, secrets))
      .catch(({ reason, advice, transient }: Failure) => {
        throw new Failure(`the ID token request to ${url.host} failed: ${reason}`, advice, transient)
      })
    core.setSecret(idToken)
    secrets.push(idToken)
    return { idToken, secrets: [...secrets], describeClaims: () => describeClaims(idToken, secrets) }
  }
}

function parseIdToken(response: Response, secrets: readonly string[]): string {
  if (response.status !== 200) {
    const failure = explainErrorResponse(response, { secrets })
    throw failure.transient ? failure : new Failure(failure.reason, CHECK_PERMISSION)
  }
  const value = parseJsonObject(response.body)?.['value']
  if (typeof value !== 'string' || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(value)) {
    throw new Failure(`HTTP ${response.status} without an ID token`, CHECK_PERMISSION)
  }
  return value
}

function describeClaims(idToken: string, secrets: readonly string[]): string {
  const claims = parseJsonObject(Buffer.from(idToken.split('.')[1] as string, 'base64url').toString()) ?? {}
  return ['iss', 'sub', 'aud']
    .map((name) => `${name}=${typeof claims[name] === 'string' ? printable(claims[name], secrets) : '?'}`)
    .join(', ')
    .concat(' (assertion-audience)')
}
