import { RE_RUN } from '../http/connection-error.ts'
import { Failure, type Transient } from '../http/failure.ts'
import { type JsonObject, parseJsonObject } from '../http/json-object.ts'
import { printable } from '../http/printable.ts'
import type { Response } from '../http/send.ts'
import type { RequestFormat } from './request-body.ts'

/** What was rejected. */
export interface Rejected {
  /** To be redacted. */
  readonly secrets: readonly string[]
  /** The advice on the client authentication; `undefined` for a request without one. */
  readonly client?: () => string
  /** The advice on the grant; `undefined` if only the client authentication can be rejected. */
  readonly grant?: () => string
  /** The error codes, besides the standard ones, with which servers reject the grant. */
  readonly grantCodes?: readonly string[]
  /** The advice on a client that may not use the grant. */
  readonly enableGrant?: string
  readonly format?: RequestFormat
}

type Advise = (source: string, rejected: Rejected) => string

const SERVER_PROBLEM: Advise = () => `This is a server-side problem. ${RE_RUN}`
const adviseOnClient: Advise = (source, { client }) => client?.() ?? `Check ${source}.`
const adviseOnGrant: Advise = (source, rejected) =>
  rejected.grant?.() ?? `${adviseOnClient(source, rejected)} ${rejected.enableGrant ?? ''}`.trim()
const NOT_THE_SERVER: Advise = (source) =>
  `Check ${source}. The response may also come from a proxy or captive portal.`

/** By the error code (RFC 6749, section 5.2; RFC 8707, section 2). */
export const ADVICE_BY_CODE: ReadonlyMap<string, Advise> = new Map<string, Advise>([
  [
    'invalid_request',
    (source, { format }) =>
      `A parameter is missing or not supported. Check scope, audience, resource, extra-params${format === 'json' ? ', request-format' : ''} and auth-method, and that ${source} is the right endpoint.`,
  ],
  ['invalid_client', adviseOnClient],
  ['invalid_grant', adviseOnGrant],
  [
    'unauthorized_client',
    (source, rejected) => `${adviseOnClient(source, rejected)} ${rejected.enableGrant ?? ''}`.trim(),
  ],
  ['unsupported_grant_type', (source, { enableGrant = '' }) => `Check ${source}. ${enableGrant}`.trim()],
  ['invalid_scope', () => 'Check scope: it is missing, unknown, or not granted to this app.'],
  [
    'invalid_target',
    () => 'Check resource and audience: the API is missing, unknown, or not granted to this app.',
  ],
])

export const ADVICE_BY_STATUS: ReadonlyMap<number, Advise> = new Map<number, Advise>([
  [
    401,
    (source, rejected) => `${adviseOnClient(source, rejected)} Also check ${source}: its path may be wrong.`,
  ],
  [
    403,
    (source, rejected) =>
      `${adviseOnClient(source, rejected)} Also check scope, audience, and whether the server blocks the runner's IP address.`,
  ],
  [404, (source) => `Check the path in ${source}.`],
  [405, (source) => `Check the path in ${source}: it does not support this method.`],
  [408, SERVER_PROBLEM],
  [
    415,
    (_source, { format }) =>
      format === 'json'
        ? 'Set request-format to form: the server does not accept JSON.'
        : 'Set request-format to json if the server requires JSON.',
  ],
  [429, () => 'Too many requests. Re-run the job later, or run fewer jobs in parallel.'],
  [
    500,
    (source, rejected) =>
      rejected.client === undefined
        ? SERVER_PROBLEM(source, rejected)
        : `${SERVER_PROBLEM(source, rejected)} Some servers also return 500 for an unknown client: check client-id and the credentials.`,
  ],
])

export const TRANSIENT_STATUSES: readonly number[] = [408, 429, 500, 502, 503, 504]

