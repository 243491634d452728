import type { ServerResponse } from 'node:http'
import { expect, test } from '@jest/globals'
import { startServer } from '../dev/loopback-server.ts'
import { findEndpoints, parseEndpoint, parseIssuer } from '../src/endpoints.ts'
import { recordPrinted } from './stdout.ts'

test.each([
  ['https', 'https://accounts.spotify.com/api/token'],
  ['a query (RFC 6749, 3.2)', 'https://as.example/token?tenant=1'],
  ['http to localhost', 'http://localhost:8080/token'],
  ['http to 127.0.0.1', 'http://127.0.0.1:8080/token'],
  ['http to IPv6 loopback', 'http://[::1]:8080/token'],
])('accepts %s', (_name, text) => {
  expect(parseEndpoint('token-url', text)).toEqual({ url: new URL(text), input: 'token-url' })
})

const NO_URL = 'token-url is not a URL. Give the whole address, from https:// on.'
const NO_HTTPS =
  'token-url does not begin with https://. Credentials are sent there, so only https is allowed (http only to localhost).'
const USER_INFO =
  'token-url has a user name or password before its host. Take it out: the credentials go into client-id and client-secret.'
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
])('refuses an issuer that is or has %s', (_name, text, message) => {
  expect(() => parseIssuer('issuer', text)).toThrow(new Error(message))
})

const limits = () => ({ retries: 0, retriesWhenBusy: 0, deadline: performance.now() + 10_000 })

test('has nothing to find where the token endpoint is given', async () => {
  const token = parseEndpoint('token-url', 'https://as.example/token')
  expect(await findEndpoints({ token }, limits())).toEqual({
    token,
    revocation: undefined,
    server: { audience: 'https://as.example/token', authMethods: [], signingAlgorithms: [] },
  })
})

const OAUTH = '/.well-known/oauth-authorization-server'
const OIDC = '/.well-known/openid-configuration'

type Places = (issuer: string) => Readonly<Record<string, object | string | number>>

/** Asks a server that has at each path an object, a text, or a status, and 404 elsewhere. */
async function discover(path: string, placesOf: Places) {
  await using server = await startServer((request, response: ServerResponse) => {
    const found = placesOf(issuer)[request.url] ?? 404
    if (typeof found === 'number') response.writeHead(found).end()
    else response.end(typeof found === 'string' ? found : JSON.stringify(found))
  })
  const issuer = `${server.origin}${path}`
  const printed = recordPrinted()
  try {
    const ended = await findEndpoints({ issuer: parseIssuer('issuer', issuer) }, limits()).catch(
      (error: Error) =>
        error.message.replaceAll(server.origin, '<origin>').replaceAll(new URL(issuer).host, '<host>'),
    )
    return { ended, issuer, paths: server.requests.map(({ method, url }) => `${method} ${url}`) }
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
        token_endpoint_auth_methods_supported: ['private_key_jwt', 7],
        token_endpoint_auth_signing_alg_values_supported: ['PS256'],
      },
    }))
    expect(ended).toEqual({
      token: { url: new URL('https://as.example/token'), input: 'issuer' },
      revocation: { url: new URL('https://as.example/revoke'), input: 'issuer' },
      server: { audience: issuer, authMethods: ['private_key_jwt'], signingAlgorithms: ['PS256'] },
    })
    expect(asked).toEqual(paths.map((path) => `GET ${path}`))
  },
)

test.each([
  ['nothing', 404],
  ['a page', '<html>'],
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
    `the metadata names no token_endpoint (at ${OAUTH}); ${NOT_THERE} (at ${OIDC}). Give token-url instead.`,
  ],
  [
    'a token endpoint without TLS',
    (issuer) => ({ [OAUTH]: { issuer, token_endpoint: 'http://as.example/token' } }),
    `the token_endpoint in the metadata does not begin with https:// (at ${OAUTH}); ${NOT_THERE} (at ${OIDC}). Credentials are sent there, so only https is allowed (http only to localhost).`,
  ],
  [
    'a revocation endpoint that is no URL',
    (issuer) => ({ [OAUTH]: { issuer, token_endpoint: 'https://x.example', revocation_endpoint: ['x'] } }),
    `the revocation_endpoint in the metadata is not a URL (at ${OAUTH}); ${NOT_THERE} (at ${OIDC}). Give the whole address, from https:// on.`,
  ],
  [
    'a page at both places',
    () => ({ [OAUTH]: '<html>', [OIDC]: '<html>' }),
    `HTTP 200 with an HTML page instead of JSON (at ${OAUTH}); HTTP 200 with an HTML page instead of JSON (at ${OIDC}). Check issuer. A proxy or the login page of a network may also have answered in place of the server.`,
  ],
  [
    'a server that is down',
    () => ({ [OAUTH]: 503 }),
    'HTTP 503 with an empty answer. The server has a problem of its own. Run the job again; if it fails again, look at its status page.',
  ],
])('says what to do about %s', async (_name, places, message) => {
  expect((await discover('', places)).ended).toBe(`${FAILED} ${message}`)
})

test('asks for the metadata again after a failure that can pass', async () => {
  let requests = 0
  await using server = await startServer((_request, response) => {
    requests += 1
    const metadata = { issuer: server.origin, token_endpoint: 'https://as.example/token' }
    response.writeHead(requests === 1 ? 503 : 200).end(JSON.stringify(metadata))
  })
  const printed = recordPrinted()
  const server_ = { issuer: parseIssuer('issuer', server.origin) }
  const endpoints = await findEndpoints(server_, { ...limits(), retriesWhenBusy: 1 })
  printed.restore()
  expect(endpoints.token.url.href).toBe('https://as.example/token')
  expect(printed.lines()).toEqual([
    `Asking ${new URL(server.origin).host} for its metadata`,
    expect.stringMatching(/^HTTP 503; trying again in \d\.\d s \(attempt 2 of 2\)$/),
  ])
  expect(server.requests.map(({ url }) => url)).toEqual([OAUTH, OAUTH])
})
