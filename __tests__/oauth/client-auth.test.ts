import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { jwtVerify } from 'jose'
import { startServer } from '../../dev/servers/loopback-server.ts'
import { monotonicMs } from '../../src/http/clock.ts'
import { createSend, type Send } from '../../src/http/send.ts'
import {
  adviseOnAssertion,
  adviseOnIdToken,
  adviseOnNoAuthentication,
  adviseOnSecret,
} from '../../src/oauth/advice.ts'
import type { Credentials } from '../../src/oauth/client.ts'
import { encodeBasic, prepareClientAuth } from '../../src/oauth/client-auth.ts'
import type { Target } from '../../src/oauth/metadata.ts'
import { parsePrivateKey } from '../../src/oauth/private-key.ts'
import type { Prove } from '../../src/oauth/proof.ts'
import { recordPrinted } from '../stdout.ts'

const NOW = new Date('2026-11-23T18:00:00Z')
const NOW_SECONDS = NOW.getTime() / 1000
const TARGET: Target = {
  audience: 'https://as.example',
  tokenUrl: 'https://as.example/token',
  authMethods: [],
  signingAlgorithms: [],
}
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

let printed: ReturnType<typeof recordPrinted>
beforeEach(() => {
  printed = recordPrinted()
  jest.spyOn(Date, 'now').mockReturnValue(NOW.getTime())
})
afterEach(() => {
  jest.restoreAllMocks()
})

const send: Send = (request) => createSend(monotonicMs() + 10_000)(request)

/** Authenticates one request on the wire. `masksBefore` is what was printed before it was sent. */
async function authenticate(prove: Prove) {
  await using server = await startServer((_request, response) => response.end('{}'))
  const { headers = {}, parameters, ...proof } = await prove(send)
  const masksBefore = printed.lines()
  const body = new URLSearchParams(parameters.map(([name, value]) => [name, value]))
  await send({ endpoint: { url: new URL(server.origin), source: 'token-url' }, headers, body })
  const [request] = server.requests
  return {
    ...proof,
    masksBefore,
    authorization: request?.headers.authorization,
    form: Object.fromEntries(new URLSearchParams(request?.body)),
  }
}

test('sends client_secret_basic as a header, whose credential is masked when it is created', async () => {
  const client = {
    clientId: 'fake:id',
    credentials: { method: 'client_secret_basic', clientSecret: 'fake-secret' },
  } as const
  const credential = Buffer.from('fake%3Aid:fake-secret').toString('base64')
  const prove = prepareClientAuth(client, TARGET)
  expect(printed.lines()).toEqual([`::add-mask::${credential}`])
  const { advice, ...sent } = await authenticate(prove)
  expect(sent).toEqual({
    authorization: `Basic ${credential}`,
    form: {},
    masksBefore: [`::add-mask::${credential}`],
    secrets: ['fake-secret', credential],
  })
  expect(advice()).toBe(adviseOnSecret(client, TARGET, ['client-id']))
})

const PRINTABLE_ASCII = Array.from({ length: 95 }, (_character, index) => String.fromCharCode(32 + index))

test.each([
  ['printable ASCII, but %, +, : and the space', PRINTABLE_ASCII.join('').replace(/[%+: ]/g, ''), undefined],
  ['a percent sign', '%', '%25'],
  ['a plus', '+', '%2B'],
  ['a colon', ':', '%3A'],
  ['a space', ' ', '%20'],
  ['control characters', '\u0000\t\n\u007f\u0085', '%00%09%0A%7F%C2%85'],
  ['a no-break space', '\u00a0', '%C2%A0'],
  ['letters beyond ASCII', 'ü€', '%C3%BC%E2%82%AC'],
  ['a character of two UTF-16 units', '😀', '%F0%9F%98%80'],
  ['a lone surrogate', 'a\ud83db', 'a%EF%BF%BDb'],
])('encodes or keeps for client_secret_basic: %s', (_name, value, encoded = value) => {
  expect(encodeBasic(value)).toBe(encoded)
})

test('sends client_secret_post in the body', async () => {
  const client = {
    clientId: 'fake:id',
    credentials: { method: 'client_secret_post', clientSecret: 'fake&sécret+' },
  } as const
  const { advice, ...sent } = await authenticate(prepareClientAuth(client, TARGET))
  expect(sent).toEqual({
    authorization: undefined,
    form: { client_id: 'fake:id', client_secret: 'fake&sécret+' },
    masksBefore: [],
    secrets: ['fake&sécret+'],
  })
  expect(advice()).toBe(adviseOnSecret(client, TARGET))
})

