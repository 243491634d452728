import type { ServerResponse } from 'node:http'
import { describe, expect, jest, test } from '@jest/globals'
import { startServer } from '../../dev/servers/loopback-server.ts'
import { monotonicMs } from '../../src/http/clock.ts'
import { createAttempt } from '../../src/http/retry.ts'
import { findUrlProblem, parseEndpoint, parseIssuer } from '../../src/oauth/endpoint.ts'
import { explainErrorResponse } from '../../src/oauth/error-response.ts'
import {
  describeTarget,
  fetchMetadata,
  findEndpoint,
  findRevocationEndpoint,
} from '../../src/oauth/metadata.ts'
import { recordPrinted } from '../stdout.ts'

const OAUTH = '/.well-known/oauth-authorization-server'
const OIDC = '/.well-known/openid-configuration'
const TOKEN_URL = 'https://as.example/token'

type Documents = (issuer: string) => Readonly<Record<string, object | string | number>>

/** Fetches metadata from a server that has an object, a text or a status at each path, and 404 elsewhere. */
async function fetchFrom(
  path: string,
  documentsOf: Documents,
  { retries = 0, host = '127.0.0.1', status = 200 } = {},
) {
  let issuer = ''
  await using server = await startServer(({ url }, response: ServerResponse) => {
    const found = documentsOf(issuer)[url] ?? 404
    if (typeof found === 'number') response.writeHead(found).end()
    else response.writeHead(status).end(typeof found === 'string' ? found : JSON.stringify(found))
  })
  const origin = server.origin.replace('127.0.0.1', host)
  issuer = `${origin}${path}`
  const random = jest.spyOn(Math, 'random').mockReturnValue(0)
  const recorded = recordPrinted()
  const attempt = createAttempt({ retries, deadline: monotonicMs() + 10_000 })
  const hideOrigin = (text: string) =>
    text.replaceAll(origin, '<origin>').replaceAll(new URL(origin).host, '<host>')
  try {
    const result = await fetchMetadata(parseIssuer('issuer', issuer), attempt).then(
      (metadata) => ({ metadata, error: undefined }),
      ({ message }: Error) => ({ metadata: undefined, error: hideOrigin(message) }),
    )
    return {
      ...result,
      printed: recorded.lines().map(hideOrigin),
      requests: server.requests.map(({ method, url }) => `${method} ${url}`),
    }
  } finally {
    recorded.restore()
    random.mockRestore()
  }
}

/** The words of error-response.ts for a response of the server. */
function reasonFor(status: number, body = ''): string {
  const endpoint = parseEndpoint('issuer', 'https://as.example')
  const rejected = { secrets: [], client: () => '', grant: () => '' }
  return explainErrorResponse({ endpoint, status, headers: {}, body }, rejected).reason
}

test.each([
  ['', OAUTH, OIDC],
  ['/', OAUTH, OIDC],
  ['/realms/a', `${OAUTH}/realms/a`, `/realms/a${OIDC}`],
  ['/realms/a/', `${OAUTH}/realms/a`, `/realms/a${OIDC}`],
])('tries both well-known URLs of an issuer with the path %j', async (path, first, second) => {
  const metadata = (issuer: string) => ({ issuer, token_endpoint: TOKEN_URL })
  const { requests } = await fetchFrom(path, (issuer) => ({ [first]: metadata(issuer) }))
  expect(requests).toEqual([`GET ${first}`])
  const other = await fetchFrom(path, (issuer) => ({ [second]: metadata(issuer) }))
  expect(other.requests).toEqual([`GET ${first}`, `GET ${second}`])
  expect(other).toMatchObject({ metadata: { token_endpoint: TOKEN_URL }, error: undefined })
})

test('returns the members that the action uses, with a limited number of valid names', async () => {
  const many = Array.from({ length: 40 }, (_name, index) => `method_${index}`)
  const { metadata, printed } = await fetchFrom('', (issuer) => ({
    [OAUTH]: {
      issuer,
      token_endpoint: TOKEN_URL,
      revocation_endpoint: 'https://as.example/revoke',
      jwks_uri: 'https://as.example/keys',
      token_endpoint_auth_methods_supported: [7, 'a b', 'x'.repeat(65), ...many],
      token_endpoint_auth_signing_alg_values_supported: ['PS256', '##[x]', 'x'.repeat(64)],
    },
  }))
  expect(metadata).toEqual({
    token_endpoint: TOKEN_URL,
    revocation_endpoint: 'https://as.example/revoke',
    token_endpoint_auth_methods_supported: many.slice(0, 32),
    token_endpoint_auth_signing_alg_values_supported: ['PS256', 'x'.repeat(64)],
  })
  expect(printed).toEqual(['Fetching server metadata from <host>'])
})

