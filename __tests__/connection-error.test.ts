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
  ['SELF_SIGNED_CERT_IN_CHAIN', `no secure connection (SELF_SIGNED_CERT_IN_CHAIN). ${TLS}`],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', `no secure connection (UNABLE_TO_VERIFY_LEAF_SIGNATURE). ${TLS}`],
  ['ERR_TLS_CERT_ALTNAME_INVALID', `no secure connection (ERR_TLS_CERT_ALTNAME_INVALID). ${TLS}`],
  ['EPROTO', `no secure connection (EPROTO). ${TLS}`],
])('explains %s', (code, message) => {
  expect(explainConnectionError(withCode(code))).toBe(message)
})

test('explains a time-out', () => {
  const timeout = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
  expect(explainConnectionError(timeout)).toBe(
    `no complete answer within the time limit (TimeoutError). ${RUN_AGAIN}`,
  )
})

test.each([
  ['the cause of an error', new Error('outside', { cause: withCode('EPIPE') })],
  ['the first of several errors', new AggregateError([withCode('EPIPE'), withCode('ENOTFOUND')])],
  ['the cause of one of several', new AggregateError([new Error('', { cause: withCode('EPIPE') })])],
])('looks through to %s', (_name, error) => {
  expect(explainConnectionError(error)).toBe(`the connection broke off (EPIPE). ${RUN_AGAIN}`)
})

test.each([
  ['a message', new Error('told'), 'told'],
  ['a message with a line break', new Error('told\n::x::'), 'told?::x::'],
  ['no message but a code', Object.assign(new Error(''), { code: 'EODD' }), 'EODD'],
  ['neither', new RangeError(''), 'RangeError'],
  ['no errors inside', new AggregateError([]), 'AggregateError'],
  ['something thrown that is no error', 'told', 'told'],
])('never ends with an empty reason: %s', (_name, error, message) => {
  expect(explainConnectionError(error)).toBe(message)
})