const make = (type: string, options: object): KeyObject =>
  generateKeyPairSync(type as 'rsa', options as { modulusLength: number }).privateKey
const RSA = make('rsa', { modulusLength: 2048 })
const P256 = make('ec', { namedCurve: 'P-256' })
const ED25519 = make('ed25519', {})
const DEFAULTS = { audience: undefined, algorithm: undefined }
const SECRET = { ...DEFAULTS, method: 'client_secret_jwt', clientSecret: 'fake-secret' } as const
const HMAC_KEY = new TextEncoder().encode('fake-secret')
const byKey = (key: KeyObject) =>
  ({
    ...DEFAULTS,
    method: 'private_key_jwt',
    privateKey: parsePrivateKey(key.export({ format: 'pem', type: 'pkcs8' }) as string),
    keyId: undefined,
  }) as const
const withCertificate = {
  ...byKey(RSA),
  keyId: 'fake-kid',
  privateKey: { ...byKey(RSA).privateKey, certificateThumbprint: 'fake-thumbprint' },
} as const

/** What a server reads from the assertion of a request, verified by an independent library. */
async function readAssertion(
  { form, authorization, masksBefore }: Awaited<ReturnType<typeof authenticate>>,
  key: KeyObject | Uint8Array,
) {
  const { client_assertion: assertion = '', ...others } = form
  expect({ authorization, others }).toEqual({
    authorization: undefined,
    others: { client_id: 'fake-id', client_assertion_type: JWT_BEARER },
  })
  expect(masksBefore.at(-1)).toBe(`::add-mask::${assertion}`)
  const { protectedHeader, payload } = await jwtVerify(assertion, key, { currentDate: NOW })
  return { assertion, header: protectedHeader, payload }
}

const publicKeyOf = (credentials: Credentials) =>
  'privateKey' in credentials ? createPublicKey(credentials.privateKey.key) : HMAC_KEY

test.each<[string, Credentials, string[], object]>([
  ['a secret', SECRET, [], { alg: 'HS256' }],
  ['a secret, whatever the server lists', SECRET, ['HS512', 'RS256'], { alg: 'HS256' }],
  ['a secret by HS512', { ...SECRET, algorithm: 'HS512' }, [], { alg: 'HS512' }],
  ['RSA', byKey(RSA), [], { alg: 'RS256' }],
  ['RSA, if the server lists PS256, too', byKey(RSA), ['PS256', 'RS256'], { alg: 'RS256' }],
  ['RSA, if the server lists PS256 alone', byKey(RSA), ['ES256', 'PS256'], { alg: 'PS256' }],
  ['RSA, if the server lists nothing that fits', byKey(RSA), ['ES256'], { alg: 'RS256' }],
  ['RSA by PS512', { ...byKey(RSA), algorithm: 'PS512' }, ['RS256'], { alg: 'PS512' }],
  ['RSA with a key ID', { ...byKey(RSA), keyId: 'fake-kid' }, [], { alg: 'RS256', kid: 'fake-kid' }],
  [
    'RSA with a certificate',
    withCertificate,
    [],
    { alg: 'RS256', kid: 'fake-kid', 'x5t#S256': 'fake-thumbprint' },
  ],
  ['P-256', byKey(P256), [], { alg: 'ES256' }],
  ['P-384', byKey(make('ec', { namedCurve: 'P-384' })), [], { alg: 'ES384' }],
  ['P-521', byKey(make('ec', { namedCurve: 'P-521' })), [], { alg: 'ES512' }],
  ['Ed25519', byKey(ED25519), [], { alg: 'EdDSA' }],
  ['Ed25519 by its newer name', { ...byKey(ED25519), algorithm: 'Ed25519' }, [], { alg: 'Ed25519' }],
  ['Ed25519, if the server lists its newer name', byKey(ED25519), ['Ed25519'], { alg: 'Ed25519' }],
])('signs an assertion by %s', async (_name, credentials, signingAlgorithms, header) => {
  const prove = prepareClientAuth({ clientId: 'fake-id', credentials }, { ...TARGET, signingAlgorithms })
  const sent = await authenticate(prove)
  const read = await readAssertion(sent, publicKeyOf(credentials))
  expect(read.header).toEqual({ ...header, typ: 'JWT' })
  expect(read.payload).toEqual({
    iss: 'fake-id',
    sub: 'fake-id',
    aud: 'https://as.example',
    jti: expect.stringMatching(/^[\da-f-]{36}$/),
    iat: NOW_SECONDS - 30,
    exp: NOW_SECONDS + 60,
  })
})