test.each<[string, object | string | number]>([
  ['a missing document', 404],
  ['an HTML page', '<html>'],
  ['a server error', 503],
  ['the metadata of another issuer', { issuer: 'https://other.example', token_endpoint: TOKEN_URL }],
  ['metadata without a token endpoint', {}],
])('uses the second well-known URL after %s', async (_name, first) => {
  const { metadata } = await fetchFrom('/t', (issuer) => ({
    [`${OAUTH}/t`]: first,
    [`/t${OIDC}`]: { issuer, token_endpoint: 'http://localhost:1/token' },
  }))
  expect(metadata).toMatchObject({ token_endpoint: 'http://localhost:1/token' })
})

const NOT_FOUND = reasonFor(404)
const SET_EXACTLY = 'Set issuer to exactly this value, including any trailing slash.'
const CONTACT = "Contact the server's operator, or set token-url instead of issuer."

test.each<[string, Documents, string]>([
  [
    'no metadata',
    () => ({}),
    `${NOT_FOUND} (at ${OAUTH} and ${OIDC}). Check issuer. If the server does not publish metadata, set token-url instead.`,
  ],
  [
    'a rate limit, which says nothing about the metadata',
    () => ({ [OAUTH]: 429, [OIDC]: 429 }),
    `${reasonFor(429)} (at ${OAUTH} and ${OIDC}). Too many requests. Re-run the job later, or run fewer jobs in parallel.`,
  ],
  [
    'another issuer, by a trailing slash',
    (issuer) => ({ [OIDC]: { issuer: `${issuer}/`, token_endpoint: TOKEN_URL } }),
    `${NOT_FOUND} (at ${OAUTH}); the metadata is for another issuer (<origin>/) (at ${OIDC}). ${SET_EXACTLY}`,
  ],
  [
    'a long issuer, which is truncated',
    () => ({ [OIDC]: { issuer: 'x'.repeat(5000), token_endpoint: TOKEN_URL } }),
    `${NOT_FOUND} (at ${OAUTH}); the metadata is for another issuer (${'x'.repeat(200)}) (at ${OIDC}). ${SET_EXACTLY}`,
  ],
  [
    'a workflow command as issuer',
    () => ({ [OAUTH]: { issuer: '\n::stop-commands::x ##[x]', token_endpoint: TOKEN_URL } }),
    `the metadata is for another issuer (?::stop-commands::x ## [x]) (at ${OAUTH}); ${NOT_FOUND} (at ${OIDC}). ${SET_EXACTLY}`,
  ],
  [
    'no issuer',
    () => ({ [OIDC]: { token_endpoint: TOKEN_URL } }),
    `${NOT_FOUND} (at ${OAUTH}); the metadata has no issuer (at ${OIDC}). Check issuer.`,
  ],
  [
    'no token endpoint',
    (issuer) => ({ [OAUTH]: { issuer } }),
    `the metadata has no token_endpoint (at ${OAUTH}); ${NOT_FOUND} (at ${OIDC}). ${CONTACT}`,
  ],
])('explains %s', async (_name, documents, message) => {
  const { error } = await fetchFrom('', documents)
  expect(error).toBe(`Could not get server metadata from <host>: ${message}`)
})

test.each([
  ['the path', '/Realm', '127.0.0.1', (issuer: string) => issuer.replace('/Realm', '/realm')],
  ['the host', '', 'LOCALHOST', (issuer: string) => issuer.toLowerCase()],
])('rejects an issuer that differs by upper and lower case in %s', async (_name, path, host, change) => {
  const { error, requests } = await fetchFrom(
    path,
    (issuer) => ({ [`${OAUTH}${path}`]: { issuer: change(issuer), token_endpoint: TOKEN_URL } }),
    { host },
  )
  expect(error).toContain('the metadata is for another issuer')
  expect(requests).toHaveLength(2)
})

test.each<[string, Documents]>([
  ['a rejection', () => ({ [OAUTH]: 401, [OIDC]: 403 })],
  ['an HTML page', () => ({ [OAUTH]: '<html>', [OIDC]: '<html>' })],
  ['a redirect', () => ({ [OAUTH]: 302, [OIDC]: 302 })],
])('explains %s by the words for a response', async (_name, documents) => {
  const { error } = await fetchFrom('', documents)
  expect(error).toMatch(
    /^Could not get server metadata from <host>: HTTP \d+ .* \(at .*( and |\); HTTP \d+ ).*\. Check /,
  )
})

test('rejects metadata with another status than 200', async () => {
  const documents: Documents = (issuer) => ({ [OAUTH]: { issuer, token_endpoint: TOKEN_URL } })
  const { error, requests } = await fetchFrom('', documents, { status: 203 })
  expect(error).toMatch(/^Could not get server metadata from <host>: HTTP 203 /)
  expect(requests).toHaveLength(2)
})

