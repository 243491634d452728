import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { describe, expect, test } from '@jest/globals'
import { startServer } from '../dev/servers/loopback-server.ts'
import { createAuthority } from '../dev/servers/tls-authority.ts'
import { monotonicMs } from '../src/clock.ts'
import { findEndpoints, parseEndpoint, parseIssuer, type Revocation } from '../src/endpoints.ts'
import { recordPrinted } from './stdout.ts'

test.each([
  ['https', 'https://accounts.spotify.com/api/token'],
  ['a query (RFC 6749, 3.2)', 'https://as.example/token?tenant=1'],
  ['http to localhost', 'http://localhost:8080/token'],
  ['http to 127.0.0.1', 'http://127.0.0.1:8080/token'],
  ['2,000 characters', `https://as.example/${'a'.repeat(1981)}`],
  ['a host as long as it can be', `https://${'a'.repeat(253)}/token`],
  ['http to another address of loopback', 'http://127.10.20.30:8080/token'],
  ['http to IPv6 loopback', 'http://[::1]:8080/token'],
])('accepts %s', (_name, text) => {
  expect(parseEndpoint('token-url', text)).toEqual({ url: new URL(text), input: 'token-url' })
})

const NO_URL = 'token-url is not a URL. Give the whole address, from https:// on.'
const NO_HTTPS =
  'token-url does not begin with https://. Credentials are sent there, so only https is allowed (http only to localhost).'
const USER_INFO =
  'token-url has a user name or password before its host. Take it out: the credentials go into client-id and client-secret.'
const TOO_LONG = 'token-url is too long for a URL. Give the address of the server.'
const FRAGMENT = 'token-url has a fragment (#...), which an endpoint cannot have. Take it out.'

test.each([
  ['a host alone', 'accounts.spotify.com', NO_URL],
  ['a path', '/api/token', NO_URL],
  ['http to another machine', 'http://as.example/token', NO_HTTPS],
  ['http to a name that only begins like loopback', 'http://127.0.0.1.as.example/token', NO_HTTPS],
  ['http to a name that only ends like localhost', 'http://notlocalhost/token', NO_HTTPS],
  ['another scheme', 'ftp://localhost/token', NO_HTTPS],
  ['a user name', 'https://user@as.example/token', USER_INFO],
  ['a password', 'https://:fake@as.example/token', USER_INFO],
  ['a fragment', 'https://as.example/token#top', FRAGMENT],
  ['an empty fragment', 'https://as.example/token#', FRAGMENT],
  ['two lines', 'https://as.example\nhttps://as.example/token', NO_URL],
  ['a space', 'https://as.example/a b', NO_URL],
  ['one slash', 'https:/as.example/token', NO_URL],
  ['backslashes', 'https:\\\\as.example\\token', NO_URL],
  ['more than a host can have', `https://${'a'.repeat(254)}/token`, TOO_LONG],
  ['more than 2,000 characters', `https://as.example/${'a'.repeat(1982)}`, TOO_LONG],
])('refuses %s', (_name, text, message) => {
  expect(() => parseEndpoint('token-url', text)).toThrow(new Error(message))
})

test('takes an issuer as it is written, for it is compared character by character', () => {
  const text = 'https://As.example/tenant/'
  expect(parseIssuer('issuer', text)).toEqual({ url: new URL(text), input: 'issuer', identifier: text })
})

test.each([
  ['no URL', 'as.example', 'issuer is not a URL. Give the whole address, from https:// on.'],
  [
    'a query',
    'https://as.example/?tenant=1',
    'issuer has a query (?...), which an issuer cannot have (RFC 8414, 2). Take it out.',
  ],
  [
    'the address of the metadata',
    'https://as.example/t/.well-known/openid-configuration',
    'issuer is the address of the metadata. Leave out /.well-known/ and what follows it, except a path of the issuer behind oauth-authorization-server.',
  ],
])('refuses an issuer that is or has %s', (_name, text, message) => {
  expect(() => parseIssuer('issuer', text)).toThrow(new Error(message))
})

