import type { ClientAuthentication } from './client-auth.ts'
import { Failure } from './failure.ts'
import type { Answer } from './http.ts'
import type { Parameter } from './inputs.ts'
import { type JsonObject, parseJsonObject } from './json-object.ts'
import { explainFailure } from './oauth-error.ts'

/** The last moment with a year of four digits. */
const MAX_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59)

export interface TokenResponse {
  readonly accessToken: string
  readonly tokenType: string
  /** `undefined` if the server does not say. */
  readonly lifetime: Lifetime | undefined
  /** What was asked for, if the server does not say (RFC 6749, 5.1). */
  readonly scope: string
  /** Every token in the answer, to be masked before anything else is printed. */
  readonly secrets: readonly string[]
  readonly warnings: readonly string[]
}

interface Lifetime {
  readonly seconds: number
  readonly end: Date
}

/** The parameters of the access token request (RFC 6749, 4.4.2), in which a name may come more than once (RFC 8707, 2). */
export function tokenRequestParameters(scope: string, parameters: readonly Parameter[]): URLSearchParams {
  const request = new URLSearchParams({ grant_type: 'client_credentials' })
  if (scope !== '') request.append('scope', scope)
  for (const [name, value] of parameters) request.append(name, value)
  return request
}

/**
 * Reads the answer of a token endpoint (RFC 6749, 5.1). The lifetime counts from `requestedAt`, so that the
 * token never seems to live longer than it does.
 * @throws Failure with what is wrong and what to do, where there is no usable access token in it
 */
export function parseTokenResponse(
  answer: Answer,
  requestedAt: Date,
  askedScope: string,
  { secrets, cure }: Pick<ClientAuthentication, 'secrets' | 'cure'>,
): TokenResponse {
  const { status } = answer
  const fields = parseJsonObject(answer.body)
  if (fields === undefined || status < 200 || status > 299 || isPresent(fields['error'])) {
    throw explainFailure(answer, [...secrets, ...tokensIn(fields)], cure)
  }
  const accessToken = fields['access_token']
  if (typeof accessToken !== 'string' || accessToken.trim() === '' || !/^[\x20-\x7e]+$/.test(accessToken)) {
    const found = isPresent(accessToken)
      ? 'an access_token that is empty or no plain text'
      : 'no access_token'
    throw new Failure(
      `HTTP ${status} with ${found}`,
      `Check that ${answer.endpoint.input} names a token endpoint (RFC 6749, 5.1).`,
    )
  }

  const tokenType = parseTokenType(fields['token_type'])
  const lifetime = parseLifetime(fields['expires_in'], requestedAt)
  const scope = parseScope(fields['scope'])
  const warnings = []
  if (tokenType === undefined) warnings.push('The server names no valid token_type. Bearer is assumed.')
  if (lifetime === undefined && isPresent(fields['expires_in'])) {
    warnings.push(
      'The expires_in of the server is no number of seconds. expires-in and expires-at stay empty.',
    )
  }
  if (scope === undefined && isPresent(fields['scope'])) {
    warnings.push('The scope of the server is no list of names. The output scope stays empty.')
  }
  const missing = scope === undefined ? [] : findMissing(askedScope, scope)
  if (missing.length > 0) {
    warnings.push(`The server did not grant all of the scope. Missing: ${missing.join(' ')}.`)
  }
  return {
    accessToken,
    tokenType: tokenType ?? 'Bearer',
    lifetime,
    scope: scope ?? (isPresent(fields['scope']) ? '' : askedScope),
    secrets: tokensIn(fields),
    warnings,
  }
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** `access_token`, `refresh_token`, `id_token` and the like. */
function tokensIn(fields: JsonObject = {}): string[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    /(^|_)token$/.test(name) && typeof value === 'string' && value.trim() !== '' ? [value] : [],
  )
}

/** A name or a URI (RFC 6749, A.13), without the characters of a URI that mean something to a shell. */
function parseTokenType(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.:/-]{1,100}$/.test(value) ? value : undefined
}

function parseLifetime(value: unknown, requestedAt: Date): Lifetime | undefined {
  const isNumeric = typeof value === 'number' || (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value))
  const seconds = isNumeric ? Math.floor(Number(value)) : Number.NaN
  const end = requestedAt.getTime() + seconds * 1000
  return seconds >= 0 && end <= MAX_TIME_MS ? { seconds, end: new Date(end) } : undefined
}

/** Space-separated names (RFC 6749, 3.3); some servers send an array of them. */
function parseScope(value: unknown): string | undefined {
  const text =
    Array.isArray(value) && value.every((name) => typeof name === 'string') ? value.join(' ') : value
  return typeof text === 'string' && /^[\x20-\x7e]*$/.test(text) ? text : undefined
}

function findMissing(askedScope: string, scope: string): readonly string[] {
  // Some servers put commas between the names.
  const granted = scope.split(/[ ,]/)
  return askedScope.split(' ').filter((name) => name !== '' && !granted.includes(name))
}
