import { expect, test } from '@jest/globals'
import { explainConnectionError, explainProxyError } from '../../src/http/connection-error.ts'
import type { Failure } from '../../src/http/failure.ts'

const kindOf = ({ transient }: Failure) => (transient ? 'transient' : 'permanent')
const withCode = (code: string) => Object.assign(new Error('fake'), { code })

const RE_RUN = "Re-run the job; if it keeps failing, check the server's status page."
const CHECK_HOST = 'Check the host in issuer and that the runner can reach it.'
const CHECK_HOST_AND_PORT = 'Check the host and port in issuer and that the runner can reach them.'
const TRUST_CA =
  'If a private CA issued it, set ca-certificate, or set NODE_EXTRA_CA_CERTS to the path of the CA certificate.'
const NOT_TRUSTED = 'the server certificate is not trusted'
const NOT_THE_HOST = 'the server certificate does not match the host name'
const HANDSHAKE = 'TLS handshake failed'
const CHECK_PORT = 'Check the host and port in issuer.'

test.each([
  ['ENOTFOUND', 'transient', 'could not resolve host', CHECK_HOST],
  ['EAI_AGAIN', 'transient', 'could not resolve host', CHECK_HOST],
  ['ECONNREFUSED', 'transient', 'connection refused', CHECK_HOST_AND_PORT],
  ['ENETUNREACH', 'transient', 'host unreachable', CHECK_HOST],
  ['EHOSTUNREACH', 'transient', 'host unreachable', CHECK_HOST],
  ['EADDRNOTAVAIL', 'transient', 'host unreachable', CHECK_HOST],
  ['ETIMEDOUT', 'transient', 'host unreachable', CHECK_HOST],
  ['ECONNRESET', 'transient', 'connection closed unexpectedly', RE_RUN],
  ['ECONNABORTED', 'transient', 'connection closed unexpectedly', RE_RUN],
  ['EPIPE', 'transient', 'connection closed unexpectedly', RE_RUN],
  ['HPE_INVALID_CONSTANT', 'permanent', 'the response is not valid HTTP', 'Check issuer.'],
  [
    'CERT_HAS_EXPIRED',
    'permanent',
    'the server certificate has expired',
    "Contact the server's operator, or check the runner's clock.",
  ],
  ['CERT_NOT_YET_VALID', 'permanent', 'the server certificate is not yet valid', "Check the runner's clock."],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'permanent', NOT_THE_HOST, 'Check the host in issuer.'],
  ['HOSTNAME_MISMATCH', 'permanent', NOT_THE_HOST, 'Check the host in issuer.'],
  ['EPROTO', 'permanent', HANDSHAKE, CHECK_PORT],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'permanent', HANDSHAKE, CHECK_PORT],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'permanent', HANDSHAKE, CHECK_PORT],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'permanent', NOT_TRUSTED, TRUST_CA],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'permanent', NOT_TRUSTED, TRUST_CA],
  ['INVALID_CA', 'permanent', NOT_TRUSTED, TRUST_CA],
  ['EMFILE', 'permanent', 'the request failed', 'Check issuer.'],
  // A code counts only as a whole.
  ['XENOTFOUND', 'permanent', 'the request failed', 'Check issuer.'],
  ['XHPE_X_INVALID_X', 'permanent', 'the request failed', 'Check issuer.'],
])('explains %s', (code, kind, reason, advice) => {
  const failure = explainConnectionError(withCode(code), 'issuer')
  expect(failure.message).toBe(`${reason} (${code}). ${advice}`)
  expect(kindOf(failure)).toBe(kind)
})

test.each([
  ['the cause', new Error('outer', { cause: withCode('EPIPE') }), 'EPIPE'],
  ['the first of several', new AggregateError([withCode('EPIPE'), withCode('EMFILE')]), 'EPIPE'],
  ['the cause of one of several', new AggregateError([new Error('', { cause: withCode('EPIPE') })]), 'EPIPE'],
  [
    'the first rather than the cause',
    Object.assign(new AggregateError([withCode('EPIPE')]), { cause: 0 }),
    'EPIPE',
  ],
  ['itself if it wraps none', new AggregateError([]), 'AggregateError'],
  ['itself without a code', new RangeError('fake ::error::'), 'RangeError'],
  ['itself with a code that is not a text', Object.assign(new RangeError(), { code: 20 }), 'RangeError'],
  ['a plain object', { code: 'EPIPE' }, 'EPIPE'],
  ['a string', 'fake ::error::', 'unknown error'],
  ['null', null, 'unknown error'],
])('names the code of the original error: %s', (_name, error, code) => {
  expect(explainConnectionError(error, 'issuer').reason).toMatch(new RegExp(` \\(${code}\\)$`))
  expect(explainProxyError(error).reason).toMatch(new RegExp(` \\(${code}\\)$`))
})

const CHECK_PROXY = 'Check https_proxy, or add the host to no_proxy.'
const tunnel = (statusCode?: number) => Object.assign(withCode('ERR_PROXY_TUNNEL'), { statusCode })

test.each([
  [
    'requires authentication',
    'permanent',
    tunnel(407),
    'the proxy requires authentication (HTTP 407). Check the user name and password in https_proxy.',
  ],
  ['refuses', 'permanent', tunnel(403), `the proxy refused the connection (HTTP 403). ${CHECK_PROXY}`],
  ['fails', 'permanent', tunnel(500), `the proxy refused the connection (HTTP 500). ${CHECK_PROXY}`],
  ...[502, 503, 504].map(
    (status) =>
      [
        'cannot connect',
        'transient',
        tunnel(status),
        `the proxy could not connect to the server (HTTP ${status}). ${CHECK_PROXY}`,
      ] as const,
  ),
  ['closes the connection', 'transient', tunnel(), `the proxy closed the connection. ${CHECK_PROXY}`],
  [
    'is not a proxy',
    'permanent',
    tunnel(Number.NaN),
    `https_proxy does not point to a proxy. ${CHECK_PROXY}`,
  ],
  [
    'refuses connections',
    'transient',
    withCode('ECONNREFUSED'),
    `could not connect to the proxy (ECONNREFUSED). ${CHECK_PROXY}`,
  ],
  [
    'has an unknown certificate',
    'permanent',
    withCode('DEPTH_ZERO_SELF_SIGNED_CERT'),
    `the proxy certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT). ${TRUST_CA}`,
  ],
  [
    'has an expired certificate',
    'permanent',
    withCode('CERT_HAS_EXPIRED'),
    "the proxy certificate has expired (CERT_HAS_EXPIRED). Contact the proxy's operator, or check the runner's clock.",
  ],
  [
    'has a certificate for another host',
    'permanent',
    withCode('ERR_TLS_CERT_ALTNAME_INVALID'),
    'the proxy certificate does not match the host name (ERR_TLS_CERT_ALTNAME_INVALID). Check the host in https_proxy.',
  ],
] as const)('explains a proxy that %s (%s)', (_name, kind, error, message) => {
  const failure = explainProxyError(error)
  expect(failure.message).toBe(message)
  expect(kindOf(failure)).toBe(kind)
})
