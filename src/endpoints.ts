import * as core from '@actions/core'
import { Failure } from './failure.ts'
import { type Answer, get } from './http.ts'
import { type JsonObject, parseJsonObject } from './json-object.ts'
import { explainFailure } from './oauth-error.ts'
import { printable } from './printable.ts'
import { type RetryLimits, withRetries } from './retry.ts'

export interface Endpoint {
  readonly url: URL
  /** The input that leads to it, for the errors to name. */
  readonly input: string
}

/** Where to go: the token endpoint as it is given, or an issuer that tells it (RFC 8414). */
export type Server = { readonly token: Endpoint } | { readonly issuer: Issuer }

/** An issuer identifier (RFC 8414, 2), as it is written: it is compared character by character. */
export interface Issuer extends Endpoint {
  readonly identifier: string
}

export interface Endpoints {
  readonly token: Endpoint
  /** `undefined` where the server is not known to have one. */
  readonly revocation: Endpoint | undefined
  readonly server: AssertionTarget
}

/** What the authentication of a client can depend on, beside the client. */
export interface AssertionTarget {
  /** By which the server knows itself in an assertion (RFC 7523, 3): its issuer, or else its token endpoint. */
  readonly audience: string
  /** From its metadata (RFC 8414, 2); empty where that is not known. */
  readonly authMethods: readonly string[]
  readonly signingAlgorithms: readonly string[]
}

const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * An endpoint's URL (RFC 6749, 3.2): https, or http to this machine, without user info and fragment.
 * @throws Error that names the input and the cure; the URL itself is not shown, it may hold a password
 */
export function parseEndpoint(input: string, text: string): Endpoint {
  const fault = findFault(text)
  if (fault !== undefined) throw new Error(`${input} ${fault.join('. ')}`)
  return { url: new URL(text), input }
}

/**
 * An issuer identifier (RFC 8414, 2): an endpoint's URL without a query.
 * @throws Error that names the input and the cure
 */
export function parseIssuer(input: string, text: string): Issuer {
  const endpoint = parseEndpoint(input, text)
  if (text.includes('?')) {
    throw new Error(`${input} has a query (?...), which an issuer cannot have (RFC 8414, 2). Take it out.`)
  }
  return { ...endpoint, identifier: text }
}

function findFault(text: string): readonly [fault: string, cure: string] | undefined {
  if (!URL.canParse(text)) return ['is not a URL', 'Give the whole address, from https:// on.']
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK_HOST.test(url.hostname))) {
    return [
      'does not begin with https://',
      'Credentials are sent there, so only https is allowed (http only to localhost).',
    ]
  }
  if (url.username !== '' || url.password !== '') {
    return [
      'has a user name or password before its host',
      'Take it out: the credentials go into client-id and client-secret.',
    ]
  }
  if (text.includes('#')) {
    return ['has a fragment (#...), which an endpoint cannot have', 'Take it out.']
  }
  return undefined
}

/**
 * The endpoints of a server, by its metadata (RFC 8414, 3; OpenID Connect Discovery 1.0, 4) where an issuer is given.
 * @throws Error with what kept the metadata from being read, and the cure
 */
export async function findEndpoints(server: Server, limits: RetryLimits): Promise<Endpoints> {
  if ('token' in server) {
    const { token } = server
    return {
      token,
      revocation: undefined,
      server: { audience: token.url.href, authMethods: [], signingAlgorithms: [] },
    }
  }
  const { issuer } = server
  core.info(`Asking ${issuer.url.host} for its metadata`)
  return await withRetries(`Could not find the endpoints of ${issuer.url.host}`, limits, (deadline) =>
    readMetadata(issuer, deadline),
  )
}

/** Both places are tried in one attempt: a server has its metadata at one of them, or at both. */
async function readMetadata(issuer: Issuer, deadline: number): Promise<Endpoints> {
  const failures: Failure[] = []
  for (const url of metadataUrls(issuer.url)) {
    try {
      return parseMetadata(issuer, await get({ ...issuer, url }, {}, deadline))
    } catch (error) {
      if (!(error instanceof Failure) || error.passing) throw error
      failures.push(new Failure(`${error.reason} (at ${url.pathname})`, error.cure))
    }
  }
  // The cure of the last that found something: a place where nothing is says little.
  const cure = failures.findLast(({ reason }) => !reason.startsWith('HTTP 4'))?.cure
  throw new Failure(
    failures.map(({ reason }) => reason).join('; '),
    cure ?? 'Check issuer: a server without metadata there needs token-url instead.',
  )
}

function metadataUrls({ origin, pathname }: URL): readonly URL[] {
  const path = pathname.replace(/\/$/, '')
  return [
    new URL(`${origin}/.well-known/oauth-authorization-server${path}`),
    new URL(`${origin}${path}/.well-known/openid-configuration`),
  ]
}

function parseMetadata(issuer: Issuer, answer: Answer): Endpoints {
  const metadata = parseJsonObject(answer.body)
  if (metadata === undefined || answer.status !== 200) throw explainFailure(answer, [], 'Check issuer.')
  const { issuer: named } = metadata
  if (named !== issuer.identifier) {
    // Somebody else's metadata would lead the credentials to somebody else (RFC 8414, 3.3).
    throw typeof named === 'string'
      ? new Failure(
          `the metadata is that of another issuer, ${printable(named)}`,
          'Write issuer exactly as the server does, down to the slash at its end.',
        )
      : new Failure('the metadata names no issuer', 'Check issuer.')
  }
  const token = findEndpoint(issuer, metadata, 'token_endpoint')
  if (token === undefined)
    throw new Failure('the metadata names no token_endpoint', 'Give token-url instead.')
  return {
    token,
    revocation: findEndpoint(issuer, metadata, 'revocation_endpoint'),
    server: {
      audience: issuer.identifier,
      authMethods: findNames(metadata, 'token_endpoint_auth_methods_supported'),
      signingAlgorithms: findNames(metadata, 'token_endpoint_auth_signing_alg_values_supported'),
    },
  }
}

function findEndpoint({ url, input }: Issuer, metadata: JsonObject, name: string): Endpoint | undefined {
  const text = metadata[name]
  if (text === undefined || text === null) return undefined
  const [fault, cure] = findFault(String(text)) ?? []
  if (fault !== undefined) throw new Failure(`the ${name} in the metadata ${fault}`, cure as string)
  const endpoint = new URL(String(text))
  if (endpoint.protocol !== 'https:' && url.protocol === 'https:') {
    throw new Failure(
      `the ${name} in the metadata leads to this machine`,
      'No server can have its endpoints there. Check issuer.',
    )
  }
  return { url: endpoint, input }
}

function findNames(metadata: JsonObject, name: string): readonly string[] {
  const names = metadata[name]
  return Array.isArray(names) ? names.filter((value) => typeof value === 'string') : []
}
