import { afterEach, expect, test } from '@jest/globals'
import { readInputs } from '../src/inputs.ts'
import { linesPrintedBy } from './stdout.ts'

const VALID = {
  'client-id': 'fake-id',
  'client-secret': 'fake-secret',
  'token-url': 'https://as.example/token',
  'auth-method': 'client_secret_basic',
  scope: '',
  audience: '',
  resource: '',
  'extra-params': '',
  timeout: '60',
  retries: '3',
}

function setInputs(inputs: Record<string, string>): void {
  for (const [name, value] of Object.entries({ ...VALID, ...inputs })) {
    process.env[`INPUT_${name.toUpperCase()}`] = value
  }
}

afterEach(() => {
  for (const name of Object.keys(VALID)) delete process.env[`INPUT_${name.toUpperCase()}`]
})

test('returns the inputs and masks the secret, but not the id', () => {
  setInputs({})
  let inputs: unknown
  expect(linesPrintedBy(() => (inputs = readInputs()))).toEqual(['::add-mask::fake-secret'])
  expect(inputs).toEqual({
    clientId: 'fake-id',
    credentials: { method: 'client_secret_basic', clientSecret: 'fake-secret' },
    tokenUrl: new URL('https://as.example/token'),
    scope: '',
    parameters: [],
    timeoutMs: 60_000,
    retries: 3,
  })
})

test('drops the line break that a stored secret often ends with', () => {
  setInputs({ 'client-secret': 'fake-secret\n' })
  expect(linesPrintedBy(readInputs)).toEqual(['::add-mask::fake-secret'])
})

test.each([
  ['a scope of several lines', { scope: 'read\n  write \r\n\nadmin x\n' }, 'read write admin x', []],
  ['an audience', { audience: ' https://api.example/ ' }, '', [['audience', 'https://api.example/']]],
  [
    'resources',
    { resource: 'https://a.example\n\n urn:b:c \n' },
    '',
    [
      ['resource', 'https://a.example'],
      ['resource', 'urn:b:c'],
    ],
  ],
  [
    'further parameters',
    { 'extra-params': 'a=1\r\n b = x = y \nempty=\nproject-id=ü&z' },
    '',
    [
      ['a', '1'],
      ['b', 'x = y'],
      ['empty', ''],
      ['project-id', 'ü&z'],
    ],
  ],
  [
    'all of them, in the order of the inputs',
    { 'extra-params': 'x=1', resource: 'urn:r', audience: 'a', scope: 's' },
    's',
    [
      ['audience', 'a'],
      ['resource', 'urn:r'],
      ['x', '1'],
    ],
  ],
])('reads %s', (_name, given, scope, parameters) => {
  setInputs(given)
  let inputs: unknown
  linesPrintedBy(() => (inputs = readInputs()))
  expect(inputs).toMatchObject({ scope, parameters })
})

const NOT_GIVEN =
  'Check that the workflow sets it, and the name of the secret or variable behind it; if that belongs to an environment, the job must name the environment. Workflows started from forks and by Dependabot do not get the secrets of the repository.'
const RESOURCE =
  'resource has a line that is not an absolute URI without a fragment (RFC 8707, 2). Write one URI on each line, as in https://api.example.com.'
const NAME_VALUE = 'extra-params has a line that is not name=value. Write one parameter on each line.'
const CONTROL =
  'has a line break or another control character inside. Store it again, as one line and without anything around it.'
const EXPRESSION =
  'holds an expression that was not evaluated: it still has ${{ in it. Write the expression into the workflow file itself, as in ${{ secrets.NAME }}.'

