import { expect, test } from '@jest/globals'
import { explainConnectionError } from '../src/connection-error.ts'

const withCode = (code: string) => Object.assign(new Error(`told ${code}`), { code })
const RUN_AGAIN = 'Run the job again; if it fails again, look at the status page of the server.'
const CHECK_HOST = 'Check the host in token-url, and that the runner can reach it.'
const TLS =
  'If the server or a proxy uses a certificate of your own authority, name its file in NODE_EXTRA_CA_CERTS.'

test.each([
  ['ENOTFOUND', `its host name has no address (ENOTFOUND). ${CHECK_HOST}`],
  ['EAI_AGAIN', `its host name has no address (EAI_AGAIN). ${CHECK_HOST}`],
  ['ECONNREFUSED', `the connection was refused (ECONNREFUSED). ${CHECK_HOST}`],
  ['EHOSTUNREACH', `the host cannot be reached (EHOSTUNREACH). ${CHECK_HOST}`],
  ['ETIMEDOUT', `the host cannot be reached (ETIMEDOUT). ${CHECK_HOST}`],
  ['ECONNRESET', `the connection broke off (ECONNRESET). ${RUN_AGAIN}`],
  ['EPIPE', `the connection broke off (EPIPE). ${RUN_AGAIN}`],
  ['HPE_INVALID_CONSTANT', 'the answer is not HTTP (HPE_INVALID_CONSTANT). Check token-url.'],
  ['SELF_SIGNED_CERT_IN_CHAIN', `its certificate is not trusted (SELF_SIGNED_CERT_IN_CHAIN). ${TLS}`],
  ['INVALID_CA', `its certificate is not trusted (INVALID_CA). ${TLS}`],
  [
    'CERT_HAS_EXPIRED',
    'its certificate has expired (CERT_HAS_EXPIRED). Tell those who run the server, or check the clock of the runner.',
  ],
  [
    'CERT_NOT_YET_VALID',
    'its certificate is not valid yet (CERT_NOT_YET_VALID). Check the clock of the runner.',
  ],
  [
    'HOSTNAME_MISMATCH',
    'its certificate is for another host (HOSTNAME_MISMATCH). Check the host in token-url.',
  ],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    `its certificate is not trusted (UNABLE_TO_VERIFY_LEAF_SIGNATURE). ${TLS}`,
  ],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'its certificate is for another host (ERR_TLS_CERT_ALTNAME_INVALID). Check the host in token-url.',
  ],
  ['EPROTO', 'no secure connection (EPROTO). Check host and port in token-url.'],
])('explains %s', (code, message) => {
  expect(explainConnectionError(withCode(code), 'token-url').message).toBe(message)
})

test.each([
  ['the cause of an error', new Error('outside', { cause: withCode('EPIPE') })],
  ['the first of several errors', new AggregateError([withCode('EPIPE'), withCode('ENOTFOUND')])],
  ['the cause of one of several', new AggregateError([new Error('', { cause: withCode('EPIPE') })])],
])('looks through to %s', (_name, error) => {
  expect(explainConnectionError(error, 'token-url').message).toBe(
    `the connection broke off (EPIPE). ${RUN_AGAIN}`,
  )
})

test.each([
  ['a message', new Error('told'), 'told. Check token-url.'],
  ['a message with a line break', new Error('told\n::x::'), 'told?::x::. Check token-url.'],
  ['no message but a code', Object.assign(new Error(''), { code: 'EODD' }), 'EODD. Check token-url.'],
  ['neither', new RangeError(''), 'RangeError. Check token-url.'],
  ['no errors inside', new AggregateError([]), 'AggregateError. Check token-url.'],
  ['something thrown that is no error', 'told', 'told. Check token-url.'],
])('never ends with an empty reason: %s', (_name, error, message) => {
  expect(explainConnectionError(error, 'token-url').message).toBe(message)
})

const CHECK_PROXY = 'Check the proxy setting https_proxy, or name the host in no_proxy.'
const tunnel = (rest: string) =>
  Object.assign(new Error(`tunneling socket could not be established, ${rest}`), { code: 'ECONNRESET' })

test.each([
  [
    'that asks for credentials',
    tunnel('statusCode=407'),
    'the proxy asks for credentials (HTTP 407). Check user name and password in https_proxy.',
  ],
  ['that refuses', tunnel('statusCode=403'), `the proxy does not connect to it (HTTP 403). ${CHECK_PROXY}`],
  [
    'that is not there',
    tunnel('cause=connect ECONNREFUSED 127.0.0.1:3128'),
    `the proxy cannot be reached (ECONNREFUSED). ${CHECK_PROXY}`,
  ],
  ['that fails in an unknown way', tunnel('cause='), `the proxy cannot be reached. ${CHECK_PROXY}`],
  ['that hangs up', tunnel('cause=socket hang up'), `the proxy closed the connection. ${CHECK_PROXY}`],
  [
    'that speaks something else',
    tunnel('cause=Parse Error: Expected HTTP/'),
    `the address in https_proxy is not that of a proxy. ${CHECK_PROXY}`,
  ],
  [
    'that is a web server',
    new Error('got illegal response body from proxy'),
    `the address in https_proxy is not that of a proxy. ${CHECK_PROXY}`,
  ],
  [
    'with an unknown certificate',
    tunnel('cause=self-signed certificate'),
    `the certificate of the proxy is not trusted. ${TLS}`,
  ],
])('explains a proxy %s', (_name, error, message) => {
  expect(explainConnectionError(error, 'token-url').message).toBe(message)
})

test.each([
  ...[
    'ENOTFOUND',
    'EAI_AGAIN',
    'ECONNREFUSED',
    'ENETUNREACH',
    'EHOSTUNREACH',
    'ETIMEDOUT',
    'ECONNRESET',
    'EPIPE',
  ].map((code) => [code, withCode(code), {}] as const),
  ...['HPE_INVALID_CONSTANT', 'CERT_HAS_EXPIRED', 'EPROTO', 'CERT_NOT_YET_VALID', 'EODD'].map(
    (code) => [code, withCode(code), undefined] as const,
  ),
  ['407 of the proxy', tunnel('statusCode=407'), undefined],
  ['403 of the proxy', tunnel('statusCode=403'), undefined],
  ['502 of the proxy', tunnel('statusCode=502'), {}],
  ['503 of the proxy', tunnel('statusCode=503'), {}],
  ['504 of the proxy', tunnel('statusCode=504'), {}],
  ['a proxy that is not there', tunnel('cause=connect ECONNREFUSED'), {}],
  ['a proxy that hangs up', tunnel('cause=socket hang up'), {}],
  ['a proxy with an unknown certificate', tunnel('cause=self-signed certificate'), undefined],
  ['a proxy that is none', tunnel('cause=Parse Error'), undefined],
])('knows whether it can pass: %s', (_name, error, passing) => {
  expect(explainConnectionError(error, 'token-url').passing).toEqual(passing)
})

test('explains an error that has a code and nothing else', () => {
  expect(explainConnectionError({ code: 'EPIPE' }, 'token-url').message).toMatch(
    /^the connection broke off \(EPIPE\)/,
  )
})

test('names the input that leads to the server', () => {
  expect(explainConnectionError(withCode('ENOTFOUND'), 'issuer').message).toBe(
    'its host name has no address (ENOTFOUND). Check the host in issuer, and that the runner can reach it.',
  )
})
