import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import { startServer } from '../dev/servers/loopback-server.ts'
import { type Authenticate, formEncode, prepareAuthentication } from '../src/client-auth.ts'
import { monotonicMs } from '../src/clock.ts'
import type { Credentials } from '../src/inputs.ts'
import { parsePrivateKey } from '../src/private-key.ts'
import { recordPrinted } from './stdout.ts'

const SERVER = { audience: 'https://as.example', authMethods: [], signingAlgorithms: [] }

/** Prepares, then authenticates once; what is printed before and after stands apart. */
async function authenticate(clientId: string, credentials: Credentials, server = {}) {
  const printed = recordPrinted()
  try {
    const attempt: Authenticate = prepareAuthentication({ clientId, credentials }, { ...SERVER, ...server })
    const before = printed.lines()
    const authentication = await attempt(monotonicMs() + 10_000)
    return { ...authentication, before, during: printed.lines().slice(before.length), attempt }
  } finally {
    printed.restore()
  }
}

const basic = (clientSecret: string) => ({ method: 'client_secret_basic', clientSecret }) as const

test('is the plain base64 of id and secret for a Spotify app, as its guide says', async () => {
  const { headers, parameters } = await authenticate('0123456789abcdef', basic('fedcba9876543210'))
  expect(parameters).toEqual([])
  expect(headers).toEqual({
    Authorization: `Basic ${Buffer.from('0123456789abcdef:fedcba9876543210').toString('base64')}`,
  })
})

test('masks the credential and counts it, the secret and its encoded form among the secrets', async () => {
  const credential = Buffer.from('fake-id:fake%26secret').toString('base64')
  const { before, during, secrets } = await authenticate('fake-id', basic('fake&secret'))
  expect({ before, during }).toEqual({ before: [`::add-mask::${credential}`], during: [] })
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

const CHECK_SECRET =
  'Check that client-id and client-secret belong to the same app, and that the secret was not renewed after it was stored.'
const ENCODED =
  'has characters that are sent encoded (RFC 6749, 2.3.1), which some servers do not decode: try auth-method client_secret_post'
const withNotes = (...notes: string[]) =>
  [CHECK_SECRET, ...notes.map((note) => `Note that ${note}.`)].join(' ')

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
  ['quotes around an end of it', 'x"fake"', '"fake"x', [`client-id ${ENCODED}`, `client-secret ${ENCODED}`]],
  ['a quote at one end only', 'fake-id', '"fake-secret', [`client-secret ${ENCODED}`]],
  [
    'white space inside',
    'fake-id',
    'fake secret',
    ['client-secret has white space inside', `client-secret ${ENCODED}`],
  ],
  ['a sign that is sent encoded', 'fake:id', 'fake-secret', [`client-id ${ENCODED}`]],
])('finds odd: %s', async (_name, clientId, clientSecret, expected) => {
  expect((await authenticate(clientId, basic(clientSecret))).cure).toBe(withNotes(...expected))
})

test.each([
  ['0123456789abcdef0123456789abcdef', []],
  ...['fake-id', '0123456789abcdef0123456789abcdef0', 'x0123456789abcdef0123456789abcdef'].map(
    (id): [string, string[]] => [
      id,
      [
        'the request went to Spotify, whose IDs look otherwise: if it is for another server, token-url is missing, or issuer came empty',
      ],
    ],
  ),
])('tells where a request went that was not meant for Spotify: %s', async (clientId, notes) => {
  const audience = 'https://accounts.spotify.com/api/token'
  const { cure } = await authenticate(clientId, basic('fake-secret'), { audience })
  expect(cure).toBe(withNotes(...notes))
})

