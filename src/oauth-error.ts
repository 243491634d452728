import { Failure } from './failure.ts'
import type { Answer } from './http.ts'
import { type JsonObject, parseJsonObject } from './json-object.ts'
import { printable } from './printable.ts'

/** In a cure, `{input}` stands for the input that leads to the server, `{credentials}` for what to check of these. */
const CHECK_URL = 'Check {input}.'
const CHECK_REQUEST = 'Check {input} and auth-method.'
const ALLOW_FLOW = 'Allow the client credentials flow for this app in the settings of the server.'
const SERVER_FAILED =
  'The server has a problem of its own. Run the job again; if it fails again, look at its status page.'
const WHO_ANSWERED =
  'Check {input}. A proxy or the login page of a network may also have answered in place of the server.'

/** The error codes of RFC 6749, 5.2, and RFC 8707, 2. */
const CURE_OF_CODE = new Map<string | undefined, string>([
  [
    'invalid_request',
    'The server misses a parameter, or does not allow one. Check scope, audience, resource, extra-params and auth-method, and that {input} names the right endpoint.',
  ],
  ['invalid_client', '{credentials}'],
  [
    'invalid_grant',
    'Check that {input} names the endpoint for the client credentials flow, and that the app is set up for it.',
  ],
  ['unauthorized_client', `${ALLOW_FLOW} {credentials}`],
  ['unsupported_grant_type', `Check {input}. ${ALLOW_FLOW}`],
  ['invalid_scope', 'Check scope: the server does not know it, does not grant it to this app, or wants one.'],
  [
    'invalid_target',
    'Check resource and audience: the server does not know the API, does not grant it to this app, or wants one.',
  ],
])

const CURE_OF_STATUS = new Map([
  [401, '{credentials}'],
  [
    403,
    `${ALLOW_FLOW} Check, too, that the app may have scope and audience, and that the server does not refuse the address of the runner.`,
  ],
  [404, 'Check the path in {input}: there is nothing there.'],
  [405, 'Check the path in {input}: it does not take this kind of request.'],
  [408, SERVER_FAILED],
  [429, 'There were too many requests. Run the job later, or let fewer jobs ask at the same time.'],
])

const PASSING_STATUSES = [408, 429, 500, 502, 503, 504]

/**
 * What a failed answer (RFC 6749, 5.2) means and what to do.
 * @param secrets what must not be shown, though the server may have sent it
 * @param checkCredentials the cure where it is the credentials that were refused
 */
export function explainFailure(
  answer: Answer,
  secrets: readonly string[],
  checkCredentials: string,
): Failure {
  const { endpoint, status, headers } = answer
  const { reason, cure } =
    status >= 300 && status < 400 ? explainRedirect(answer, secrets) : explainAnswer(answer, secrets)
  const passing = PASSING_STATUSES.includes(status)
    ? { status, retryAfter: headers['retry-after'] }
    : undefined
  const filled = cure.replace('{input}', endpoint.input).replace('{credentials}', () => checkCredentials)
  return new Failure(reason, filled, passing)
}

interface Explanation {
  readonly reason: string
  readonly cure: string
}

function explainAnswer(answer: Answer, secrets: readonly string[]): Explanation {
  const { status, body } = answer
  const fields = parseJsonObject(body)
  const statusCure = CURE_OF_STATUS.get(status) ?? (status >= 500 && status < 600 ? SERVER_FAILED : undefined)
  if (fields === undefined) {
    return { reason: `HTTP ${status} with ${nameOfNoJson(answer)}`, cure: statusCure ?? WHO_ANSWERED }
  }

  const code = findString([fields['error']])
  const text = findText(fields)
  const said = [`HTTP ${status}`]
  if (code !== undefined) said.push(printable(code, secrets))
  if (text !== undefined) said.push(`(${printable(text, secrets)})`)
  if (status < 400 && said.length === 1) said.push('with an error that is not named')
  const cure = CURE_OF_CODE.get(code) ?? statusCure ?? (status === 400 ? CHECK_REQUEST : CHECK_URL)
  return { reason: said.join(' '), cure }
}

function explainRedirect(
  { status, headers: { location }, endpoint: { url } }: Answer,
  secrets: readonly string[],
): Explanation {
  // The origin alone: path and query are text of the server, and may hold what was sent.
  const { origin } =
    location !== undefined && URL.canParse(location, url) ? new URL(location, url) : { origin: 'null' }
  if (origin === 'null') {
    return { reason: `HTTP ${status}, a redirect without a valid address`, cure: WHO_ANSWERED }
  }
  // A host is in lower case, whatever was in what it was made of.
  const hidden = [...secrets, ...secrets.map((secret) => secret.toLowerCase())]
  const shown = origin === url.origin ? 'another path of the same server' : printable(origin, hidden)
  return {
    reason: `HTTP ${status}, a redirect to ${shown}, which is not followed`,
    cure: 'Check {input}: it must be the final address, for a redirect could take the credentials elsewhere.',
  }
}

function nameOfNoJson({ body, headers }: Answer): string {
  if (body.trim() === '') return 'an empty answer'
  if (headers['content-encoding']) return 'a compressed answer, which was not asked for'
  return /^\s*<(!doctype|html|head|body|\?xml)/i.test(body)
    ? 'an HTML page instead of JSON'
    : 'something else than a JSON object'
}

/** The explanation for people: RFC 6749's, that of Spotify's API (an object as `error`), RFC 9457's. */
function findText(fields: JsonObject): string | undefined {
  const { error } = fields
  const nested = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined
  return findString([
    fields['error_description'],
    nested,
    fields['message'],
    fields['detail'],
    fields['title'],
  ])
}

function findString(candidates: readonly unknown[]): string | undefined {
  return candidates.find((value): value is string => typeof value === 'string' && value.trim() !== '')
}