test('retries both URLs after a transient error at either', async () => {
  let count = 0
  const { metadata, printed, requests } = await fetchFrom(
    '',
    (issuer): ReturnType<Documents> => {
      count += 1
      return { [OAUTH]: count === 1 ? 503 : { issuer, token_endpoint: TOKEN_URL } }
    },
    { retries: 1 },
  )
  expect(requests).toEqual([`GET ${OAUTH}`, `GET ${OIDC}`, `GET ${OAUTH}`])
  expect(metadata).toMatchObject({ token_endpoint: TOKEN_URL })
  expect(printed).toHaveLength(2)
})

describe('endpoints of the metadata, which is untrusted in the saved state, too', () => {
  const secure = parseIssuer('issuer', 'https://as.example')
  const local = parseIssuer('issuer', 'http://localhost:8080')

  test.each(['token_endpoint', 'revocation_endpoint'])('returns the %s', (name) => {
    const source = `the ${name} in the metadata`
    for (const [issuer, text] of [
      [secure, 'https://other.example/x'],
      [local, 'https://other.example/x'],
      [local, 'http://127.0.0.1:1/x'],
    ] as const) {
      expect(findEndpoint(issuer, { [name]: text }, name)).toEqual({ url: new URL(text), source })
    }
  })

  const problemOf = (text: string) => `the <name> in the metadata ${findUrlProblem(text)?.problem}`
  const tooLong = `https://${'a'.repeat(5000)}.example`

  test.each<[string, unknown, string]>([
    ['http', 'http://as.example/x', problemOf('http://as.example/x')],
    ['an empty text', '', problemOf('')],
    ['a URL of 5000 characters', tooLong, problemOf(tooLong)],
    ['http to localhost', 'http://localhost:1/x', 'the <name> in the metadata points to localhost'],
    ['http to loopback', 'http://127.0.0.1:1/x', 'the <name> in the metadata points to localhost'],
    ['an array', ['https://as.example/x'], 'the metadata has no <name>'],
    ['an object without toString', { toString: 1 }, 'the metadata has no <name>'],
  ])('rejects %s, if the issuer uses https', (_name, value, reason) => {
    const metadata = { token_endpoint: value, revocation_endpoint: value }
    const failureFor = (name: string) => ({
      reason: reason.replace('<name>', name),
      advice: CONTACT,
      transient: undefined,
    })
    expect(findEndpoint(secure, metadata, 'token_endpoint')).toMatchObject(failureFor('token_endpoint'))
    expect(describeTarget({ issuer: secure }, metadata).tokenUrl).toBeUndefined()
    expect(findRevocationEndpoint({ issuer: secure }, 'discover', metadata)).toMatchObject(
      failureFor('revocation_endpoint'),
    )
  })

  const token = parseEndpoint('token-url', TOKEN_URL)
  const revocation = parseEndpoint('revocation-url', 'https://as.example/set')
  const metadata = { revocation_endpoint: 'https://as.example/found' }
  const found = {
    url: new URL('https://as.example/found'),
    source: 'the revocation_endpoint in the metadata',
  }

  test.each([
    ['in the metadata of an issuer', { issuer: secure }, 'discover', metadata, found],
    [
      'as set, whatever the metadata has',
      { issuer: secure },
      revocation,
      { revocation_endpoint: 7 },
      revocation,
    ],
    ['as set beside a token endpoint', { token }, revocation, {}, revocation],
    ['none if the metadata has none', { issuer: secure }, 'discover', {}, undefined],
    [
      'none if the metadata has null',
      { issuer: secure },
      'discover',
      { revocation_endpoint: null },
      undefined,
    ],
    ['none beside a token endpoint, whatever the state has', { token }, 'discover', metadata, undefined],
    ['none if it is turned off', { issuer: secure }, 'off', metadata, undefined],
  ] as const)('finds the revocation endpoint: %s', (_name, server, revocation, metadata, expected) => {
    expect(findRevocationEndpoint(server, revocation, metadata)).toEqual(expected)
  })

  test('describes the target of a client authentication', () => {
    const names = Array.from({ length: 33 }, (_name, index) => `name_${index}`)
    expect(
      describeTarget(
        { issuer: secure },
        {
          token_endpoint: TOKEN_URL,
          token_endpoint_auth_methods_supported: ['a b', ...names],
          token_endpoint_auth_signing_alg_values_supported: 'RS256',
        },
      ),
    ).toEqual({
      audience: 'https://as.example',
      tokenUrl: TOKEN_URL,
      authMethods: names.slice(0, 32),
      signingAlgorithms: [],
    })
    expect(describeTarget({ token }, { token_endpoint_auth_methods_supported: ['none'] })).toEqual({
      audience: TOKEN_URL,
      tokenUrl: TOKEN_URL,
      authMethods: [],
      signingAlgorithms: [],
    })
  })
})
