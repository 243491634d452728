import { Failure, type Passing } from './failure.ts'
import { printable } from './printable.ts'

export const RUN_AGAIN = 'Run the job again; if it fails again, look at the status page of the server.'
const CHECK_HOST = 'Check the host in token-url, and that the runner can reach it.'
const CHECK_URL = 'Check token-url.'
const CHECK_PROXY = 'Check the proxy setting https_proxy, or name the host in no_proxy.'
const CAN_PASS: Passing = {}

/** By the code of Node, of its HTTP parser (HPE_…) or of OpenSSL's certificate check; the first match counts. */
const EXPLANATIONS: readonly (readonly [code: RegExp, reason: string, cure: string, passing?: Passing])[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'its host name has no address', CHECK_HOST, CAN_PASS],
  [/^ECONNREFUSED$/, 'the connection was refused', CHECK_HOST, CAN_PASS],
  [/^(ENETUNREACH|EHOSTUNREACH|ETIMEDOUT)$/, 'the host cannot be reached', CHECK_HOST, CAN_PASS],
  [/^(ECONNRESET|ECONNABORTED|EPIPE)$/, 'the connection broke off', RUN_AGAIN, CAN_PASS],
  [/^HPE_/, 'the answer is not HTTP', CHECK_URL],
  [
    /^(ERR_INVALID_URL|URIError)$/,
    'the proxy setting https_proxy is not a URL',
    'Write it as http://host:port.',
  ],
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired', 'Tell those who run the server.'],
  [
    /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    'its certificate is for another host',
    'Check the host in token-url.',
  ],
  [/^(EPROTO|ERR_SSL_|ERR_TLS_)/, 'no secure connection', 'Check host and port in token-url.'],
  [
    /CERT|SIGNATURE|^INVALID_/,
    'its certificate is not trusted',
    'If the server or a proxy uses a certificate of your own authority, name its file in NODE_EXTRA_CA_CERTS.',
  ],
]

/** What kept a connection from giving an answer, with its cure; looks through `cause` and `AggregateError`. */
export function explainConnectionError(error: unknown): Failure {
  const root = rootOf(error)
  const code = codeOf(root)
  const message = root.message ?? ''
  if (message.startsWith('tunneling socket could not be established')) return explainProxyError(message)
  for (const [pattern, reason, cure, passing] of EXPLANATIONS) {
    if (pattern.test(code)) return new Failure(`${reason} (${code})`, cure, passing)
  }
  return new Failure(printable(message || code), CHECK_URL)
}

/** The package `tunnel` gives all its errors the code ECONNRESET, and the real reason in the message. */
function explainProxyError(message: string): Failure {
  const status = Number(/statusCode=(\d+)/.exec(message)?.[1])
  if (status === 407) {
    return new Failure(
      'the proxy asks for credentials (HTTP 407)',
      'Check user name and password in https_proxy.',
    )
  }
  if (status) {
    const passing = status === 502 || status === 503 || status === 504 ? { status } : undefined
    return new Failure(`the proxy does not connect to it (HTTP ${status})`, CHECK_PROXY, passing)
  }
  const code = /\b(E[A-Z_]{3,})\b/.exec(message)?.[1] ?? 'unknown'
  return new Failure(`the proxy cannot be reached (${code})`, CHECK_PROXY, CAN_PASS)
}

interface ErrorLike {
  readonly name?: string
  readonly message?: string
  readonly code?: unknown
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

/** Node wraps what really happened: one error for each address tried, an outer one around its cause. */
function rootOf(error: unknown): ErrorLike {
  if (typeof error !== 'object' || error === null) return { message: String(error) }
  const { errors, cause }: ErrorLike = error
  const inner = errors?.[0] ?? cause
  return inner === undefined ? error : rootOf(inner)
}

function codeOf({ code, name }: ErrorLike): string {
  return typeof code === 'string' ? code : (name ?? 'unknown error')
}