test('sends id and secret as they are in the body, where the method is client_secret_post', async () => {
  const credentials = { method: 'client_secret_post', clientSecret: '"fake&secret"' } as const
  expect(await authenticate('fake:id', credentials)).toMatchObject({
    headers: {},
    parameters: [
      ['client_id', 'fake:id'],
      ['client_secret', '"fake&secret"'],
    ],
    secrets: ['"fake&secret"', '%22fake%26secret%22'],
    // Nothing of characters that are sent encoded: in a form, every server decodes them.
    cure: withNotes('client-secret is wrapped in quotes'),
    before: [],
    during: [],
  })
})

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** The assertion that was sent, verified by an independent library as a server would. */
async function verifyAssertion(
  { headers, parameters, secrets, before, during }: Awaited<ReturnType<typeof authenticate>>,
  key: KeyObject | Uint8Array,
  audience = SERVER.audience,
) {
  const { client_assertion: assertion = '', ...others } = Object.fromEntries(parameters)
  expect(headers).toEqual({})
  expect(others).toEqual({ client_id: 'fake-id', client_assertion_type: JWT_BEARER })
  expect(secrets).toContain(assertion)
  expect({ before, during }).toEqual({ before: [], during: [`::add-mask::${assertion}`] })
  const { payload } = await jwtVerify(assertion, key, {
    issuer: 'fake-id',
    subject: 'fake-id',
    audience,
    requiredClaims: ['iat', 'nbf', 'exp', 'jti'],
  })
  expect(Math.abs(Number(payload.iat) - Date.now() / 1000)).toBeLessThan(5)
  expect([payload.nbf, payload.exp]).toEqual([payload.iat, Number(payload.iat) + 60])
  return { header: decodeProtectedHeader(assertion), jti: payload.jti, assertion }
}

describe('client_secret_jwt', () => {
  const clientSecret = 'fake-secret-ü-of-at-least-32-bytes'

  test('signs with the secret (RFC 7523)', async () => {
    const authentication = await authenticate('fake-id', {
      method: 'client_secret_jwt',
      clientSecret,
      audience: undefined,
    })
    const { header } = await verifyAssertion(authentication, new TextEncoder().encode(clientSecret))
    expect(header).toEqual({ alg: 'HS256', typ: 'JWT' })
    expect(authentication.secrets.slice(1)).toEqual([clientSecret])
    expect(authentication.cure).toBe(`${CHECK_SECRET} Check, too, that the clock of the runner is right.`)
  })

  test('tells what is odd, and what the metadata says', async () => {
    const { cure } = await authenticate(
      'fake-id',
      { method: 'client_secret_jwt', clientSecret: "'x'", audience: undefined },
      { authMethods: ['private_key_jwt'] },
    )
    expect(cure).toMatch(
      / is right\. Note that client-secret is wrapped in quotes\. Note that the metadata of the server lists private_key_jwt, but not client_secret_jwt\.$/,
    )
  })
})

describe('private_key_jwt', () => {
  const make = (type: string, options: object): KeyObject =>
    generateKeyPairSync(type as 'rsa', options as { modulusLength: number }).privateKey
  const rsa = make('rsa', { modulusLength: 2048 })
  const credentialsOf = (key: KeyObject) =>
    ({
      method: 'private_key_jwt',
      privateKey: parsePrivateKey(key.export({ format: 'pem', type: 'pkcs8' }) as string),
      keyId: undefined,
      audience: undefined,
    }) as const

  test.each<[string, KeyObject, string[], string]>([
    ['RSA', rsa, [], 'RS256'],
    ['RSA, where the server lists RS256 and PS256', rsa, ['PS256', 'RS256'], 'RS256'],
    ['RSA, where the server lists PS256 alone', rsa, ['ES256', 'PS256'], 'PS256'],
    ['RSA, where the server lists neither', rsa, ['ES256'], 'RS256'],
    ['P-256', make('ec', { namedCurve: 'P-256' }), [], 'ES256'],
    ['P-384', make('ec', { namedCurve: 'P-384' }), [], 'ES384'],
    ['P-521', make('ec', { namedCurve: 'P-521' }), [], 'ES512'],
    ['Ed25519', make('ed25519', {}), [], 'EdDSA'],
    [
      'Ed25519, where the server lists its newer name (RFC 9864)',
      make('ed25519', {}),
      ['Ed25519'],
      'Ed25519',
    ],
  ])('signs so that the public key verifies it: %s', async (_name, key, signingAlgorithms, alg) => {
    const authentication = await authenticate('fake-id', credentialsOf(key), { signingAlgorithms })
    const { header } = await verifyAssertion(authentication, createPublicKey(key))
    expect(header).toEqual({ alg, typ: 'JWT' })
    expect(authentication.cure).toBe(
      `Check that the public key of private-key is registered for client-id, and that the server expects ${alg} and the audience https://as.example (assertion-audience). Check, too, that the clock of the runner is right.`,
    )
  })

  test('tells what the metadata says of the method', async () => {
    const { cure } = await authenticate('fake-id', credentialsOf(rsa), { authMethods: ['none'] })
    expect(cure).toMatch(/ Note that the metadata of the server lists none, but not private_key_jwt\.$/)
  })

  test('names key and certificate, and the audience that is asked for', async () => {
    const credentials = credentialsOf(rsa)
    const authentication = await authenticate('fake-id', {
      ...credentials,
      privateKey: { ...credentials.privateKey, certificateThumbprint: 'fake-thumbprint' },
      keyId: 'fake-kid',
      audience: 'urn:other',
    })
    const { header } = await verifyAssertion(authentication, createPublicKey(rsa), 'urn:other')
    expect(header).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'fake-kid', 'x5t#S256': 'fake-thumbprint' })
    expect(authentication.cure).toMatch(
      /is registered for client-id, under key-id, .* the audience urn:other /,
    )
  })

  test('makes a new assertion for each attempt', async () => {
    const first = await authenticate('fake-id', credentialsOf(rsa))
    const printed = recordPrinted()
    const second = await first.attempt(monotonicMs() + 10_000)
    printed.restore()
    const { jti, assertion } = await verifyAssertion(first, createPublicKey(rsa))
    const other = await verifyAssertion(
      { ...first, ...second, during: printed.lines() },
      createPublicKey(rsa),
    )
    expect(other.jti).not.toBe(jti)
    expect(other.assertion).not.toBe(assertion)
    // A server could send back the first with its second refusal.
    expect(second.secrets).toEqual([assertion, other.assertion])
  })
})

