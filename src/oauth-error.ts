import type { Answer } from './http.ts'
import { printable } from './printable.ts'

export type JsonObject = Readonly<Record<string, unknown>>

const CHECK_CREDENTIALS =
  'Check that client-id and client-secret belong to the same app, and that the secret was not renewed after it was stored.'
const ALLOW_FLOW = 'Allow the client credentials flow for this app in the settings of the server.'
const SERVER_FAILED =
  'The server has a problem of its own. Run the job again; if it fails again, look at its status page.'

/** The error codes of RFC 6749, 5.2. */
const CURE_OF_CODE = new Map([
  [
    'invalid_request',
    'Check that token-url is the token endpoint: the server misses a parameter or does not take one.',
  ],
  ['invalid_client', CHECK_CREDENTIALS],
  ['invalid_grant', 'Check that token-url is the endpoint for the client credentials flow.'],
  ['unauthorized_client', ALLOW_FLOW],
  ['unsupported_grant_type', `Check token-url. ${ALLOW_FLOW}`],
  ['invalid_scope', 'Check in the settings of the server which scope this app may have.'],
])

const CURE_OF_STATUS = new Map([
  [401, CHECK_CREDENTIALS],
  [403, `${ALLOW_FLOW} Check, too, whether it refuses the address of the runner.`],
  [404, 'Check the path in token-url: there is nothing at it.'],
  [405, 'Check the path in token-url: it takes no POST, so it is no token endpoint.'],
  [407, 'Check the user name and password in the proxy setting (https_proxy).'],
  [429, 'There were too many requests. Run the job again later.'],
])

/**
 * What a failed answer (RFC 6749, 5.2) means and what to do.
 * @param fields the JSON object in its body, `undefined` if there is none
 * @param oddities what is odd about the credentials, told when it is them that were refused
 */
export function explainFailure(
  answer: Answer,
  fields: JsonObject | undefined,
  secrets: readonly string[],
  oddities: readonly string[],
): string {
  const { status, body } = answer
  if (status >= 300 && status < 400) return explainRedirect(answer)
  const statusCure = CURE_OF_STATUS.get(status) ?? (status >= 500 ? SERVER_FAILED : undefined)
  if (fields === undefined) {
    return `HTTP ${status} with ${nameOfNoJson(body)}. ${statusCure ?? 'Check token-url. A proxy or the login page of a network may also have answered in place of the server.'}`
  }

  const code = findString([fields['error']])
  const text = findText(fields)
  const said = [`HTTP ${status}`]
  if (code !== undefined) said.push(printable(code, secrets))
  if (text !== undefined) said.push(`(${printable(text, secrets)})`)
  const cure = CURE_OF_CODE.get(code ?? '') ?? statusCure ?? 'Check token-url.'
  const sentences = [`${said.join(' ')}.`, cure]
  if (cure === CHECK_CREDENTIALS) sentences.push(...oddities.map((oddity) => `Note that ${oddity}.`))
  return sentences.join(' ')
}

function explainRedirect({ status, headers: { location = '' }, url }: Answer): string {
  // The origin alone: path and query are text of the server, and may hold what was sent.
  const target = URL.canParse(location, url) ? new URL(location, url).origin : 'no valid address'
  return `HTTP ${status}, a redirect to ${target}, which was not followed because it would take the credentials along. Put the final address into token-url.`
}

function nameOfNoJson(body: string): string {
  if (body.trim() === '') return 'an empty answer'
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