const limits = () => ({ retries: 0, retriesWhenBusy: 0, deadline: monotonicMs() + 10_000 })

test('has nothing to find where the token endpoint is given', async () => {
  const token = parseEndpoint('token-url', 'https://as.example/token')
  expect(await findEndpoints({ token }, 'if known', limits())).toEqual({
    token,
    revocation: undefined,
    server: { audience: 'https://as.example/token', authMethods: [], signingAlgorithms: [] },
  })
})

const OAUTH = '/.well-known/oauth-authorization-server'
const OIDC = '/.well-known/openid-configuration'

type Places = (issuer: string) => Readonly<Record<string, object | string | number>>

/** Asks a server that has at each path an object, a text, or a status, and 404 elsewhere. */
async function discover(path: string, placesOf: Places, revocation: Revocation = 'if known') {
  await using server = await startServer((request, response: ServerResponse) => {
    const found = placesOf(issuer)[request.url] ?? 404
    if (typeof found === 'number') response.writeHead(found).end()
    else response.end(typeof found === 'string' ? found : JSON.stringify(found))
  })
  const issuer = `${server.origin}${path}`
  const printed = recordPrinted()
  try {
    const ended = await findEndpoints({ issuer: parseIssuer('issuer', issuer) }, revocation, limits()).catch(
      (error: Error) =>
        error.message.replaceAll(server.origin, '<origin>').replaceAll(new URL(issuer).host, '<host>'),
    )
    return {
      ended,
      issuer,
      printed: printed.lines(),
      paths: server.requests.map(({ method, url }) => `${method} ${url}`),
    }
  } finally {
    printed.restore()
  }
}

test.each([
  ['', [OAUTH]],
  ['/', [OAUTH]],
  ['/realms/a', [`${OAUTH}/realms/a`]],
  ['/realms/a/', [`${OAUTH}/realms/a`]],
])(
  'reads the metadata that stands before the path of the issuer (RFC 8414, 3.1): %j',
  async (path, paths) => {
    const {
      ended,
      issuer,
      paths: asked,
    } = await discover(path, (issuer) => ({
      [paths[0] as string]: {
        issuer,
        token_endpoint: 'https://as.example/token',
        revocation_endpoint: 'https://as.example/revoke',
        token_endpoint_auth_methods_supported: ['private_key_jwt', 7, 'a b', 'x'.repeat(65)],
        token_endpoint_auth_signing_alg_values_supported: ['PS256'],
      },
    }))
    expect(ended).toEqual({
      token: { url: new URL('https://as.example/token'), input: 'the token_endpoint of issuer' },
      revocation: { url: new URL('https://as.example/revoke'), input: 'the revocation_endpoint of issuer' },
      server: { audience: issuer, authMethods: ['private_key_jwt'], signingAlgorithms: ['PS256'] },
    })
    expect(asked).toEqual(paths.map((path) => `GET ${path}`))
  },
)

test.each([
  ['nothing', 404],
  ['a page', '<html>'],
  ['a server error', 503],
  [
    'the metadata of another issuer',
    { issuer: 'https://other.example', token_endpoint: 'https://x.example' },
  ],
  ['metadata without a token endpoint', {}],
])('reads the metadata of OpenID Connect after %s', async (_name, first) => {
  const { ended, paths } = await discover('/t', (issuer) => ({
    [`${OAUTH}/t`]: first,
    [`/t${OIDC}`]: { issuer, token_endpoint: 'http://localhost:1/token', revocation_endpoint: null },
  }))
  expect(ended).toMatchObject({
    token: { url: new URL('http://localhost:1/token') },
    revocation: undefined,
    server: { authMethods: [], signingAlgorithms: [] },
  })
  expect(paths).toEqual([`GET ${OAUTH}/t`, `GET /t${OIDC}`])
})