describe('github_oidc', () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const idTokenOf = (jti: number) =>
    `${encode({ alg: 'RS256' })}.${encode({ sub: 'repo:x fake-request-token', jti })}.fake`

  test('sends a new ID token of GitHub for each attempt, for the audience of the server or another', async () => {
    let requests = 0
    await using server = await startServer((_request, response) => {
      requests += 1
      response.end(JSON.stringify({ value: idTokenOf(requests) }))
    })
    const idTokenRequest = {
      endpoint: { url: new URL(`${server.origin}/?x=1`), input: 'ACTIONS_ID_TOKEN_REQUEST_URL' },
      requestToken: 'fake-request-token',
    }
    const first = await authenticate('fake-id', {
      method: 'github_oidc',
      idTokenRequest,
      audience: undefined,
    })
    expect(first).toMatchObject({
      headers: {},
      parameters: [
        ['client_id', 'fake-id'],
        ['client_assertion_type', JWT_BEARER],
        ['client_assertion', idTokenOf(1)],
      ],
      secrets: [idTokenOf(1)],
      cure: 'Check that the server trusts this workflow for client-id. Its ID token says: iss ?, sub repo:x ***, aud ?.',
      before: [],
      during: [`::add-mask::${idTokenOf(1)}`],
    })
    const printed = recordPrinted()
    const second = await first.attempt(monotonicMs() + 10_000)
    printed.restore()
    expect(second.secrets).toEqual([idTokenOf(1), idTokenOf(2)])
    await authenticate('fake-id', { method: 'github_oidc', idTokenRequest, audience: 'api://x' })
    expect(server.requests.map(({ url }) => new URLSearchParams(url.slice(2)).get('audience'))).toEqual([
      SERVER.audience,
      SERVER.audience,
      'api://x',
    ])
  })
})

test.each<[string, string[], string[]]>([
  ['says nothing', [], []],
  ['lists the method', ['none', 'client_secret_basic'], []],
  [
    'lists the secret',
    ['fake-secret'],
    ['the metadata of the server lists ***, but not client_secret_basic'],
  ],
  [
    'lists others',
    ['private_key_jwt', '##[x]'],
    ['the metadata of the server lists private_key_jwt, ## [x], but not client_secret_basic'],
  ],
])(
  'tells what the metadata says of the method, where the server refuses it: it %s',
  async (_name, authMethods, notes) => {
    const { cure } = await authenticate('fake-id', basic('fake-secret'), { authMethods })
    expect(cure).toBe(withNotes(...notes))
  },
)
