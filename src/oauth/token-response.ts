import { Failure } from '../http/failure.ts'
import { type JsonObject, parseJsonObject } from '../http/json-object.ts'
import type { Response } from '../http/send.ts'
import { explainErrorResponse, type Rejected } from './error-response.ts'
import { isAccessToken, type Lifetime, MAX_TIME_MS, type Token } from './token.ts'

/** Of the tokens besides the access token: more would fill the log with masks, shorter ones would garble it. */
const MAX_OTHER_TOKENS = 32
const MIN_OTHER_TOKEN_CHARACTERS = 8
const ISSUED_TYPE = /^urn:ietf:params:oauth:token-type:(refresh_token|id_token|saml1|saml2|jwt)$/

export interface TokenResponse extends Token {
  /** `undefined` if the server returns none. */
  readonly refreshToken: string | undefined
  /** The last part of the token type URN (RFC 8693, section 3) if the token is not an access token. */
  readonly issuedType: string | undefined
  /** Every token in the response, to be masked before anything else is printed. */
  readonly secrets: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * Parses the response of a token endpoint (RFC 6749, section 5.1).
 * @param requestedAt the start of the lifetime, so that the token never seems to live longer than it does
 * @throws Failure if there is no valid access token in it
 */
export function parseTokenResponse(
  response: Response,
  requestedAt: Date,
  requestedScope: string,
  rejected: Rejected,
): TokenResponse {
  const { status } = response
  const members = parseJsonObject(response.body)
  if (members === undefined || status < 200 || status > 299 || hasError(members)) {
    const { access_token: token } = members ?? {}
    const tokens = [...(typeof token === 'string' ? [token] : []), ...findOtherTokens(members)]
    throw explainErrorResponse(response, { ...rejected, secrets: [...rejected.secrets, ...tokens] })
  }
  const accessToken = members['access_token']
  if (!isAccessToken(accessToken)) {
    const found = isPresent(accessToken)
      ? 'an invalid access_token (empty or not printable ASCII)'
      : 'no access_token'
    throw new Failure(
      `HTTP ${status} with ${found}`,
      `Check that ${response.endpoint.source} is a token endpoint.`,
    )
  }

  const tokenType = parseTokenType(members['token_type'])
  const lifetime = parseLifetime(members['expires_in'], requestedAt)
  const scope = parseScope(members['scope'])
  const warnings = []
  if (tokenType === undefined) warnings.push('The response has no valid token_type. Assuming Bearer.')
  if (lifetime === undefined && isPresent(members['expires_in'])) {
    warnings.push('The response has an invalid expires_in. The outputs expires-in and expires-at are empty.')
  }
  if (scope === undefined && isPresent(members['scope'])) {
    warnings.push('The response has an invalid scope. The output scope is empty.')
  }
  const missing = scope === undefined ? [] : findMissing(requestedScope, scope)
  if (missing.length > 0) {
    warnings.push(`The server did not grant every requested scope. Missing: ${missing.join(' ')}.`)
  }
  return {
    accessToken,
    tokenType: tokenType ?? 'Bearer',
    lifetime,
    refreshToken:
      typeof members['refresh_token'] === 'string' ? members['refresh_token'] || undefined : undefined,
    issuedType: parseIssuedType(members['issued_token_type']),
    scope: scope ?? (isPresent(members['scope']) ? '' : requestedScope),
    secrets: [...new Set([accessToken, ...findOtherTokens(members)])],
    warnings,
  }
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** Go servers send an empty `error` beside the token, others `false`. */
function hasError({ error, access_token }: JsonObject): boolean {
  const isEmpty = error === '' || error === false
  return isPresent(error) && !(isEmpty && isPresent(access_token))
}

/** `refresh_token`, `id_token` and the like. */
function findOtherTokens(members: JsonObject = {}): readonly string[] {
  return Object.entries(members)
    .filter(([name]) => /(^|_)token$/.test(name) && name !== 'access_token')
    .map(([, value]) => (typeof value === 'string' ? value : ''))
    .filter((value) => value.trim().length >= MIN_OTHER_TOKEN_CHARACTERS)
    .slice(0, MAX_OTHER_TOKENS)
}

/** A name or a URI (RFC 6749, appendix A.13), without the characters of a URI that are special in a shell. */
function parseTokenType(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.:/-]{1,100}$/.test(value) ? value : undefined
}

/** A registered type (RFC 8693, section 3) other than access token; `undefined` for all others. */
function parseIssuedType(value: unknown): string | undefined {
  return typeof value === 'string' ? ISSUED_TYPE.exec(value)?.[1] : undefined
}

function parseLifetime(value: unknown, requestedAt: Date): Lifetime | undefined {
  const isNumeric = typeof value === 'number' || (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value))
  const seconds = isNumeric ? Math.floor(Number(value)) : Number.NaN
  const expiresAtMs = requestedAt.getTime() + seconds * 1000
  return seconds >= 0 && expiresAtMs <= MAX_TIME_MS
    ? { seconds, expiresAt: new Date(expiresAtMs) }
    : undefined
}

/** Space-separated names (RFC 6749, section 3.3); some servers return an array. */
function parseScope(value: unknown): string | undefined {
  const text =
    Array.isArray(value) && value.every((name) => typeof name === 'string') ? value.join(' ') : value
  return typeof text === 'string' && /^[\x20-\x7e]*$/.test(text) ? text : undefined
}

function findMissing(requestedScope: string, scope: string): readonly string[] {
  // Some servers separate the names by commas.
  const granted = new Set(scope.split(/[ ,]/))
  return requestedScope.split(' ').filter((name) => name !== '' && !granted.has(name))
}