test.each<[string, typeof SECRET | ReturnType<typeof byKey>, string, string[]]>([
  ['client_secret_jwt', SECRET, 'HS256', ['fake-secret']],
  ['private_key_jwt', byKey(P256), 'ES256', []],
])(
  'creates an assertion for each attempt, with an assertion-audience: %s',
  async (_name, defaults, alg, secrets) => {
    const credentials: Credentials = { ...defaults, audience: 'urn:other' }
    const client = { clientId: 'fake-id', credentials }
    const prove = prepareClientAuth(client, TARGET)
    // Nothing is signed before it is used.
    expect(printed.lines()).toEqual([])
    const first = await authenticate(prove)
    const second = await authenticate(prove)
    const key = publicKeyOf(credentials)
    const [one, two] = [await readAssertion(first, key), await readAssertion(second, key)]
    expect([one.payload.aud, two.payload.aud]).toEqual(['urn:other', 'urn:other'])
    expect(two.payload.jti).not.toBe(one.payload.jti)
    expect(first.secrets).toEqual([one.assertion, ...secrets])
    // A server could echo the first one when it rejects the second.
    expect(second.secrets).toEqual([one.assertion, two.assertion, ...secrets])
    expect(second.advice()).toBe(adviseOnAssertion(client, TARGET, { alg, audience: 'urn:other' }))
  },
)

test.each([
  ['fake-id', { client_id: 'fake-id' }],
  ['', {}],
])('sends the client ID alone with none, if there is one: %j', async (clientId, form) => {
  const client = { clientId, credentials: { method: 'none' } } as const
  const { advice, ...sent } = await authenticate(prepareClientAuth(client, TARGET))
  expect(sent).toEqual({ authorization: undefined, form, masksBefore: [], secrets: [] })
  expect(advice()).toBe(adviseOnNoAuthentication(client, TARGET))
})

test.each([
  ['fake-id', { client_id: 'fake-id' }, undefined, 'https://as.example'],
  ['fake-id', { client_id: 'fake-id' }, 'api://x', 'api://x'],
  ['', {}, undefined, 'https://as.example'],
])('sends a new GitHub ID token for each attempt: client ID %j', async (clientId, id, audience, expected) => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const idTokens: string[] = []
  await using github = await startServer((_request, response) => {
    const claims = { sub: 'repo:x fake-request-token', jti: idTokens.length }
    const idToken = `${encode({ alg: 'RS256' })}.${encode(claims)}.fake`
    idTokens.push(idToken)
    response.end(JSON.stringify({ value: idToken }))
  })
  const idTokenRequest = {
    endpoint: { url: new URL(`${github.origin}/?x=1`), source: 'ACTIONS_ID_TOKEN_REQUEST_URL' },
    requestToken: 'fake-request-token',
  }
  const client = { clientId, credentials: { method: 'github_oidc', idTokenRequest, audience } } as const
  const prove = prepareClientAuth(client, TARGET)
  const first = await authenticate(prove)
  const second = await authenticate(prove)
  const [one = '', two = ''] = idTokens
  expect(first).toEqual({
    authorization: undefined,
    form: { ...id, client_assertion_type: JWT_BEARER, client_assertion: one },
    masksBefore: [`::add-mask::${one}`],
    secrets: [one, 'fake-request-token'],
    advice: expect.any(Function),
  })
  expect(second).toMatchObject({
    form: { client_assertion: two },
    masksBefore: [`::add-mask::${one}`, `::add-mask::${two}`],
    secrets: [one, two, 'fake-request-token'],
  })
  expect(second.advice()).toBe(
    adviseOnIdToken(client, TARGET, 'iss=?, sub=repo:x ***, aud=? (assertion-audience)'),
  )
  expect(github.requests.map(({ url }) => url)).toEqual(
    [1, 2].map(() => `/?x=1&audience=${encodeURIComponent(expected)}`),
  )
})
