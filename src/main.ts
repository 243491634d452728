import { accessSync, constants, statSync } from 'node:fs'
import * as core from '@actions/core'
import { monotonicMs } from './http/clock.ts'
import { Failure } from './http/failure.ts'
import type { JsonObject } from './http/json-object.ts'
import { type Attempt, createAttempt } from './http/retry.ts'
import { trustCertificates } from './http/send.ts'
import { type Inputs, readInputs } from './inputs/inputs.ts'
import { prepareClientAuth } from './oauth/client-auth.ts'
import { type Grant, prepareGrant } from './oauth/grant.ts'
import { describeTarget, fetchMetadata, findRevocationEndpoint, findTokenEndpoint } from './oauth/metadata.ts'
import { encodeParameters } from './oauth/request-body.ts'
import { parseTokenResponse, type TokenResponse } from './oauth/token-response.ts'
import { REVOCATION_STATE, type SavedToken } from './post.ts'

/** Every system allows this much in a variable; Windows has the lowest limit. */
const MAX_STATE_CHARACTERS = 30_000

/**
 * Requests an access token (RFC 6749, section 4.4) and sets it as an output.
 * @throws Error with the message to log; no output is set then
 */
export async function main(): Promise<void> {
  const start = monotonicMs()
  // Before anything can fail: if the action saves nothing, any other step can provide the state as a variable.
  core.saveState(REVOCATION_STATE, '')
  requireOutputFile()
  const inputs = readInputs()
  trustCertificates(inputs.caCertificates)
  const attempt = createAttempt({ retries: inputs.retries, deadline: start + inputs.timeoutMs })
  const metadata = 'issuer' in inputs.server ? await fetchMetadata(inputs.server.issuer, attempt) : {}
  const token = await requestToken(inputs, metadata, attempt)
  for (const secret of token.secrets) core.setSecret(secret)
  for (const warning of token.warnings) core.warning(warning)
  warnIfReplaced(inputs.grant, token)
  saveForRevocation(inputs, metadata, token)
  setOutputs(token)
  core.info(describeToken(token))
}

/** Without the file, the toolkit would print the outputs to the log. */
function requireOutputFile(): void {
  const file = process.env['GITHUB_OUTPUT'] ?? ''
  try {
    accessSync(file, constants.W_OK)
    if (statSync(file).isFile()) return
  } catch {
    // The system's message is dropped because it does not help.
  }
  throw new Error(
    'GITHUB_OUTPUT is not a writable file, so the token cannot be passed on safely. Run this action on GitHub Actions or a compatible runner.',
  )
}

async function requestToken(inputs: Inputs, metadata: JsonObject, attempt: Attempt): Promise<TokenResponse> {
  const { server, client, scope, format } = inputs
  const endpoint = findTokenEndpoint(server, metadata)
  const { host } = endpoint.url
  const target = describeTarget(server, metadata)
  const proveGrant = prepareGrant(inputs.grant, target)
  const authenticate = prepareClientAuth(client, target)
  core.info(`Requesting an access token from ${host}`)
  return await attempt(`Could not get an access token from ${host}`, async (send) => {
    const grant = await proveGrant(send)
    const auth = await authenticate(send)
    const parameters = [
      // Inputs replace what the grant sets by default.
      ...grant.parameters.filter(([name]) => !inputs.parameters.some(([other]) => other === name)),
      ...(scope === '' ? [] : [['scope', scope] as const]),
      ...inputs.parameters,
      ...auth.parameters,
    ]
    const body = encodeParameters(parameters, format)
    const requestedAt = new Date()
    const response = await send({ endpoint, headers: { ...auth.headers }, body })
    return parseTokenResponse(response, requestedAt, scope, {
      secrets: [...grant.secrets, ...auth.secrets],
      client: auth.advice,
      grant: grant.advice,
      grantCodes: grant.codes,
      enableGrant: grant.enable,
      format,
    })
  })
}

/** The new refresh token is never an output: the action cannot store it in place of the old one. */
function warnIfReplaced(grant: Grant, { refreshToken }: TokenResponse): void {
  if (grant.type !== 'refresh_token' || refreshToken === undefined || refreshToken === grant.refreshToken)
    return
  core.warning(
    'The server returned a new refresh token, so the stored one may have stopped working. Use an app whose refresh tokens are not rotated, or store a new one before the next run.',
  )
}

/** For the post step, which knows only this and the inputs. */
function saveForRevocation(
  { server, revocation }: Inputs,
  metadata: JsonObject,
  { accessToken, lifetime }: TokenResponse,
): void {
  const endpoint = findRevocationEndpoint(server, revocation, metadata)
  if (endpoint === undefined) return
  if (endpoint instanceof Failure) {
    core.warning(
      `The token will not be revoked: ${endpoint.reason}. Set revocation-url, or set revoke to false.`,
    )
    return
  }
  const state: SavedToken = {
    accessToken,
    expiresAt: lifetime?.expiresAt.getTime(),
    metadata: { ...metadata, revocation_endpoint: endpoint.url.href },
  }
  // Without the file, the toolkit would print the token; and the state becomes a variable, whose size is limited.
  if (!process.env['GITHUB_STATE'] || JSON.stringify(state).length > MAX_STATE_CHARACTERS) {
    core.warning('The token will not be revoked: it could not be saved for the post step.')
    return
  }
  core.saveState(REVOCATION_STATE, state)
}

function setOutputs({ accessToken, tokenType, lifetime, scope }: TokenResponse): void {
  core.setOutput('access-token', accessToken)
  core.setOutput('token-type', tokenType)
  core.setOutput('expires-in', lifetime?.seconds ?? '')
  core.setOutput('expires-at', lifetime?.expiresAt.toISOString().replace(/\.\d+/, '') ?? '')
  core.setOutput('scope', scope)
}

function describeToken({ tokenType, issuedType, lifetime }: TokenResponse): string {
  // Any other type is not logged, because it is text from the server.
  const bearer = /^bearer$/i.test(tokenType) ? `a ${tokenType} token` : 'an access token'
  const kind = issuedType === undefined ? bearer : `a token of type ${issuedType}`
  if (lifetime === undefined) return `Got ${kind}; the server did not return a lifetime`
  const minute = lifetime.expiresAt
    .toISOString()
    .replace('T', ' ')
    .replace(/:\d\d\.\d+Z/, ' UTC')
  return `Got ${kind}; it expires at ${minute} (in ${describeDuration(lifetime.seconds)})`
}

function describeDuration(seconds: number): string {
  if (seconds < 2 * 60) return `${seconds} s`
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}
