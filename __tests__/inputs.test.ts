import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { type Inputs, readInputs } from '../src/inputs.ts'
import { linesPrintedBy } from './stdout.ts'

const VALID = {
  'client-id': 'fake-id',
  'client-secret': 'fake-secret',
  'token-url': 'https://as.example/token',
  issuer: '',
  'auth-method': 'client_secret_basic',
  scope: '',
  audience: '',
  resource: '',
  'extra-params': '',
  'private-key': '',
  'key-id': '',
  'assertion-audience': '',
  timeout: '60',
  retries: '3',
  revoke: 'true',
  'revocation-url': '',
}

function setInputs(inputs: Record<string, string>): void {
  for (const [name, value] of Object.entries({ ...VALID, ...inputs })) {
    process.env[`INPUT_${name.toUpperCase()}`] = value
  }
}

afterEach(() => {
  for (const name of Object.keys(VALID)) delete process.env[`INPUT_${name.toUpperCase()}`]
  for (const name of Object.keys(ID_TOKEN_REQUEST)) delete process.env[name]
})

test('returns the inputs and masks the secret, but not the id', () => {
  setInputs({})
  let inputs: unknown
  expect(linesPrintedBy(() => (inputs = readInputs()))).toEqual(['::add-mask::fake-secret'])
  expect(inputs).toEqual({
    clientId: 'fake-id',
    credentials: { method: 'client_secret_basic', clientSecret: 'fake-secret' },
    server: { token: { url: new URL('https://as.example/token'), input: 'token-url' } },
    scope: '',
    parameters: [],
    timeoutMs: 60_000,
    retries: 3,
    revocation: 'if known',
  })
})

test('drops the line break that a stored secret often ends with', () => {
  setInputs({ 'client-secret': 'fake-secret\n' })
  expect(linesPrintedBy(readInputs)).toEqual(['::add-mask::fake-secret'])
})

test.each([
  ['a scope of several lines', { scope: 'read\n  write \r\n\nadmin\tx\n' }, 'read write admin x', []],
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
  ['a resource with a backslash', { resource: 'C:\\api' }, RESOURCE],
  ['a line break in audience', { audience: 'a\nb' }, `audience ${CONTROL}`],
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
        'auth-method is none of client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, github_oidc. Correct it, or leave the input out.',
      ),
    ),
  )
})

function read(given: Record<string, string>) {
  setInputs(given)
  let inputs: Inputs | undefined
  const printed = linesPrintedBy(() => (inputs = readInputs()))
  return { ...(inputs as Inputs), printed }
}

test('takes the auth-method client_secret_post', () => {
  expect(read({ 'auth-method': 'client_secret_post' }).credentials).toEqual({
    method: 'client_secret_post',
    clientSecret: 'fake-secret',
  })
})

test.each([
  ['', undefined],
  ['urn:x', 'urn:x'],
])('takes the auth-method client_secret_jwt with the audience %j', (given, audience) => {
  expect(read({ 'auth-method': 'client_secret_jwt', 'assertion-audience': given }).credentials).toEqual({
    method: 'client_secret_jwt',
    clientSecret: 'fake-secret',
    audience,
  })
})

const KEY = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
const KEY_LINE = KEY.split('\n')[1] as string
const BY_KEY = { 'auth-method': 'private_key_jwt', 'client-secret': '', 'private-key': KEY }

test.each([
  ['', undefined],
  ['fake-kid', 'fake-kid'],
])('takes a private key with the ID %j, and masks its lines', (given, keyId) => {
  const { credentials, printed } = read({ ...BY_KEY, 'key-id': given })
  expect(credentials).toMatchObject({
    method: 'private_key_jwt',
    privateKey: { algorithms: ['EdDSA', 'Ed25519'] },
    keyId,
    audience: undefined,
  })
  expect(printed).toEqual([`::add-mask::${KEY_LINE}`])
})