/** Explains an error response (RFC 6749, section 5.2), or a response that is not what the endpoint should return. */
export function explainErrorResponse(response: Response, rejected: Rejected): Failure {
  const { status, endpoint } = response
  const isRedirect = status >= 300 && status < 400
  return isRedirect
    ? new Failure(
        describeRedirect(response, rejected.secrets),
        `Check ${endpoint.source}: its path is probably wrong. Redirects are not followed because they could leak the credentials.`,
      )
    : new Failure(
        describeError(response, rejected.secrets),
        adviseOn(response, rejected),
        findTransient(response),
      )
}

function findTransient({ status, headers }: Response): Transient | undefined {
  if (!TRANSIENT_STATUSES.includes(status)) return undefined
  return { status, retryAfter: headers['retry-after'], date: headers.date }
}

function adviseOn({ status, body, endpoint: { source } }: Response, rejected: Rejected): string {
  const members = parseJsonObject(body)
  const code = findCode(members)
  // RFC 9449 has codes for it, but Keycloak mentions it in the description alone.
  if (/dpop/i.test(`${code} ${findDescription(members)}`)) {
    return 'The action does not send DPoP proofs (RFC 9449). Turn off the DPoP requirement for this app.'
  }
  const byStatus =
    ADVICE_BY_STATUS.get(status) ?? (status >= 500 && status < 600 ? SERVER_PROBLEM : undefined)
  const fallback: Advise =
    members === undefined
      ? NOT_THE_SERVER
      : (source) => (status === 400 ? `Check ${source} and auth-method.` : `Check ${source}.`)
  const byCode = code === undefined ? undefined : ADVICE_BY_CODE.get(code)
  if (code !== undefined && rejected.grantCodes?.includes(code)) {
    return [adviseOnGrant, byCode]
      .map((advise) => advise?.(source, rejected) ?? '')
      .join(' ')
      .trim()
  }
  return (byCode ?? byStatus ?? fallback)(source, rejected)
}

function describeError(response: Response, secrets: readonly string[]): string {
  const { status, body } = response
  const members = parseJsonObject(body)
  if (members === undefined) return `HTTP ${status} with ${describeBody(response)}`
  // Removed before the text is sanitized, because removing it afterwards could join the parts of a workflow command.
  const show = (text: string) => printable(text.replace(`HTTP ${status} `, ''), secrets)
  const code = findCode(members)
  const description = findDescription(members)
  const parts = [`HTTP ${status}`]
  if (code !== undefined) parts.push(show(code))
  if (description !== undefined) parts.push(`(${show(description).replace(/(?<!\.)\.$/, '')})`)
  if (status < 400 && parts.length === 1) parts.push('with an unspecified error')
  return parts.join(' ')
}

function describeRedirect(
  { status, headers: { location }, endpoint: { url } }: Response,
  secrets: readonly string[],
): string {
  // Only the origin, because path and query can contain anything that was sent.
  const origin =
    location !== undefined && URL.canParse(location, url) ? new URL(location, url).origin : 'null'
  if (origin === 'null') return `HTTP ${status} redirect without a valid Location`
  const target = origin === url.origin ? 'another path on the same server' : printable(origin, secrets)
  return `HTTP ${status} redirect to ${target}`
}

function describeBody({ body, headers }: Response): string {
  if (body.trim() === '') return 'an empty response'
  if (headers['content-encoding']) return 'an unexpected compressed response'
  return /^\s*<(!doctype|html|head|body|\?xml)/i.test(body)
    ? 'an HTML page instead of JSON'
    : 'a response that is not a JSON object'
}

function findCode(members: JsonObject = {}): string | undefined {
  return findText([members['error']])
}

/** The description for people, as in RFC 6749, Spotify's Web API (an object as `error`) or RFC 9457. */
function findDescription(members: JsonObject = {}): string | undefined {
  const { error } = members
  const nested = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined
  return findText([
    members['error_description'],
    nested,
    members['message'],
    members['detail'],
    members['title'],
  ])
}

function findText(candidates: readonly unknown[]): string | undefined {
  return candidates.find((value): value is string => typeof value === 'string' && value.trim() !== '')
}