const NOT_THERE = 'HTTP 404 with an empty answer'
const TELL = 'Tell those who run the server, or give token-url instead of issuer.'
const FAILED = 'Could not find the endpoints of <host>:'

test.each<[string, Places, string]>([
  [
    'nothing at both places',
    () => ({}),
    `${NOT_THERE} (at ${OAUTH}); ${NOT_THERE} (at ${OIDC}). Check issuer: a server without metadata there needs token-url instead.`,
  ],
  [
    'another issuer',
    (issuer) => ({ [OIDC]: { issuer: `${issuer}/`, token_endpoint: 'https://x.example' } }),
    `${NOT_THERE} (at ${OAUTH}); the metadata is that of another issuer, <origin>/ (at ${OIDC}). Write issuer exactly as the server does, down to the slash at its end.`,
  ],
  [
    'an issuer that is an attack',
    () => ({ [OIDC]: { issuer: '\n::stop-commands::x', token_endpoint: 'https://x.example' } }),
    `${NOT_THERE} (at ${OAUTH}); the metadata is that of another issuer, ?::stop-commands::x (at ${OIDC}). Write issuer exactly as the server does, down to the slash at its end.`,
  ],
  [
    'no issuer',
    () => ({ [OIDC]: { token_endpoint: 'https://x.example' } }),
    `${NOT_THERE} (at ${OAUTH}); the metadata names no issuer (at ${OIDC}). Check issuer.`,
  ],
  [
    'no token endpoint',
    (issuer) => ({ [OAUTH]: { issuer } }),
    `the metadata names no token_endpoint (at ${OAUTH}); ${NOT_THERE} (at ${OIDC}). ${TELL}`,
  ],
  [
    'a token endpoint without TLS',
    (issuer) => ({ [OAUTH]: { issuer, token_endpoint: 'http://as.example/token' } }),
    `the token_endpoint in the metadata does not begin with https:// (at ${OAUTH}); ${NOT_THERE} (at ${OIDC}). ${TELL}`,
  ],
  [
    'a token endpoint that is an object',
    (issuer) => ({ [OAUTH]: { issuer, token_endpoint: { toString: 1 } } }),
    `the metadata names no token_endpoint (at ${OAUTH}); ${NOT_THERE} (at ${OIDC}). ${TELL}`,
  ],
  [
    'a token endpoint that is endless',
    (issuer) => ({ [OAUTH]: { issuer, token_endpoint: `https://${'a'.repeat(5000)}.example` } }),
    `the token_endpoint in the metadata is too long for a URL (at ${OAUTH}); ${NOT_THERE} (at ${OIDC}). ${TELL}`,
  ],
  [
    'a page at both places',
    () => ({ [OAUTH]: '<html>', [OIDC]: '<html>' }),
    `HTTP 200 with an HTML page instead of JSON (at ${OAUTH}); HTTP 200 with an HTML page instead of JSON (at ${OIDC}). Check issuer. A proxy or the login page of a network may also have answered in place of the server.`,
  ],
  [
    'a server that is down',
    () => ({ [OAUTH]: 503 }),
    `HTTP 503 with an empty answer (at ${OAUTH}); HTTP 404 with an empty answer (at ${OIDC}). The server has a problem of its own. Run the job again; if it fails again, look at its status page.`,
  ],
])('says what to do about %s', async (_name, places, message) => {
  expect((await discover('', places)).ended).toBe(`${FAILED} ${message}`)
})

