import { Failure, type Transient } from './failure.ts'

export const RE_RUN = "Re-run the job; if it keeps failing, check the server's status page."
const CHECK_HOST = (source: string) => `Check the host in ${source} and that the runner can reach it.`
const CHECK_HOST_AND_PORT = (source: string) =>
  `Check the host and port in ${source} and that the runner can reach them.`
const CHECK_URL = (source: string) => `Check ${source}.`
const CHECK_HOST_ONLY = (source: string) => `Check the host in ${source}.`
const CHECK_PROXY = 'Check https_proxy, or add the host to no_proxy.'
const TRUST_CA =
  'If a private CA issued it, set ca-certificate, or set NODE_EXTRA_CA_CERTS to the path of the CA certificate.'
const TRANSIENT: Transient = {}

type Row = readonly [
  code: RegExp,
  reason: string,
  advice: (source: string) => string,
  transient?: Transient | undefined,
]

function certificateErrors(subject: 'server' | 'proxy'): readonly Row[] {
  return [
    [
      /^CERT_HAS_EXPIRED$/,
      `the ${subject} certificate has expired`,
      () => `Contact the ${subject}'s operator, or check the runner's clock.`,
    ],
    [
      /^CERT_NOT_YET_VALID$/,
      `the ${subject} certificate is not yet valid`,
      () => "Check the runner's clock.",
    ],
    [
      /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
      `the ${subject} certificate does not match the host name`,
      CHECK_HOST_ONLY,
    ],
    // All other codes of OpenSSL for a certificate chain.
    [/^(?!ERR_).*(CERT|SIGNATURE)|^INVALID_/, `the ${subject} certificate is not trusted`, () => TRUST_CA],
  ]
}

/** By the code of Node, of its HTTP parser (HPE_) or of OpenSSL; the first match counts. */
const CONNECTION_ERRORS: readonly Row[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'could not resolve host', CHECK_HOST, TRANSIENT],
  [/^ECONNREFUSED$/, 'connection refused', CHECK_HOST_AND_PORT, TRANSIENT],
  [/^(ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|ETIMEDOUT)$/, 'host unreachable', CHECK_HOST, TRANSIENT],
  [/^(ECONNRESET|ECONNABORTED|EPIPE)$/, 'connection closed unexpectedly', () => RE_RUN, TRANSIENT],
  [/^HPE_/, 'the response is not valid HTTP', CHECK_URL],
  ...certificateErrors('server'),
  [
    /^(EPROTO|ERR_SSL_|ERR_TLS_)/,
    'TLS handshake failed',
    (source) => `Check the host and port in ${source}.`,
  ],
  [/^/, 'the request failed', CHECK_URL],
]

const PROXY_CERTIFICATE_ERRORS = certificateErrors('proxy')

/**
 * Explains why there is no response, by the error's code; looks through `cause` and `AggregateError`.
 * @param source the input that the URL comes from
 */
export function explainConnectionError(error: unknown, source: string): Failure {
  const code = codeOf(rootOf(error))
  const [, reason, advice, transient] = CONNECTION_ERRORS.find(([pattern]) => pattern.test(code)) as Row
  return new Failure(`${reason} (${code})`, advice(source), transient)
}

/** Explains why there is no tunnel through the proxy (RFC 9110, section 9.3.6). */
export function explainProxyError(error: unknown): Failure {
  const root = rootOf(error)
  const code = codeOf(root)
  if (code === 'ERR_PROXY_TUNNEL') return explainTunnelError(root.statusCode)
  const [, reason, advice] = PROXY_CERTIFICATE_ERRORS.find(([pattern]) => pattern.test(code)) ?? []
  if (reason && advice) return new Failure(`${reason} (${code})`, advice('https_proxy'))
  return new Failure(`could not connect to the proxy (${code})`, CHECK_PROXY, TRANSIENT)
}

function explainTunnelError(status: number | undefined): Failure {
  if (status === undefined) return new Failure('the proxy closed the connection', CHECK_PROXY, TRANSIENT)
  if (Number.isNaN(status)) return new Failure('https_proxy does not point to a proxy', CHECK_PROXY)
  if (status === 407) {
    return new Failure(
      'the proxy requires authentication (HTTP 407)',
      'Check the user name and password in https_proxy.',
    )
  }
  return [502, 503, 504].includes(status)
    ? new Failure(`the proxy could not connect to the server (HTTP ${status})`, CHECK_PROXY, TRANSIENT)
    : new Failure(`the proxy refused the connection (HTTP ${status})`, CHECK_PROXY)
}

interface ErrorLike {
  readonly name?: string
  readonly code?: unknown
  readonly statusCode?: number
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

/** Node wraps the original error: one error for each IP address tried, an outer one around its cause. */
function rootOf(error: unknown): ErrorLike {
  if (typeof error !== 'object' || error === null) return {}
  const { errors, cause }: ErrorLike = error
  const inner = errors?.[0] ?? cause
  return inner === undefined ? error : rootOf(inner)
}

function codeOf({ code, name }: ErrorLike): string {
  return typeof code === 'string' ? code : (name ?? 'unknown error')
}