test('masks the lines of a private key before it refuses anything', () => {
  setInputs({ ...BY_KEY, 'private-key': `${KEY_LINE.slice(1)}\n${KEY_LINE.slice(2)}` })
  const message = /^private-key is (no private key|cut off)/
  expect(linesPrintedBy(() => expect(readInputs).toThrow(message))).toEqual([
    `::add-mask::${KEY_LINE.slice(2)}`,
    `::add-mask::${KEY_LINE.slice(1)}`,
  ])
})

const OIDC = { 'auth-method': 'github_oidc', 'client-secret': '' }
const ID_TOKEN_REQUEST = {
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://oidc.example/?api-version=2.0',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'fake-request-token',
}

test('takes what the runner gives for github_oidc, and masks the right to ask', () => {
  Object.assign(process.env, ID_TOKEN_REQUEST)
  const { credentials, printed } = read({ ...OIDC, 'assertion-audience': 'api://x' })
  expect(credentials).toEqual({
    method: 'github_oidc',
    idTokenRequest: {
      endpoint: {
        url: new URL('https://oidc.example/?api-version=2.0'),
        input: 'ACTIONS_ID_TOKEN_REQUEST_URL',
      },
      requestToken: 'fake-request-token',
    },
    audience: 'api://x',
  })
  expect(printed).toEqual(['::add-mask::fake-request-token'])
})

test.each(Object.keys(ID_TOKEN_REQUEST))('refuses github_oidc without %s', (missing) => {
  Object.assign(process.env, ID_TOKEN_REQUEST)
  delete process.env[missing]
  setInputs(OIDC)
  linesPrintedBy(() =>
    expect(readInputs).toThrow(
      new Error(
        'auth-method github_oidc needs an ID token of GitHub, which this job may not ask for. Add permissions: id-token: write to the job. Workflows started from forks do not get that permission.',
      ),
    ),
  )
})

test.each([
  [
    'a private key for a secret',
    { 'private-key': KEY },
    'private-key is not used by the auth-method client_secret_basic. Take it out, or set auth-method to private_key_jwt.',
  ],
  [
    'an audience for a secret',
    { 'auth-method': 'client_secret_post', 'assertion-audience': 'x' },
    'assertion-audience is not used by the auth-method client_secret_post. Take it out, or set auth-method to client_secret_jwt or private_key_jwt or github_oidc.',
  ],
  [
    'a key ID for a secret',
    { 'auth-method': 'client_secret_jwt', 'key-id': 'x' },
    'key-id is not used by the auth-method client_secret_jwt. Take it out, or set auth-method to private_key_jwt.',
  ],
  [
    'a secret for a private key',
    { ...BY_KEY, 'client-secret': 'fake-secret' },
    'client-secret is not used by the auth-method private_key_jwt. Take it out, or set auth-method to client_secret_basic or client_secret_post or client_secret_jwt.',
  ],
  [
    'a private key for github_oidc',
    { ...OIDC, 'private-key': KEY },
    'private-key is not used by the auth-method github_oidc. Take it out, or set auth-method to private_key_jwt.',
  ],
  [
    'no secret for client_secret_jwt',
    { 'auth-method': 'client_secret_jwt', 'client-secret': '' },
    `client-secret is empty. ${NOT_GIVEN}`,
  ],
  ['no private key', { ...BY_KEY, 'private-key': '' }, `private-key is empty. ${NOT_GIVEN}`],
  [
    'an expression for a private key',
    { ...BY_KEY, 'private-key': '${{ secrets.K }}' },
    `private-key ${EXPRESSION}`,
  ],
  [
    'a public key',
    { ...BY_KEY, 'private-key': KEY.replaceAll('PRIVATE', 'PUBLIC') },
    'private-key is a public key. Give the private key that it belongs to; the public one goes to the server.',
  ],
  ['a line break in key-id', { ...BY_KEY, 'key-id': 'a\nb' }, `key-id ${CONTROL}`],
  ['an expression in key-id', { ...BY_KEY, 'key-id': '${{ x }}' }, `key-id ${EXPRESSION}`],
  [
    'an expression in assertion-audience',
    { ...BY_KEY, 'assertion-audience': '${{ x }}' },
    `assertion-audience ${EXPRESSION}`,
  ],
  [
    'both issuer and token-url',
    { issuer: 'https://as.example' },
    'issuer and token-url are both given. Take one of them out: issuer finds the token endpoint by itself.',
  ],
  [
    'an issuer that is none',
    { issuer: 'as.example', 'token-url': '' },
    'issuer is not a URL. Give the whole address, from https:// on.',
  ],
  ['an expression in issuer', { issuer: 'https://${{ x }}', 'token-url': '' }, `issuer ${EXPRESSION}`],
  [
    'a revoke that is neither',
    { revoke: 'yes' },
    'revoke is neither true nor false. Correct it, or leave the input out.',
  ],
  [
    'an empty revoke',
    { revoke: '' },
    'revoke is neither true nor false. Correct it, or leave the input out.',
  ],
  ['an expression in revocation-url', { 'revocation-url': '${{ x }}' }, `revocation-url ${EXPRESSION}`],
  [
    'a revocation-url without TLS',
    { 'revocation-url': 'http://as.example/revoke' },
    'revocation-url does not begin with https://. Credentials are sent there, so only https is allowed (http only to localhost).',
  ],
])('refuses %s', (_name, inputs, message) => {
  setInputs(inputs)
  linesPrintedBy(() => expect(readInputs).toThrow(new Error(message)))
})

