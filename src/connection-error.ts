import { printable } from './printable.ts'

const RUN_AGAIN = 'Run the job again; if it fails again, look at the status page of the server.'
const CHECK_HOST = 'Check the host in token-url, and that the runner can reach it.'

/** Codes of Node, of its HTTP parser (HPE_…) and of OpenSSL's certificate check; the first match counts. */
const EXPLANATIONS: readonly (readonly [code: RegExp, cause: string, cure: string])[] = [
  [/^TimeoutError$/, 'no complete answer within the time limit', RUN_AGAIN],
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'its host name has no address', CHECK_HOST],
  [/^ECONNREFUSED$/, 'the connection was refused', CHECK_HOST],
  [/^(ENETUNREACH|EHOSTUNREACH|ETIMEDOUT)$/, 'the host cannot be reached', CHECK_HOST],
  [/^(ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_SOCKET)$/, 'the connection broke off', RUN_AGAIN],
  [/^HPE_/, 'the answer is not HTTP', 'Check token-url.'],
  [
    /CERT|SIGNATURE|^(EPROTO|ERR_SSL_|ERR_TLS_)/,
    'no secure connection',
    'If the server or a proxy uses a certificate of your own authority, name its file in NODE_EXTRA_CA_CERTS.',
  ],
]

/** What kept a connection from giving an answer, with its cure; looks through `cause` and `AggregateError`. */
export function explainConnectionError(error: unknown): string {
  const root = rootOf(error)
  const code = codeOf(root)
  for (const [pattern, cause, cure] of EXPLANATIONS) {
    if (pattern.test(code)) return `${cause} (${code}). ${cure}`
  }
  return printable(root.message || code)
}

interface ErrorLike {
  readonly name?: string
  readonly message?: string
  readonly code?: unknown
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

/** Node wraps what really happened: one error for each address tried, an abort around its reason. */
function rootOf(error: unknown): ErrorLike {
  if (typeof error !== 'object' || error === null) return { message: String(error) }
  const { errors, cause }: ErrorLike = error
  const inner = errors?.[0] ?? cause
  return inner === undefined ? error : rootOf(inner)
}

function codeOf({ code, name }: ErrorLike): string {
  return typeof code === 'string' ? code : (name ?? 'unknown error')
}
