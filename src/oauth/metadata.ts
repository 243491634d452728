import * as core from '@actions/core'
import { Failure } from '../http/failure.ts'
import { type JsonObject, parseJsonObject } from '../http/json-object.ts'
import { printable } from '../http/printable.ts'
import type { Attempt } from '../http/retry.ts'
import type { Endpoint, Response, Send } from '../http/send.ts'
import { findUrlProblem, type Issuer, parseEndpoint } from './endpoint.ts'
import { explainErrorResponse } from './error-response.ts'

/** The token endpoint as it is set, or an issuer whose metadata has it (RFC 8414). */
export type Server = { readonly token: Endpoint } | { readonly issuer: Issuer }

/** Where to revoke the token (RFC 7009). `off`: not at all; `discover`: at the endpoint in the metadata, if any. */
export type Revocation = 'off' | 'discover' | Endpoint

/** What a client authentication depends on besides the client. */
export interface Target {
  /** The default audience of an assertion (RFC 7523, section 3): the issuer, or the token endpoint. */
  readonly audience: string
  readonly tokenUrl: string | undefined
  /** From the metadata; empty if unknown. */
  readonly authMethods: readonly string[]
  readonly signingAlgorithms: readonly string[]
}

/** Members of the metadata (RFC 8414, section 2). */
const AUTH_METHODS = 'token_endpoint_auth_methods_supported'
const SIGNING_ALGORITHMS = 'token_endpoint_auth_signing_alg_values_supported'
const MAX_NAMES = 32
const NO_METADATA = 'Check issuer. If the server does not publish metadata, set token-url instead.'

/**
 * Fetches the metadata of an issuer (RFC 8414, section 3; OpenID Connect Discovery 1.0, section 4). Both well-known
 * URLs are tried in one attempt, because a server publishes at either or both.
 * @returns the members that the action uses, which the post step needs, too
 * @throws Error if there is no metadata of this issuer with a valid token endpoint
 */
export async function fetchMetadata(issuer: Issuer, attempt: Attempt): Promise<JsonObject> {
  const { host } = issuer.url
  core.info(`Fetching server metadata from ${host}`)
  return await attempt(`Could not get server metadata from ${host}`, (send) => tryBothUrls(issuer, send))
}

async function tryBothUrls(issuer: Issuer, send: Send): Promise<JsonObject> {
  const tried: { failure: Failure; path: string; isMissing: boolean }[] = []
  for (const url of wellKnownUrls(issuer.url)) {
    // Connection errors are the same for both, so they are not caught.
    const response = await send({ endpoint: { ...issuer, url } })
    const found = parseMetadata(issuer, response)
    if (!(found instanceof Failure)) return found
    const isMissing = response.status >= 400 && response.status < 500 && found.transient === undefined
    tried.push({ failure: found, path: url.pathname, isMissing })
  }
  const reasons = Map.groupBy(tried, ({ failure }) => failure.reason)
  throw new Failure(
    [...reasons]
      .map(([reason, urls]) => `${reason} (at ${urls.map(({ path }) => path).join(' and ')})`)
      .join('; '),
    // Wrong metadata is a more specific cause than no metadata.
    tried.findLast(({ isMissing }) => !isMissing)?.failure.advice ?? NO_METADATA,
    tried.find(({ failure }) => failure.transient)?.failure.transient,
  )
}

function wellKnownUrls({ origin, pathname }: URL): readonly URL[] {
  const path = pathname.replace(/\/$/, '')
  return [
    new URL(`${origin}/.well-known/oauth-authorization-server${path}`),
    new URL(`${origin}${path}/.well-known/openid-configuration`),
  ]
}

function parseMetadata(issuer: Issuer, response: Response): JsonObject | Failure {
  const members = parseJsonObject(response.body)
  if (members === undefined || response.status !== 200) {
    return explainErrorResponse(response, { secrets: [] })
  }
  const { issuer: actual } = members
  if (actual !== issuer.identifier) {
    // Another issuer's metadata could send the credentials anywhere (RFC 8414, section 3.3).
    return typeof actual === 'string'
      ? new Failure(
          `the metadata is for another issuer (${printable(actual.slice(0, 200))})`,
          'Set issuer to exactly this value, including any trailing slash.',
        )
      : new Failure('the metadata has no issuer', 'Check issuer.')
  }
  const token = findEndpoint(issuer, members, 'token_endpoint')
  if (token instanceof Failure) return token
  const { token_endpoint, revocation_endpoint } = members
  return {
    token_endpoint,
    revocation_endpoint,
    [AUTH_METHODS]: findNames(members, AUTH_METHODS),
    [SIGNING_ALGORITHMS]: findNames(members, SIGNING_ALGORITHMS),
  }
}

/** The token endpoint. `fetchMetadata` has checked the one in the metadata. */
export function findTokenEndpoint(server: Server, metadata: JsonObject): Endpoint {
  return 'token' in server
    ? server.token
    : parseEndpoint('the token_endpoint in the metadata', `${metadata['token_endpoint']}`)
}

/**
 * The endpoint with a name in the metadata.
 * @param metadata untrusted
 * @returns Failure if it is missing or not a valid endpoint of this issuer
 */
export function findEndpoint({ url }: Issuer, metadata: JsonObject, name: string): Endpoint | Failure {
  const text = metadata[name]
  const advice = "Contact the server's operator, or set token-url instead of issuer."
  if (typeof text !== 'string') return new Failure(`the metadata has no ${name}`, advice)
  const found = findUrlProblem(text)
  if (found !== undefined) return new Failure(`the ${name} in the metadata ${found.problem}`, advice)
  const endpoint = new URL(text)
  if (endpoint.protocol !== 'https:' && url.protocol === 'https:') {
    return new Failure(`the ${name} in the metadata points to localhost`, advice)
  }
  return { url: endpoint, source: `the ${name} in the metadata` }
}

/**
 * The revocation endpoint (RFC 7009, section 2); `undefined` if there is none, or if the token is not to be revoked.
 * @param metadata untrusted; empty without an issuer
 * @returns Failure if the one in the metadata is invalid
 */
export function findRevocationEndpoint(
  server: Server,
  revocation: Revocation,
  metadata: JsonObject,
): Endpoint | Failure | undefined {
  if (revocation === 'off') return undefined
  if (revocation !== 'discover') return revocation
  const isMissing = (metadata['revocation_endpoint'] ?? null) === null
  return isMissing || !('issuer' in server)
    ? undefined
    : findEndpoint(server.issuer, metadata, 'revocation_endpoint')
}

/**
 * What a client authentication depends on besides the client.
 * @param metadata untrusted; empty without an issuer
 */
export function describeTarget(server: Server, metadata: JsonObject): Target {
  if ('token' in server) {
    const { href } = server.token.url
    return { audience: href, tokenUrl: href, authMethods: [], signingAlgorithms: [] }
  }
  const token = findEndpoint(server.issuer, metadata, 'token_endpoint')
  return {
    audience: server.issuer.identifier,
    tokenUrl: token instanceof Failure ? undefined : token.url.href,
    authMethods: findNames(metadata, AUTH_METHODS),
    signingAlgorithms: findNames(metadata, SIGNING_ALGORITHMS),
  }
}

/** A limited number of valid names: they go into the state for the post step, whose size is limited. */
function findNames(metadata: JsonObject, name: string): readonly string[] {
  const names = metadata[name]
  if (!Array.isArray(names)) return []
  return names
    .filter((value): value is string => typeof value === 'string' && /^[\w.:-]{1,64}$/.test(value))
    .slice(0, MAX_NAMES)
}
