import { createHash } from 'node:crypto'
import { accessSync, constants, statSync } from 'node:fs'
import * as core from '@actions/core'
import { monotonicMs } from './http/clock.ts'
import { Failure } from './http/failure.ts'
import type { JsonObject } from './http/json-object.ts'
import { type Attempt, createAttempt } from './http/retry.ts'
import { trustCertificates } from './http/send.ts'
import { type RequestInputs, readInputs } from './inputs/inputs.ts'
import type { Sharing } from './inputs/sharing.ts'
import { prepareClientAuth } from './oauth/client-auth.ts'
import { type Grant, prepareGrant } from './oauth/grant.ts'
import { describeTarget, fetchMetadata, findRevocationEndpoint, findTokenEndpoint } from './oauth/metadata.ts'
import { encodeParameters } from './oauth/request-body.ts'
import type { RequestIdentity } from './oauth/shared-token.ts'
import type { Token } from './oauth/token.ts'
import { parseTokenResponse, type TokenResponse } from './oauth/token-response.ts'
import { REVOCATION_STATE, type SavedToken } from './post.ts'

/** Every system allows this much in a variable; Windows has the lowest limit. */
const MAX_STATE_CHARACTERS = 30_000

/**
 * Requests an access token (RFC 6749, section 4; RFC 7523; RFC 8693), or uses a shared one, and sets it as an output.
 * @throws Error with the message to log; no output is set then
 */
export async function main(): Promise<void> {
  const start = monotonicMs()
  // Before anything can fail: if the action saves nothing, any other step can provide the state as a variable.
  core.saveState(REVOCATION_STATE, '')
  requireOutputFile()
  const { request, sharing } = readInputs()
  if ((await useSharedToken(request, sharing)) || request === undefined) return
  trustCertificates(request.caCertificates)
  const attempt = createAttempt({ retries: request.retries, deadline: start + request.timeoutMs })
  const metadata = 'issuer' in request.server ? await fetchMetadata(request.server.issuer, attempt) : {}
  const token = await requestToken(request, metadata, attempt)
  for (const secret of token.secrets) core.setSecret(secret)
  for (const warning of token.warnings) core.warning(warning)
  warnIfReplaced(request.grant, token)
  saveForRevocation(request, metadata, token)
  const isShared = sharing !== undefined && sharing.token === undefined
  setOutputs(token, isShared ? await encrypt(token, request, sharing) : '')
  core.info(
    `Got ${describeToken(token)}${isShared ? '. The token is shared with other jobs and will not be revoked' : ''}`,
  )
}

/** Whether the step is done, because it uses the token of another job. */
async function useSharedToken(
  request: RequestInputs | undefined,
  sharing: Sharing | undefined,
): Promise<boolean> {
  if (sharing?.token === undefined) return false
  // Loaded on demand: most steps do not share a token.
  const { decryptToken } = await import(/* webpackChunkName: "jose" */ './oauth/shared-token.ts')
  const token = await decryptToken(sharing.token, request && identify(request), sharing, new Date())
  if ('unusable' in token) {
    if (request === undefined) {
      throw new Error(
        `shared-token ${token.unusable}. ${token.fix}, or set client-id and its credentials to request a new token.`,
      )
    }
    core.info(`shared-token ${token.unusable}; requesting a new access token`)
    return false
  }
  core.setSecret(token.accessToken)
  setOutputs(token, sharing.token)
  core.info(`Using ${describeToken(token, ' from another job')}`)
  return true
}

async function encrypt(token: Token, request: RequestInputs, sharing: Sharing): Promise<string> {
  const { encryptToken } = await import(/* webpackChunkName: "jose" */ './oauth/shared-token.ts')
  return await encryptToken(token, identify(request), sharing, new Date())
}

function identify({ client, grant, server, scope, parameters }: RequestInputs): RequestIdentity {
  const valuesOf = (name: string) => parameters.filter(([other]) => other === name).map(([, value]) => value)
  const others = parameters.filter(([name]) => name !== 'audience' && name !== 'resource')
  return {
    server: 'token' in server ? server.token.url.href : server.issuer.identifier,
    'client-id': client.clientId,
    'grant-type': grant.type,
    scope,
    audience: valuesOf('audience').join(' '),
    resource: valuesOf('resource').join(' '),
    'assertion-audience': 'audience' in grant ? (grant.audience ?? '') : '',
    'extra-params': JSON.stringify(others),
    'refresh-token': grant.type === 'refresh_token' ? hash(grant.refreshToken) : '',
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
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

async function requestToken(
  inputs: RequestInputs,
  metadata: JsonObject,
  attempt: Attempt,
): Promise<TokenResponse> {
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
      ...(grant.advice && { grant: grant.advice }),
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

/** For the post step, which has only this and the inputs. */
function saveForRevocation(
  { server, revocation }: RequestInputs,
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

function setOutputs({ accessToken, tokenType, lifetime, scope }: Token, sharedToken: string): void {
  core.setOutput('access-token', accessToken)
  core.setOutput('token-type', tokenType)
  core.setOutput('expires-in', lifetime?.seconds ?? '')
  core.setOutput('expires-at', lifetime?.expiresAt.toISOString().replace(/\.\d+/, '') ?? '')
  core.setOutput('scope', scope)
  core.setOutput('shared-token', sharedToken)
}

function describeToken(
  { tokenType, lifetime, issuedType }: Token & { issuedType?: string | undefined },
  origin = '',
): string {
  // Any other type is not logged, because it is text from the server.
  const bearer = /^bearer$/i.test(tokenType) ? `a ${tokenType} token` : 'an access token'
  const kind = `${issuedType === undefined ? bearer : `a token of type ${issuedType}`}${origin}`
  if (lifetime === undefined) return `${kind}; the server did not return a lifetime`
  const minute = lifetime.expiresAt
    .toISOString()
    .replace('T', ' ')
    .replace(/:\d\d\.\d+Z/, ' UTC')
  return `${kind}; it expires at ${minute} (in ${describeDuration(lifetime.seconds)})`
}

function describeDuration(seconds: number): string {
  if (seconds < 2 * 60) return `${seconds} s`
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}
