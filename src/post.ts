import * as core from '@actions/core'
import { type Authenticate, prepareAuthentication } from './client-auth.ts'
import { monotonicMs } from './clock.ts'
import type { AssertionTarget, Endpoint } from './endpoints.ts'
import { Failure } from './failure.ts'
import { post } from './http.ts'
import { readInputs } from './inputs.ts'
import { parseJsonObject } from './json-object.ts'
import { explainFailure } from './oauth-error.ts'
import { withRetries } from './retry.ts'

const TIMEOUT_MS = 10_000
const RETRIES = 1

/** What the main step leaves for the post step, as JSON in its state. */
export interface Revocable {
  readonly accessToken: string
  /** In milliseconds since 1970; `undefined` if the server does not say. */
  readonly endsAt: number | undefined
  readonly endpoint: { readonly url: string; readonly input: Endpoint['input'] }
  readonly server: AssertionTarget
}

/**
 * Revokes the token of the main step (RFC 7009, 2) by the same authentication as it was asked for.
 * @param state a `Revocable` as JSON
 * @throws Error with what kept it from being revoked, and the cure
 */
export async function revokeToken(state: string): Promise<void> {
  const { accessToken, endsAt, endpoint, server }: Revocable = JSON.parse(state)
  const url = new URL(endpoint.url)
  if (Number(endsAt) <= Date.now()) {
    core.info('The access token has expired by itself, so it is not revoked')
    return
  }
  const authenticate = prepareAuthentication(readInputs(), server)
  await withRetries(
    `Could not revoke the access token at ${url.host}`,
    { retries: RETRIES, retriesWhenBusy: RETRIES, deadline: monotonicMs() + TIMEOUT_MS },
    (deadline) => revoke({ ...endpoint, url }, accessToken, authenticate, deadline),
  )
  core.info(`Revoked the access token at ${url.host}`)
}

async function revoke(
  endpoint: Endpoint,
  accessToken: string,
  authenticate: Authenticate,
  deadline: number,
): Promise<void> {
  const { headers, parameters, secrets, cure } = await authenticate(deadline)
  const request = new URLSearchParams({ token: accessToken, token_type_hint: 'access_token' })
  for (const [name, value] of parameters) request.append(name, value)
  const answer = await post(endpoint, headers, request, deadline)
  if (Math.floor(answer.status / 100) === 2 && !saysOtherwise(answer.body)) return
  const { reason, passing } = explainFailure(answer, [...secrets, accessToken], cure)
  throw new Failure(
    reason,
    `Check ${endpoint.input}, or set revoke to false if the server does not revoke access tokens.`,
    // There is no time to wait for as long as a server asks.
    passing?.retryAfter === undefined ? passing : undefined,
  )
}

/** A success needs no body (RFC 7009, 2.2), but an error, or the page of a network, is none. */
function saysOtherwise(body: string): boolean {
  return /^\s*</.test(body) || parseJsonObject(body)?.['error'] !== undefined
}
