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

/**
 * Requests a GitHub OIDC token (ID token; OpenID Connect Core 1.0, section 2) and masks it. The toolkit's own function
 * never settles if its connection closes mid-response.
 * @param secrets what must be redacted if it is echoed, besides the request token
 * @throws Failure if there is none
 */
export async function requestIdToken(
  { endpoint, requestToken }: IdTokenRequest,
  audience: string,
  secrets: readonly string[],
  send: Send,
): Promise<string> {
  const url = new URL(endpoint.url)
  url.searchParams.append('audience', audience)
  const headers = { authorization: `Bearer ${requestToken}` }
  const idToken = await send({ endpoint: { ...endpoint, url }, headers })
    .then((response) => parseIdToken(response, [requestToken, ...secrets]))
    .catch(({ reason, advice, transient }: Failure) => {
      throw new Failure(`the ID token request to ${url.host} failed: ${reason}`, advice, transient)
    })
  core.setSecret(idToken)
  return idToken
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

/** The claims of an ID token that servers compare, without `secrets`, for an error. */
export function describeIdToken(idToken: string, secrets: readonly string[]): string {
  const claims = parseJsonObject(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()) ?? {}
  return ['iss', 'sub', 'aud']
    .map((name) => `${name}=${typeof claims[name] === 'string' ? printable(claims[name], secrets) : '?'}`)
    .join(', ')
}