test.each([
  ['an empty client-id', { 'client-id': '' }, `client-id is empty. ${NOT_GIVEN}`],
  ['an empty client-secret', { 'client-secret': '' }, `client-secret is empty. ${NOT_GIVEN}`],
  ['white space for a client-secret', { 'client-secret': ' \n ' }, `client-secret is empty. ${NOT_GIVEN}`],
  [
    'an empty token-url, lest the credentials of another server go to Spotify',
    { 'token-url': '' },
    'token-url is empty. Give the address of the token endpoint, or leave the input out for Spotify.',
  ],
  ['a line break in client-id', { 'client-id': 'fake\nid' }, `client-id ${CONTROL}`],
  ['a line break in client-secret', { 'client-secret': 'fake\r\nsecret' }, `client-secret ${CONTROL}`],
  [
    'a control character in client-secret',
    { 'client-secret': 'fake\u0001secret' },
    `client-secret ${CONTROL}`,
  ],
  ['a line separator in client-secret', { 'client-secret': 'fake\u2028secret' }, `client-secret ${CONTROL}`],
  ['an expression in client-id', { 'client-id': '${{ secrets.ID }}' }, `client-id ${EXPRESSION}`],
  ['an expression in client-secret', { 'client-secret': '${{ secrets.S }}' }, `client-secret ${EXPRESSION}`],
  ['an expression in token-url', { 'token-url': 'https://${{ vars.HOST }}/' }, `token-url ${EXPRESSION}`],
  ['an expression in scope', { scope: '${{ vars.SCOPE }}' }, `scope ${EXPRESSION}`],
  ['an expression in audience', { audience: '${{ vars.A }}' }, `audience ${EXPRESSION}`],
  ['an expression in resource', { resource: 'urn:x\n${{ vars.R }}' }, `resource ${EXPRESSION}`],
  ['an expression in extra-params', { 'extra-params': 'a=${{ vars.X }}' }, `extra-params ${EXPRESSION}`],
  ['a resource that is no URI', { resource: 'urn:x\napi.example' }, RESOURCE],
  ['a resource with a fragment', { resource: 'https://api.example/#x' }, RESOURCE],
  ['an extra parameter without =', { 'extra-params': 'a=1\nb' }, NAME_VALUE],
  ['an extra parameter without a name', { 'extra-params': '=1' }, NAME_VALUE],
  ['an extra parameter with a space in its name', { 'extra-params': 'a b=1' }, NAME_VALUE],
  ...[
    'grant_type',
    'scope',
    'audience',
    'resource',
    'client_id',
    'client_secret',
    'client_assertion',
    'client_assertion_type',
  ].map(
    (name) =>
      [
        `${name} among the extra parameters`,
        { 'extra-params': `${name}=x` },
        `extra-params has ${name}, which the action sets. Take it out, or use the input for it.`,
      ] as const,
  ),
  [
    'a token-url that is none',
    { 'token-url': 'as.example' },
    'token-url is not a URL. Give the whole address, from https:// on.',
  ],
])('refuses %s', (_name, inputs, message) => {
  setInputs(inputs)
  linesPrintedBy(() => expect(readInputs).toThrow(new Error(message)))
})

test.each(['', 'basic', 'CLIENT_SECRET_POST', 'none'])('refuses the auth-method %j', (method) => {
  setInputs({ 'auth-method': method })
  linesPrintedBy(() =>
    expect(readInputs).toThrow(
      new Error(
        'auth-method is none of client_secret_basic, client_secret_post. Correct it, or leave the input out.',
      ),
    ),
  )
})

test('takes the auth-method client_secret_post', () => {
  setInputs({ 'auth-method': 'client_secret_post' })
  let inputs: unknown
  linesPrintedBy(() => (inputs = readInputs()))
  expect(inputs).toMatchObject({ credentials: { method: 'client_secret_post', clientSecret: 'fake-secret' } })
})

test.each([
  ['timeout', '', 'from 1 to 3600'],
  ['timeout', '0', 'from 1 to 3600'],
  ['timeout', '3601', 'from 1 to 3600'],
  ['timeout', '1.5', 'from 1 to 3600'],
  ['timeout', '60s', 'from 1 to 3600'],
  ['retries', '-1', 'from 0 to 10'],
  ['retries', '11', 'from 0 to 10'],
  ['retries', '1e1', 'from 0 to 10'],
])('refuses %s: %j', (name, value, range) => {
  setInputs({ [name]: value })
  linesPrintedBy(() =>
    expect(readInputs).toThrow(
      new Error(`${name} is not a whole number ${range}. Correct it, or leave the input out.`),
    ),
  )
})

test.each([
  ['timeout', '1', { timeoutMs: 1000 }],
  ['timeout', '3600', { timeoutMs: 3_600_000 }],
  ['retries', '0', { retries: 0 }],
  ['retries', '10', { retries: 10 }],
])('takes the limit of %s: %s', (name, value, expected) => {
  setInputs({ [name]: value })
  let inputs: unknown
  linesPrintedBy(() => (inputs = readInputs()))
  expect(inputs).toMatchObject(expected)
})

test('masks the secret before it refuses anything', () => {
  setInputs({ 'client-id': '' })
  expect(linesPrintedBy(() => expect(readInputs).toThrow())).toEqual(['::add-mask::fake-secret'])
})

test('masks nothing where there is no secret: the runner would warn', () => {
  setInputs({ 'client-secret': '' })
  expect(linesPrintedBy(() => expect(readInputs).toThrow())).toEqual([])
})