test('asks for the metadata again after a failure that can pass', async () => {
  let requests = 0
  await using server = await startServer((_request, response) => {
    requests += 1
    const metadata = { issuer: server.origin, token_endpoint: 'https://as.example/token' }
    response.writeHead(requests <= 2 ? 503 : 200).end(JSON.stringify(metadata))
  })
  const printed = recordPrinted()
  const server_ = { issuer: parseIssuer('issuer', server.origin) }
  const endpoints = await findEndpoints(server_, 'if known', { ...limits(), retriesWhenBusy: 1 })
  printed.restore()
  expect(endpoints.token.url.href).toBe('https://as.example/token')
  expect(printed.lines()).toEqual([
    `Asking ${new URL(server.origin).host} for its metadata`,
    expect.stringMatching(
      /^HTTP 503 \(at .*\); HTTP 503 \(at .*\); trying again in \d\.\d s \(attempt 2 of 2\)$/,
    ),
  ])
  expect(server.requests.map(({ url }) => url)).toEqual([OAUTH, OIDC, OAUTH])
})

describe('with TLS', () => {
  /** Finds the endpoints of a server with TLS, whose certificate is trusted for so long. */
  async function discoverByTls(token_endpoint: string) {
    using authority = await createAuthority(['localhost'])
    const server = await startServer((_request, response) => {
      response.end(JSON.stringify({ issuer, token_endpoint }))
    }, authority.tls)
    const issuer = server.origin.replace('127.0.0.1', 'localhost')
    const trusted = getCACertificates()
    setDefaultCACertificates([...trusted, readFileSync(authority.file, 'utf8')])
    const printed = recordPrinted()
    try {
      return await findEndpoints({ issuer: parseIssuer('issuer', issuer) }, 'off', limits()).catch(
        ({ message }: Error) => message.replace(new URL(issuer).host, '<host>'),
      )
    } finally {
      printed.restore()
      setDefaultCACertificates(trusted)
      await server[Symbol.asyncDispose]()
    }
  }

  test('takes endpoints with it', async () => {
    expect(await discoverByTls('https://as.example/token')).toMatchObject({
      token: { url: new URL('https://as.example/token') },
    })
  })

  test('takes no endpoint on this machine without it, whatever the metadata says', async () => {
    const refusal = 'the token_endpoint in the metadata leads to this machine'
    expect(await discoverByTls('http://127.0.0.1:1/token')).toBe(
      `${FAILED} ${refusal} (at ${OAUTH}); ${refusal} (at ${OIDC}). ${TELL}`,
    )
  })
})

describe('what to revoke at', () => {
  const metadata = (revocation_endpoint: unknown) => (issuer: string) => ({
    [OAUTH]: { issuer, token_endpoint: 'https://as.example/token', revocation_endpoint },
  })

  test.each<[string, unknown, Revocation, unknown]>([
    ['is nothing where there is none', null, 'if known', undefined],
    ['is nothing where it is switched off, whatever the metadata says', 'nonsense', 'off', undefined],
    [
      'is what is given, whatever the metadata says',
      'nonsense',
      parseEndpoint('revocation-url', 'https://as.example/given'),
      { url: new URL('https://as.example/given'), input: 'revocation-url' },
    ],
  ])('%s', async (_name, named, revocation, expected) => {
    const { ended, printed } = await discover('', metadata(named), revocation)
    expect(ended).toMatchObject({ revocation: expected })
    expect(printed).toHaveLength(1)
  })

  test.each([
    ['http://as.example/revoke', 'the revocation_endpoint in the metadata does not begin with https://'],
    [['x'], 'the metadata names no revocation_endpoint'],
    ['', 'the revocation_endpoint in the metadata is not a URL'],
  ])('is nothing, with a warning, where the metadata has %j', async (named, reason) => {
    const { ended, printed } = await discover('', metadata(named))
    expect(ended).toMatchObject({ revocation: undefined })
    expect(printed[1]).toBe(
      `::warning::The token will not be revoked: ${reason}. Give revocation-url, or set revoke to false.`,
    )
  })

  test('is what is given beside a token endpoint, unless it is switched off', async () => {
    const token = parseEndpoint('token-url', 'https://as.example/token')
    expect(await findEndpoints({ token }, token, limits())).toMatchObject({ revocation: token })
    expect(await findEndpoints({ token }, 'off', limits())).toMatchObject({ revocation: undefined })
  })
})
