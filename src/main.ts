import { accessSync, constants } from 'node:fs'
import * as core from '@actions/core'
import { authenticateClient } from './client-auth.ts'
import { post } from './http.ts'
import { readInputs } from './inputs.ts'
import { withRetries } from './retry.ts'
import { parseTokenResponse, type TokenResponse, tokenRequestParameters } from './token.ts'

/**
 * Gets an access token (RFC 6749, 4.4) and hands it to the following steps.
 * @throws Error with the sentence to show; no output is set then
 */
export async function main(): Promise<void> {
  const start = performance.now()
  refuseWithoutOutputFile()
  const inputs = readInputs()
  const authentication = authenticateClient(inputs)
  const request = tokenRequestParameters(inputs.scope, [...inputs.parameters, ...authentication.parameters])
  core.info(`Asking ${inputs.tokenUrl.host} for an access token`)
  const token = await withRetries(
    `Could not get a token from ${inputs.tokenUrl.host}`,
    { retries: inputs.retries, deadline: start + inputs.timeoutMs },
    async (timeoutMs) => {
      const requestedAt = new Date()
      const answer = await post(inputs.tokenUrl, authentication.headers, request, timeoutMs)
      return parseTokenResponse(answer, requestedAt, inputs.scope, authentication)
    },
  )

  for (const secret of token.secrets) core.setSecret(secret)
  for (const warning of token.warnings) core.warning(warning)
  setOutputs(token)
  core.info(describeToken(token))
}

/** Without the file the toolkit would print the outputs to the log, the token among them. */
function refuseWithoutOutputFile(): void {
  try {
    accessSync(process.env['GITHUB_OUTPUT'] ?? '', constants.W_OK)
  } catch {
    throw new Error(
      'GITHUB_OUTPUT names no file that can be written, so there is no safe way to hand the token on. Run this action on GitHub Actions or a compatible runner that provides one.',
    )
  }
}

function setOutputs({ accessToken, tokenType, lifetime, scope }: TokenResponse): void {
  core.setOutput('access-token', accessToken)
  core.setOutput('token-type', tokenType)
  core.setOutput('expires-in', lifetime?.seconds ?? '')
  core.setOutput('expires-at', lifetime?.end.toISOString().replace(/\.\d+Z$/, 'Z') ?? '')
  core.setOutput('scope', scope)
}

function describeToken({ tokenType, lifetime }: TokenResponse): string {
  if (lifetime === undefined) return `Got a ${tokenType} token; the server does not say how long it is valid`
  const minute = lifetime.end
    .toISOString()
    .replace('T', ' ')
    .replace(/:\d\d\.\d+Z$/, ' UTC')
  return `Got a ${tokenType} token, valid until ${minute}, in ${describeDuration(lifetime.seconds)}`
}

function describeDuration(seconds: number): string {
  if (seconds < 2 * 60) return `${seconds} s`
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}
