import * as core from '@actions/core'
import { monotonicMs } from './http/clock.ts'
import { Failure } from './http/failure.ts'
import { type JsonObject, parseJsonObject } from './http/json-object.ts'
import { createAttempt } from './http/retry.ts'
import { type Endpoint, type Response, type Send, trustCertificates } from './http/send.ts'
import { readInputs } from './inputs/inputs.ts'
import type { Client } from './oauth/client.ts'
import { prepareClientAuth } from './oauth/client-auth.ts'
import { explainErrorResponse } from './oauth/error-response.ts'
import { describeTarget, findRevocationEndpoint } from './oauth/metadata.ts'
import type { Prove } from './oauth/proof.ts'
import { encodeParameters } from './oauth/request-body.ts'

export const REVOCATION_STATE = 'revocation'
const TIMEOUT_MS = 10_000
const RETRIES = 1

/** What the main step saves for the post step. */
export interface SavedToken {
  readonly accessToken: string
  /** Milliseconds since 1970; `undefined` if the server returned no lifetime. */
  readonly expiresAt: number | undefined
  /** Of the server; empty without an issuer. */
  readonly metadata: JsonObject
}

/**
 * Revokes the token of the main step (RFC 7009, section 2) with the client authentication that requested it.
 * @param state a `SavedToken` as JSON. It is checked like an input, because on some runners other steps can set it.
 * @throws Error with the reason why the token is not revoked, and the advice
 */
export async function post(state: string): Promise<void> {
  const { accessToken, expiresAt, metadata } = parseState(state)
  const { request } = readInputs()
  if (request === undefined) return
  const { server } = request
  const endpoint = findRevocationEndpoint(server, request.revocation, metadata)
  if (endpoint instanceof Failure) throw new Error(`Could not revoke the access token: ${endpoint.message}`)
  if (endpoint === undefined) return
  if (Number(expiresAt) <= Date.now()) {
    core.info('The access token has already expired; skipping revocation')
    return
  }
  trustCertificates(request.caCertificates)
  const target = describeTarget(server, metadata)
  const proofs = withAudiences(request.client, endpoint).map((client) => prepareClientAuth(client, target))
  const attempt = createAttempt({ retries: RETRIES, deadline: monotonicMs() + TIMEOUT_MS })
  const { host } = endpoint.url
  await attempt(`Could not revoke the access token at ${host}`, (send) =>
    revoke(endpoint, accessToken, proofs, send),
  )
  core.info(`Revoked the access token at ${host}`)
}

function parseState(state: string): SavedToken {
  const { accessToken, expiresAt, metadata } = parseJsonObject(state) ?? {}
  if (typeof accessToken !== 'string' || typeof metadata !== 'object' || metadata === null) {
    throw new Error('Could not revoke the access token: the saved state is invalid.')
  }
  return {
    accessToken,
    expiresAt: typeof expiresAt === 'number' ? expiresAt : undefined,
    metadata: metadata as JsonObject,
  }
}

/** Most servers require the audience of the token request, some their revocation URL (Glewlwyd, Okta). */
function withAudiences(client: Client, { url }: Endpoint): readonly Client[] {
  const { credentials } = client
  if (!('audience' in credentials)) return [client]
  return [client, { ...client, credentials: { ...credentials, audience: url.href } }]
}

/** Tries the next proof only if the server rejected the one before with 401. */
async function revoke(
  endpoint: Endpoint,
  accessToken: string,
  proofs: readonly Prove[],
  send: Send,
): Promise<void> {
  const secrets = [accessToken]
  let failure: Failure | undefined
  for (const prove of proofs) {
    const proof = await prove(send)
    secrets.push(...proof.secrets)
    const parameters = [
      ['token', accessToken],
      ['token_type_hint', 'access_token'],
      ...proof.parameters,
    ] as const
    const body = encodeParameters(parameters, 'form')
    const response = await send({ endpoint, headers: { ...proof.headers }, body })
    if (Math.floor(response.status / 100) === 2 && !hasError(response.body)) return
    failure = explainFailedRevocation(response, secrets)
    if (response.status !== 401) break
  }
  throw failure
}

function explainFailedRevocation(response: Response, secrets: readonly string[]): Failure {
  const advice = `Check ${response.endpoint.source}, or set revoke to false if the server cannot revoke access tokens.`
  const { reason, transient } = explainErrorResponse(response, { secrets })
  // The post step is too short to honor Retry-After or to wait for a busy server.
  const isTransient = transient !== undefined && transient.retryAfter === undefined
  return new Failure(reason, advice, isTransient ? {} : undefined)
}

/** A success needs no body (RFC 7009, section 2.2), but an error or the page of a captive portal is not a success. */
function hasError(body: string): boolean {
  return /^\s*</.test(body) || Boolean(parseJsonObject(body)?.['error'])
}
