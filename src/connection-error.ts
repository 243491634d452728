import { Failure, type Passing } from './failure.ts'
import { printable } from './printable.ts'

export const RUN_AGAIN = 'Run the job again; if it fails again, look at the status page of the server.'
const CHECK_HOST = 'Check the host in {input}, and that the runner can reach it.'
const CHECK_URL = 'Check {input}.'
const CHECK_PROXY = 'Check the proxy setting https_proxy, or name the host in no_proxy.'
const NAME_AUTHORITY =
  'If the server or a proxy uses a certificate of your own authority, name its file in NODE_EXTRA_CA_CERTS.'
const CAN_PASS: Passing = {}

type Explanation = readonly [pattern: RegExp, reason: string, cure: string, passing?: Passing]

/** In a cure, `{input}` stands for the input that leads to the server. By the code of Node, of its HTTP parser (HPE_…) or of OpenSSL's certificate check; the first match counts. */
const EXPLANATIONS: readonly Explanation[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'its host name has no address', CHECK_HOST, CAN_PASS],
  [/^ECONNREFUSED$/, 'the connection was refused', CHECK_HOST, CAN_PASS],
  [
    /^(ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|ETIMEDOUT)$/,
    'the host cannot be reached',
    CHECK_HOST,
    CAN_PASS,
  ],
  [/^(ECONNRESET|ECONNABORTED|EPIPE)$/, 'the connection broke off', RUN_AGAIN, CAN_PASS],
  [/^HPE_/, 'the answer is not HTTP', CHECK_URL],
  [
    /^CERT_HAS_EXPIRED$/,
    'its certificate has expired',
    'Tell those who run the server, or check the clock of the runner.',
  ],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet', 'Check the clock of the runner.'],
  [
    /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    'its certificate is for another host',
    'Check the host in {input}.',
  ],
  [/^(EPROTO|ERR_SSL_|ERR_TLS_)/, 'no secure connection', 'Check host and port in {input}.'],
  [/CERT|SIGNATURE|^INVALID_/, 'its certificate is not trusted', NAME_AUTHORITY],
]

/** By the message: the package `tunnel` gives all its errors one code. */
const PROXY_EXPLANATIONS: readonly Explanation[] = [
  [/statusCode=(407)/, 'the proxy asks for credentials', 'Check user name and password in https_proxy.'],
  [/statusCode=(502|503|504)/, 'the proxy does not connect to it', CHECK_PROXY, CAN_PASS],
  [/statusCode=(\d+)/, 'the proxy does not connect to it', CHECK_PROXY],
  [/illegal response body|Parse Error/, 'the address in https_proxy is not that of a proxy', CHECK_PROXY],
  [/certificate|self.signed/i, 'the certificate of the proxy is not trusted', NAME_AUTHORITY],
  [/socket hang up/, 'the proxy closed the connection', CHECK_PROXY, CAN_PASS],
]

/**
 * What kept a connection from giving an answer, with its cure; looks through `cause` and `AggregateError`.
 * @param input the one that leads to the server, for the cure to name
 */
export function explainConnectionError(error: unknown, input: string): Failure {
  const root = rootOf(error)
  const code = codeOf(root)
  const message = root.message ?? ''
  if (/^(tunneling socket|got illegal response body from proxy)/.test(message))
    return explainProxyError(message)
  for (const [pattern, reason, cure, passing] of EXPLANATIONS) {
    if (pattern.test(code)) {
      return new Failure(`${reason} (${code})`, cure.replace('{input}', input), passing)
    }
  }
  return new Failure(printable(message || code), CHECK_URL.replace('{input}', input))
}

function explainProxyError(message: string): Failure {
  for (const [pattern, reason, cure, passing] of PROXY_EXPLANATIONS) {
    const [match, status] = pattern.exec(message) ?? []
    if (match !== undefined) return new Failure(status ? `${reason} (HTTP ${status})` : reason, cure, passing)
  }
  const code = /\bE[A-Z_]{3,}\b/.exec(message)?.[0]
  return new Failure(`the proxy cannot be reached${code ? ` (${code})` : ''}`, CHECK_PROXY, CAN_PASS)
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
