import { expect, test } from '@jest/globals'
import { authenticateClient, type ClientAuthentication, formEncode } from '../src/client-auth.ts'
import type { AuthMethod } from '../src/inputs.ts'
import { linesPrintedBy } from './stdout.ts'

function authenticate(clientId: string, clientSecret: string, method: AuthMethod = 'client_secret_basic') {
  let authentication: ClientAuthentication | undefined
  const printed = linesPrintedBy(() => {
    authentication = authenticateClient({ clientId, credentials: { method, clientSecret } })
  })
  return { ...(authentication as ClientAuthentication), printed }
}

test('is the plain base64 of id and secret for a Spotify app, as its guide says', () => {
  const { headers, parameters } = authenticate('0123456789abcdef', 'fedcba9876543210')
  expect(parameters).toEqual([])
  expect(headers).toEqual({
    Authorization: `Basic ${Buffer.from('0123456789abcdef:fedcba9876543210').toString('base64')}`,
  })
})

test('masks the credential and counts it, the secret and its encoded form among the secrets', () => {
  const credential = Buffer.from('fake-id:fake%26secret').toString('base64')
  const { printed, secrets } = authenticate('fake-id', 'fake&secret')
  expect(printed).toEqual([`::add-mask::${credential}`])
  expect(secrets).toEqual(['fake&secret', 'fake%26secret', credential])
})

test.each([
  ['a colon', ':', '%3A'],
  ['a plus', '+', '%2B'],
  ['a percent sign', '%', '%25'],
  ['an ampersand', '&', '%26'],
  ['a space', ' ', '+'],
  ['a letter beyond ASCII', 'ü', '%C3%BC'],
  ['the example of RFC 6749, appendix B', ' %&+£€', '+%25%26%2B%C2%A3%E2%82%AC'],
])('encodes %s (RFC 6749, appendix B)', (_name, value, encoded) => {
  expect(formEncode(value)).toBe(encoded)
})

const ENCODED =
  'has characters that are sent encoded (RFC 6749, 2.3.1), which some servers do not decode: try auth-method client_secret_post'

test.each([
  ['nothing', 'fake-id', 'fake-secret', []],
  ['the same value twice', 'fake', 'fake', ['client-id and client-secret are the same']],
  [
    'quotes around the secret',
    'fake-id',
    '"fake-secret"',
    ['client-secret is wrapped in quotes', `client-secret ${ENCODED}`],
  ],
  [
    'quotes around the id',
    "'fake-id'",
    'fake-secret',
    ['client-id is wrapped in quotes', `client-id ${ENCODED}`],
  ],
  ['a quote at one end only', 'fake-id', '"fake-secret', [`client-secret ${ENCODED}`]],
  [
    'white space inside',
    'fake-id',
    'fake secret',
    ['client-secret has white space inside', `client-secret ${ENCODED}`],
  ],
  ['a sign that is sent encoded', 'fake:id', 'fake-secret', [`client-id ${ENCODED}`]],
])('finds odd: %s', (_name, clientId, clientSecret, expected) => {
  expect(authenticate(clientId, clientSecret).oddities).toEqual(expected)
})

test('sends id and secret as they are in the body, where the method is client_secret_post', () => {
  expect(authenticate('fake:id', 'fake&secret', 'client_secret_post')).toEqual({
    headers: {},
    parameters: [
      ['client_id', 'fake:id'],
      ['client_secret', 'fake&secret'],
    ],
    secrets: ['fake&secret', 'fake%26secret'],
    // Nothing of characters that are sent encoded: in a form, every server decodes them.
    oddities: [],
    printed: [],
  })
})
