import { Failure } from './failure.ts'
import type { Answer } from './http.ts'
import { printable } from './printable.ts'

export type JsonObject = Readonly<Record<string, unknown>>

const CHECK_URL = 'Check token-url.'
const CHECK_CREDENTIALS =
  'Check that client-id and client-secret belong to the same app, and that the secret was not renewed after it was stored.'
const ALLOW_FLOW = 'Allow the client credentials flow for this app in the settings of the server.'
const SERVER_FAILED =
  'The server has a problem of its own. Run the job again; if it fails again, look at its status page.'
const WHO_ANSWERED =
  'Check token-url. A proxy or the login page of a network may also have answered in place of the server.'

/** The error codes of RFC 6749, 5.2, and RFC 8707, 2. */
const CURE_OF_CODE = new Map([
  [
    'invalid_request',
    'The server says that a parameter is missing or not allowed. Check that token-url is its token endpoint.',
  ],
  ['invalid_client', CHECK_CREDENTIALS],
  ['invalid_grant', 'Check that token-url is the endpoint for the client credentials flow.'],
  ['unauthorized_client', `${CHECK_CREDENTIALS} ${ALLOW_FLOW}`],
  ['unsupported_grant_type', `Check token-url. ${ALLOW_FLOW}`],
  ['invalid_scope', 'Check scope: the server does not know it, does not grant it to this app, or wants one.'],
  [
    'invalid_target',
    'Check resource and audience: the server does not know the API, does not grant it to this app, or wants one.',
  ],
])

const CURE_OF_STATUS = new Map([
  [401, CHECK_CREDENTIALS],
  [403, `${ALLOW_FLOW} Check, too, whether it refuses the address of the runner.`],
  [404, 'Check the path in token-url: there is nothing there.'],
  [405, 'Check the path in token-url: it takes no POST, so it is no token endpoint.'],
  [408, SERVER_FAILED],
  [429, 'There were too many requests. Run the job later, or let fewer jobs ask at the same time.'],
])

const PASSING_STATUSES = [408, 429, 500, 502, 503, 504]

/**
 * What a failed answer (RFC 6749, 5.2) means and what to do.
 * @param fields the JSON object in its body, `undefined` if there is none
 * @param secrets what must not be shown, though the server may have sent it
 * @param oddities what is odd about the credentials, told when it is them that were refused
 */
export function explainFailure(
  answer: Answer,
  fields: JsonObject | undefined,
  secrets: readonly string[],
  oddities: readonly string[],
): Failure {
  const { status, headers } = answer
  if (status >= 300 && status < 400) return explainRedirect(answer, secrets)
  const retryAfter = headers['retry-after']
  const passing = PASSING_STATUSES.includes(status) ? { status, retryAfter } : undefined
  const statusCure = CURE_OF_STATUS.get(status) ?? (status >= 500 && status < 600 ? SERVER_FAILED : undefined)
  if (fields === undefined) {
    return new Failure(`HTTP ${status} with ${nameOfNoJson(answer)}`, statusCure ?? WHO_ANSWERED, passing)
  }

  const code = findString([fields['error']])
  const text = findText(fields)
  const said = [`HTTP ${status}`]
  if (code !== undefined) said.push(printable(code, secrets))
  if (text !== undefined) said.push(`(${printable(text, secrets)})`)
  if (status >= 200 && status < 300 && said.length === 1) said.push('with an error that is not named')
  const cure = CURE_OF_CODE.get(code ?? '') ?? statusCure ?? CHECK_URL
  const notes = cure.startsWith(CHECK_CREDENTIALS) ? oddities.map((oddity) => ` Note that ${oddity}.`) : []
  return new Failure(said.join(' '), cure + notes.join(''), passing)
}

function explainRedirect({ status, headers, url }: Answer, secrets: readonly string[]): Failure {
  const { location } = headers
  // The origin alone: path and query are text of the server, and may hold what was sent.
  const { origin } =
    location !== undefined && URL.canParse(location, url) ? new URL(location, url) : { origin: 'null' }
  if (origin === 'null')
    return new Failure(`HTTP ${status}, a redirect without a valid address`, WHO_ANSWERED)
  // A host is in lower case, whatever was in what it was made of.
  const hidden = [...secrets, ...secrets.map((secret) => secret.toLowerCase())]
  const shown = origin === url.origin ? 'another path of the same server' : printable(origin, hidden)
  const reason = `HTTP ${status}, a redirect to ${shown}, which was not followed because it would take the credentials along`
  return new Failure(reason, 'Put the final address into token-url.')
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
