import * as core from '@actions/core'
import { Failure } from './failure.ts'
import { type Answer, get } from './http.ts'
import { type JsonObject, parseJsonObject } from './json-object.ts'
import { explainFailure } from './oauth-error.ts'
import { printable } from './printable.ts'
import { type RetryLimits, withRetries } from './retry.ts'

export interface Endpoint {
  readonly url: URL
  /** The input that leads to it, or where else it comes from, for the errors to name. */
  readonly input: string
}

/** Where to revoke (RFC 7009): nowhere, where the metadata says, or there. */
export type Revocation = 'off' | 'if known' | Endpoint

/** Where to go: the token endpoint as it is given, or an issuer that tells it (RFC 8414). */
export type Server = { readonly token: Endpoint } | { readonly issuer: Issuer }

/** An issuer identifier (RFC 8414, 2), as it is written: it is compared character by character. */
export interface Issuer extends Endpoint {
  readonly identifier: string
}

export interface Endpoints {
  readonly token: Endpoint
  /** `undefined` where nothing is to be revoked. */
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

const MAX_URL_CHARACTERS = 2000
const MAX_HOST_CHARACTERS = 253
const MAX_NAMES = 32
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
  if (text.includes('/.well-known/')) {
    throw new Error(
      `${input} is the address of the metadata. Leave out /.well-known/ and what follows it, except a path of the issuer behind oauth-authorization-server.`,
    )
  }
  return { ...endpoint, identifier: text }
}

function findFault(text: string): readonly [fault: string, cure: string] | undefined {
  // What URL would leave out or turn around by itself: a line break may stand between two addresses.
  const isPlain = /^[a-z]+:\/\/[^\s\p{Cc}\\]+$/iu.test(text)
  if (!isPlain || !URL.canParse(text)) return ['is not a URL', 'Give the whole address, from https:// on.']
  const url = new URL(text)
  if (text.length > MAX_URL_CHARACTERS || url.hostname.length > MAX_HOST_CHARACTERS) {
    return ['is too long for a URL', 'Give the address of the server.']
  }
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
export async function findEndpoints(
  server: Server,
  revocation: Revocation,
  limits: RetryLimits,
): Promise<Endpoints> {
  const given = typeof revocation === 'string' ? undefined : revocation
  if ('token' in server) {
    const { token } = server
    return {
      token,
      revocation: given,
      server: { audience: token.url.href, authMethods: [], signingAlgorithms: [] },
    }
  }
  const { issuer } = server
  const { host } = issuer.url
  core.info(`Asking ${host} for its metadata`)
  const metadata = await withRetries(`Could not find the endpoints of ${host}`, limits, (deadline) =>
    readMetadata(issuer, deadline),
  )
  return {
    token: metadata.token,
    revocation: revocation === 'if known' ? findRevocation(issuer, metadata.fields) : given,
    server: metadata.server,
  }
}

interface Metadata {
  readonly fields: JsonObject
  readonly token: Endpoint
  readonly server: AssertionTarget
}

/** Both places are tried in one attempt: a server has its metadata at one of them, or at both. */
async function readMetadata(issuer: Issuer, deadline: number): Promise<Metadata> {
  const failures: Failure[] = []
  for (const url of metadataUrls(issuer.url)) {
    // What fails here is the connection, which is the same for both.
    const found = parseMetadata(issuer, await get({ ...issuer, url }, {}, deadline))
    if (!(found instanceof Failure)) return found
    failures.push(new Failure(`${found.reason} (at ${url.pathname})`, found.cure, found.passing))
  }
  // The cure of the last that found something: a place where nothing is says little.
  const cure = failures.findLast(({ reason }) => !reason.startsWith('HTTP 4'))?.cure
  throw new Failure(
    failures.map(({ reason }) => reason).join('; '),
    cure ?? 'Check issuer: a server without metadata there needs token-url instead.',
    failures.find(({ passing }) => passing)?.passing,
  )
}

function metadataUrls({ origin, pathname }: URL): readonly URL[] {
  const path = pathname.replace(/\/$/, '')
  return [
    new URL(`${origin}/.well-known/oauth-authorization-server${path}`),
    new URL(`${origin}${path}/.well-known/openid-configuration`),
  ]
}

function parseMetadata(issuer: Issuer, answer: Answer): Metadata | Failure {
  const fields = parseJsonObject(answer.body)
  if (fields === undefined || answer.status !== 200) return explainFailure(answer, [], 'Check issuer.')
  const { issuer: named } = fields
  if (named !== issuer.identifier) {
    // Somebody else's metadata would lead the credentials to somebody else (RFC 8414, 3.3).
    return typeof named === 'string'
      ? new Failure(
          `the metadata is that of another issuer, ${printable(named)}`,
          'Write issuer exactly as the server does, down to the slash at its end.',
        )
      : new Failure('the metadata names no issuer', 'Check issuer.')
  }
  const token = parseMetadataEndpoint(issuer, fields, 'token_endpoint')
  if (token instanceof Failure) return token
  return {
    fields,
    token,
    server: {
      audience: issuer.identifier,
      authMethods: findNames(fields, 'token_endpoint_auth_methods_supported'),
      signingAlgorithms: findNames(fields, 'token_endpoint_auth_signing_alg_values_supported'),
    },
  }
}

/** The token does not depend on it, so that what is wrong with it is a warning. */
function findRevocation(issuer: Issuer, fields: JsonObject): Endpoint | undefined {
  if (fields['revocation_endpoint'] === undefined || fields['revocation_endpoint'] === null) return undefined
  const found = parseMetadataEndpoint(issuer, fields, 'revocation_endpoint')
  if (!(found instanceof Failure)) return found
  core.warning(`The token will not be revoked: ${found.reason}. Give revocation-url, or set revoke to false.`)
  return undefined
}

function parseMetadataEndpoint({ url }: Issuer, fields: JsonObject, name: string): Endpoint | Failure {
  const text = fields[name]
  const cure = 'Tell those who run the server, or give token-url instead of issuer.'
  if (typeof text !== 'string') return new Failure(`the metadata names no ${name}`, cure)
  const [fault] = findFault(text) ?? []
  if (fault !== undefined) return new Failure(`the ${name} in the metadata ${fault}`, cure)
  const endpoint = new URL(text)
  if (endpoint.protocol !== 'https:' && url.protocol === 'https:') {
    return new Failure(`the ${name} in the metadata leads to this machine`, cure)
  }
  return { url: endpoint, input: `the ${name} of issuer` }
}

/** Only what can be a name, and so many: it goes into the state for the post step, which has a limit. */
function findNames(fields: JsonObject, name: string): readonly string[] {
  const names = fields[name]
  if (!Array.isArray(names)) return []
  return names
    .filter((value): value is string => typeof value === 'string' && /^[\w.:-]{1,64}$/.test(value))
    .slice(0, MAX_NAMES)
}