test.each([
  ['token-url left empty', ''],
  [
    'token-url with the default of action.yml',
    parse(readFileSync('action.yml', 'utf8')).inputs['token-url'].default,
  ],
])('takes an issuer, %s', (_name, tokenUrl) => {
  const { server } = read({ issuer: 'https://as.example/t/', 'token-url': tokenUrl })
  expect(server).toEqual({
    issuer: {
      url: new URL('https://as.example/t/'),
      input: 'issuer',
      identifier: 'https://as.example/t/',
    },
  })
})

test.each([
  ['false', 'off'],
  ['FALSE', 'off'],
  ['True', 'if known'],
])('takes for revoke: %s', (text, revocation) => {
  expect(read({ revoke: text }).revocation).toBe(revocation)
})

test('revokes nowhere where it is told not to, whatever the revocation-url', () => {
  expect(read({ revoke: 'false', 'revocation-url': 'https://as.example/revoke' }).revocation).toBe('off')
})

const SPOTIFY = { 'token-url': 'https://accounts.spotify.com/api/token' }

test.each([
  ['audience', { audience: 'https://api.example' }],
  ['resource', { resource: 'urn:x' }],
  ['revocation-url', { 'revocation-url': 'https://as.example/revoke' }],
  ['auth-method private_key_jwt', BY_KEY],
  ['auth-method client_secret_jwt', { 'auth-method': 'client_secret_jwt' }],
])('refuses to send to Spotify what is for another server: %s', (name, inputs) => {
  setInputs({ ...SPOTIFY, ...inputs })
  linesPrintedBy(() =>
    expect(readInputs).toThrow(
      new Error(
        `token-url is that of Spotify, which does not know ${name}. Give token-url or issuer; if the workflow gives issuer, check the variable behind it, for it came empty.`,
      ),
    ),
  )
})

test.each(['client_secret_basic', 'client_secret_post'])('sends to Spotify by %s', (method) => {
  expect(read({ ...SPOTIFY, 'auth-method': method, scope: 'x', 'extra-params': 'a=b' }).server).toMatchObject(
    {
      token: { input: 'token-url' },
    },
  )
})

test('takes a revocation-url', () => {
  expect(read({ 'revocation-url': 'https://as.example/revoke' }).revocation).toEqual({
    url: new URL('https://as.example/revoke'),
    input: 'revocation-url',
  })
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
