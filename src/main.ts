import { accessSync, constants, statSync } from 'node:fs'
import * as core from '@actions/core'
import { prepareAuthentication } from './client-auth.ts'
import { monotonicMs } from './clock.ts'
import { type Endpoints, findEndpoints } from './endpoints.ts'
import { post } from './http.ts'
import { type Inputs, readInputs } from './inputs.ts'
import type { Revocable } from './post.ts'
import { type RetryLimits, withRetries } from './retry.ts'
import { parseTokenResponse, type TokenResponse, tokenRequestParameters } from './token.ts'

/** That any system lets a variable have; the shortest limit is that of Windows. */
const MAX_STATE_CHARACTERS = 30_000

/**
 * Gets an access token (RFC 6749, 4.4) and hands it to the following steps.
 * @throws Error with the sentence to show; no output is set then
 */
export async function main(): Promise<void> {
  const start = monotonicMs()
  refuseWithoutOutputFile()
  const inputs = readInputs()
  const { timeoutMs, retries } = inputs
  const limits = {
    deadline: start + timeoutMs,
    retries,
    retriesWhenBusy: retries === 0 ? 0 : Number.POSITIVE_INFINITY,
  }
  const endpoints = await findEndpoints(inputs.server, inputs.revocation, limits)
  const token = await requestToken(inputs, endpoints, limits)
  for (const secret of token.secrets) core.setSecret(secret)
  for (const warning of token.warnings) core.warning(warning)
  saveRevocation(endpoints, token)
  setOutputs(token)
  core.info(describeToken(token))
}

async function requestToken(
  inputs: Inputs,
  endpoints: Endpoints,
  limits: RetryLimits,
): Promise<TokenResponse> {
  const { host } = endpoints.token.url
  const authenticate = prepareAuthentication(inputs, endpoints.server)
  core.info(`Asking ${host} for an access token`)
  return await withRetries(`Could not get a token from ${host}`, limits, async (deadline) => {
    const authentication = await authenticate(deadline)
    const parameters = [...inputs.parameters, ...authentication.parameters]
    const request = tokenRequestParameters(inputs.scope, parameters)
    const requestedAt = new Date()
    const answer = await post(endpoints.token, authentication.headers, request, deadline)
    return parseTokenResponse(answer, requestedAt, inputs.scope, authentication)
  })
}

/** For the post step, which learns nothing else of this one. */
function saveRevocation({ revocation, server }: Endpoints, { accessToken, lifetime }: TokenResponse): void {
  if (revocation === undefined) return
  const state: Revocable = {
    accessToken,
    endsAt: lifetime?.end.getTime(),
    endpoint: { ...revocation, url: revocation.url.href },
    server,
  }
  // Without the file the toolkit would print the token; and state comes back as a variable, which has a limit.
  if (!process.env['GITHUB_STATE'] || JSON.stringify(state).length > MAX_STATE_CHARACTERS) {
    core.warning('The token will not be revoked: the runner cannot keep it until the job ends.')
    return
  }
  core.saveState('revocation', state)
}

/** Without the file the toolkit would print the outputs to the log, the token among them. */
function refuseWithoutOutputFile(): void {
  const file = process.env['GITHUB_OUTPUT'] ?? ''
  try {
    accessSync(file, constants.W_OK)
    if (statSync(file).isFile()) return
  } catch {
    // Not shown: what the system says of it helps nobody.
  }
  throw new Error(
    'GITHUB_OUTPUT names no file that can be written, so there is no safe way to hand the token on. Run this action on GitHub Actions or a compatible runner that provides one.',
  )
}

function setOutputs({ accessToken, tokenType, lifetime, scope }: TokenResponse): void {
  core.setOutput('access-token', accessToken)
  core.setOutput('token-type', tokenType)
  core.setOutput('expires-in', lifetime?.seconds ?? '')
  core.setOutput('expires-at', lifetime?.end.toISOString().replace(/\.\d+/, '') ?? '')
  core.setOutput('scope', scope)
}

function describeToken({ tokenType, lifetime }: TokenResponse): string {
  // Another type is not shown, for it is text of the server.
  const kind = /^bearer$/i.test(tokenType) ? `a ${tokenType} token` : 'an access token'
  if (lifetime === undefined) return `Got ${kind}; the server does not say how long it is valid`
  const minute = lifetime.end
    .toISOString()
    .replace('T', ' ')
    .replace(/:\d\d\.\d+Z/, ' UTC')
  return `Got ${kind}, valid until ${minute}, in ${describeDuration(lifetime.seconds)}`
}

function describeDuration(seconds: number): string {
  if (seconds < 2 * 60) return `${seconds} s`
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}
