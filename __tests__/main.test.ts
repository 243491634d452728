import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { describe, expect, jest, test } from '@jest/globals'
import { jwtDecrypt } from 'jose'
import { type LoopbackServer, startServer } from '../dev/servers/loopback-server.ts'
import { createAuthority } from '../dev/servers/tls-authority.ts'
import { main } from '../src/main.ts'
import { prepareGrant } from '../src/oauth/grant.ts'
import { encryptToken } from '../src/oauth/shared-token.ts'
import { runInProcess } from './in-process.ts'

const NOW = new Date('2026-11-23T18:00:00Z')
const CREDENTIALS = { 'client-id': 'fake-id', 'client-secret': 'fake-secret' }
const BASIC = Buffer.from('fake-id:fake-secret').toString('base64')
const TOKEN = { access_token: 'fake-token', token_type: 'Bearer' }
const REVOKE_URL = 'https://as.example/revoke'
const NOTHING_TO_REVOKE = { revocation: '' }

type Respond = (response: ServerResponse, server: LoopbackServer, url: string) => void

const json =
  (members: object, status = 200, headers = {}): Respond =>
  (response) =>
    response.writeHead(status, headers).end(JSON.stringify(members))

/** Runs the main step against a server, at a fixed time. */
async function run(
  respond: Respond,
  inputs: Record<string, string> | ((origin: string) => Record<string, string>) = {},
  { env = {}, tls }: { env?: Record<string, string>; tls?: { key: string; cert: string } } = {},
) {
  let linesSoFar: () => readonly string[] = () => []
  const printedBefore: string[][] = []
  await using server: LoopbackServer = await startServer(({ url }, response) => {
    printedBefore.push([...linesSoFar()])
    respond(response, server, url)
  }, tls)
  const origin = server.origin.replace('127.0.0.1', 'localhost')
  const { host } = new URL(origin)
  const hideHost = (text: string) => text.replaceAll(host, '<host>')
  const given = typeof inputs === 'function' ? inputs(origin) : { 'token-url': `${origin}/token`, ...inputs }
  const random = jest.spyOn(Math, 'random').mockReturnValue(0)
  jest.useFakeTimers({
    now: NOW,
    doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'hrtime', 'setTimeout', 'clearTimeout'],
  })
  try {
    const act = (lines: () => readonly string[]) => {
      linesSoFar = lines
      return main()
    }
    const result = await runInProcess(act, { ...CREDENTIALS, ...given }, env)
    return {
      ...result,
      error: result.error === undefined ? undefined : hideHost(result.error),
      printed: result.printed.map(hideHost),
      printedBefore: printedBefore.map((lines) => lines.map(hideHost)),
      requests: server.requests,
      origin,
    }
  } finally {
    jest.useRealTimers()
    random.mockRestore()
  }
}

const BEFORE_REQUEST = [
  '::add-mask::fake-secret',
  `::add-mask::${BASIC}`,
  'Requesting an access token from <host>',
]

test('requests a token by default with Basic, sets the outputs, and saves nothing', async () => {
  const { error, printed, printedBefore, outputs, state, requests } = await run((...args) => {
    // The lifetime starts before the request.
    jest.setSystemTime(NOW.getTime() + 9000)
    json({ ...TOKEN, expires_in: 3600, refresh_token: 'fake-refresh', scope: 'read' })(...args)
  })
  expect(error).toBeUndefined()
  expect(requests).toMatchObject([
    { method: 'POST', headers: { authorization: `Basic ${BASIC}` }, body: 'grant_type=client_credentials' },
  ])
  expect(printedBefore).toEqual([BEFORE_REQUEST])
  expect(printed).toEqual([
    ...BEFORE_REQUEST,
    '::add-mask::fake-token',
    '::add-mask::fake-refresh',
    'Got a Bearer token; it expires at 2026-11-23 19:00 UTC (in 60 min)',
  ])
  expect(outputs).toEqual({
    'access-token': 'fake-token',
    'token-type': 'Bearer',
    'expires-in': '3600',
    'expires-at': '2026-11-23T19:00:00Z',
    scope: 'read',
    'shared-token': '',
  })
  expect(state).toEqual(NOTHING_TO_REVOKE)
})

test('sends the parameters of the grant, the inputs and the client authentication, each once', async () => {
  const { requests } = await run(json(TOKEN), {
    scope: 'read write',
    audience: 'urn:a',
    resource: 'https://a.example/?x=1\nurn:b',
    'extra-params': 'tenant=ü &=',
    'auth-method': 'client_secret_post',
  })
  expect(requests[0]?.body).toBe(
    'grant_type=client_credentials&scope=read+write&audience=urn%3Aa&resource=https%3A%2F%2Fa.example%2F%3Fx%3D1&resource=urn%3Ab&tenant=%C3%BC+%26%3D&client_id=fake-id&client_secret=fake-secret',
  )
})

test('sends a new assertion with a retry, and masks each before it is sent', async () => {
  let count = 0
  const { error, requests, printedBefore } = await run(
    (...args) => {
      count += 1
      json(count === 1 ? {} : TOKEN, count === 1 ? 500 : 200)(...args)
    },
    { 'auth-method': 'client_secret_jwt', retries: '1' },
  )
  expect(error).toBeUndefined()
  const assertions = requests.map(({ body }) => new URLSearchParams(body).get('client_assertion'))
  expect(new Set(assertions).size).toBe(2)
  expect(printedBefore.map((lines) => lines.at(-1))).toEqual(
    assertions.map((assertion) => `::add-mask::${assertion}`),
  )
})

test('prints warnings after the masks, and sets outputs to empty that the response lacks', async () => {
  const { printed, outputs } = await run(json({ access_token: 'fake-token' }))
  expect(printed).toEqual([
    ...BEFORE_REQUEST,
    '::add-mask::fake-token',
    expect.stringMatching(/^::warning::The response has no valid token_type/),
    'Got a Bearer token; the server did not return a lifetime',
  ])
  expect(outputs).toEqual({
    'access-token': 'fake-token',
    'token-type': 'Bearer',
    'expires-in': '',
    'expires-at': '',
    scope: '',
    'shared-token': '',
  })
})

test.each([
  [0, '23 18:00', '0 s'],
  [119, '23 18:01', '119 s'],
  [120, '23 18:02', '2 min'],
  [7199, '23 19:59', '120 min'],
  [7200, '23 20:00', '2 h'],
  [172_799, '25 17:59', '48 h'],
  [172_800, '25 18:00', '2 days'],
])('logs a lifetime of %i seconds', async (expires_in, time, duration) => {
  const { printed } = await run(json({ ...TOKEN, expires_in }))
  expect(printed.at(-1)).toBe(`Got a Bearer token; it expires at 2026-11-${time} UTC (in ${duration})`)
})

test.each([
  ['bearer', 'a bearer token'],
  ['fake-secre', 'an access token'],
  ['xBearer', 'an access token'],
  ['Bearerx', 'an access token'],
])('logs no token type except Bearer: %s', async (token_type, kind) => {
  const { printed, outputs } = await run(json({ ...TOKEN, token_type }))
  expect(printed.at(-1)).toMatch(new RegExp(`^Got ${kind};`))
  expect(outputs['token-type']).toBe(token_type)
})

test('throws an error of the server, without an output', async () => {
  const { error, printed, outputs, state } = await run(json({ error: 'invalid_client' }, 401))
  expect(error).toMatch(/^Could not get an access token from <host>: HTTP 401 invalid_client\. /)
  expect(printed).toEqual(BEFORE_REQUEST)
  expect({ outputs, state }).toEqual({ outputs: {}, state: NOTHING_TO_REVOKE })
})

test('builds the advice on the grant, too', async () => {
  const { error } = await run(json({ error: 'unauthorized_client' }, 400))
  const target = { audience: '', tokenUrl: undefined, authMethods: [], signingAlgorithms: [] }
  const { enable } = await prepareGrant({ type: 'client_credentials' }, target)(() => Promise.reject())
  expect(error?.endsWith(` ${enable}`)).toBe(true)
})

test('sends the request as JSON, with Basic in the header', async () => {
  const { requests } = await run(json(TOKEN), {
    'request-format': 'json',
    scope: 'read write',
    resource: 'urn:a\nurn:b',
    'extra-params': '__proto__=x',
  })
  expect(requests).toMatchObject([
    {
      headers: { authorization: `Basic ${BASIC}`, 'content-type': 'application/json' },
      body: '{"grant_type":"client_credentials","scope":"read write","resource":["urn:a","urn:b"],"__proto__":"x"}',
    },
  ])
})

test('names request-format in the advice on a JSON request', async () => {
  const { error } = await run(json({}, 415), { 'request-format': 'json' })
  expect(error).toMatch(/: HTTP 415\. Set request-format to form\b/)
})

describe('with a refresh token', () => {
  const REFRESH = { 'grant-type': 'refresh_token', 'refresh-token': 'fake-refresh' }
  const MASKS_FIRST = ['::add-mask::fake-secret', '::add-mask::fake-refresh', ...BEFORE_REQUEST.slice(1)]
  const REPLACED =
    '::warning::The server returned a new refresh token, so the stored one may have stopped working. Use an app whose refresh tokens are not rotated, or store a new one before the next run.'

  test('sends it, and masks it before', async () => {
    const { error, requests, printedBefore, outputs, state } = await run(json(TOKEN), REFRESH)
    expect(error).toBeUndefined()
    expect(requests).toMatchObject([
      {
        headers: { authorization: `Basic ${BASIC}` },
        body: 'grant_type=refresh_token&refresh_token=fake-refresh',
      },
    ])
    expect(printedBefore).toEqual([MASKS_FIRST])
    expect(outputs['access-token']).toBe('fake-token')
    expect(state).toEqual(NOTHING_TO_REVOKE)
  })

  test('warns if the server returns another one, which is masked before and never an output', async () => {
    const { printed, outputs, state } = await run(
      json({ ...TOKEN, refresh_token: 'fake-refresh-2' }),
      REFRESH,
    )
    expect(printed).toEqual([
      ...MASKS_FIRST,
      '::add-mask::fake-token',
      '::add-mask::fake-refresh-2',
      REPLACED,
      expect.stringMatching(/^Got a Bearer token/),
    ])
    expect(JSON.stringify({ outputs, state })).not.toContain('fake-refresh')
  })

  test.each([
    ['the same one', 'fake-refresh'],
    ['none', undefined],
    ['null', null],
    ['an empty one', ''],
  ])('does not warn if the server returns %s', async (_name, refresh_token) => {
    const { printed, outputs } = await run(json({ ...TOKEN, refresh_token }), REFRESH)
    expect(printed.join('\n')).not.toContain('::warning::')
    expect(outputs['access-token']).toBe('fake-token')
  })

  test('does not warn of a refresh token that another grant returns', async () => {
    const { printed } = await run(json({ ...TOKEN, refresh_token: 'fake-refresh-2' }))
    expect(printed.join('\n')).not.toContain('::warning::')
  })

  test('redacts it if the server echoes it, and builds the advice on it', async () => {
    const error_description = 'fake-refresh is unknown'
    const { error, outputs } = await run(json({ error: 'invalid_grant', error_description }, 400), REFRESH)
    expect(error).toMatch(
      /: HTTP 400 invalid_grant \(\*\*\* is unknown\)\. The refresh token may have expired /,
    )
    expect(outputs).toEqual({})
  })

  test('saves no state, even if the metadata has a revocation endpoint', async () => {
    const { error, state } = await run(
      (response, server, url) => {
        const issuer = server.origin.replace('127.0.0.1', 'localhost')
        const metadata = {
          issuer,
          token_endpoint: `${issuer}/token`,
          revocation_endpoint: `${issuer}/revoke`,
        }
        json(url.startsWith('/.well-known/') ? metadata : TOKEN)(response, server, url)
      },
      (issuer) => ({ issuer, ...REFRESH }),
    )
    expect(error).toBeUndefined()
    expect(state).toEqual(NOTHING_TO_REVOKE)
  })
})

describe('with an ID token', () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

  /** Runs the main step against a server that is also GitHub's ID token endpoint. */
  async function runWithIdTokens(respond: Respond, inputs: Record<string, string>) {
    const idTokens: string[] = []
    await using github = await startServer(({ url }, response) => {
      const aud = new URL(url, 'http://localhost').searchParams.get('audience')
      const claims = { iss: 'https://github.example', sub: 'repo:x', aud, jti: idTokens.length }
      idTokens.push(`${encode({ alg: 'RS256' })}.${encode(claims)}.fake`)
      response.end(JSON.stringify({ value: idTokens.at(-1) }))
    })
    const env = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${github.origin}/?x=1`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'fake-request-token',
    }
    const result = await run(
      respond,
      (origin) => ({ 'client-id': '', 'client-secret': '', 'token-url': `${origin}/token`, ...inputs }),
      { env },
    )
    return { ...result, idTokens }
  }

  test('sends a new one with a retry, and masks each before it is sent', async () => {
    let count = 0
    const { error, requests, printedBefore, idTokens } = await runWithIdTokens(
      (...args) => {
        count += 1
        json(count === 1 ? {} : TOKEN, count === 1 ? 503 : 200)(...args)
      },
      { 'grant-type': 'token_exchange', scope: 'read' },
    )
    expect(error).toBeUndefined()
    expect(new Set(idTokens).size).toBe(2)
    expect(requests.map(({ body }) => body)).toEqual(
      idTokens.map(
        (idToken) =>
          `grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=${idToken}&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt&scope=read`,
      ),
    )
    expect(printedBefore.map((lines) => lines.at(-1))).toEqual(
      idTokens.map((idToken) => `::add-mask::${idToken}`),
    )
  })

  test('sends the subject_token_type of extra-params instead of the default', async () => {
    const { requests, idTokens } = await runWithIdTokens(json(TOKEN), {
      'grant-type': 'token_exchange',
      'extra-params': 'subject_token_type=urn:x',
    })
    expect(requests[0]?.body).toBe(
      `grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=${idTokens[0]}&subject_token_type=urn%3Ax`,
    )
  })

  test.each(['invalid_grant', 'invalid_request', 'access_denied'])(
    'shows its claims if the server rejects it with %s',
    async (code) => {
      const { error, idTokens } = await runWithIdTokens(json({ error: code }, 400), {
        'grant-type': 'jwt_bearer',
      })
      expect(error).toContain(
        'iss=https://github.example, sub=repo:x, aud=http://<host>/token (assertion-audience).',
      )
      expect(error).not.toContain(idTokens[0])
    },
  )

  test('does not show its claims if the server rejects another parameter', async () => {
    const { error } = await runWithIdTokens(json({ error: 'invalid_scope' }, 400), {
      'grant-type': 'jwt_bearer',
    })
    expect(error).not.toContain('iss=')
  })

  test('redacts the ID tokens of all attempts if the server echoes them', async () => {
    const bodies: string[] = []
    const { error, idTokens } = await runWithIdTokens(
      (response, { requests }) => {
        const assertion = new URLSearchParams(requests.at(-1)?.body).get('assertion') ?? ''
        bodies.push(assertion)
        const error_description = `${bodies.join(' ')} x`
        const body = JSON.stringify({ error: 'invalid_grant', error_description })
        response.writeHead(bodies.length === 1 ? 503 : 400).end(body)
      },
      { 'grant-type': 'jwt_bearer' },
    )
    expect(bodies).toEqual(idTokens)
    expect(error).toContain('(*** *** x)')
  })

  test('logs the type of a token that is not an access token', async () => {
    const { printed, outputs } = await runWithIdTokens(
      json({
        access_token: 'fake-token',
        token_type: 'N_A',
        issued_token_type: 'urn:ietf:params:oauth:token-type:id_token',
        expires_in: 300,
      }),
      { 'grant-type': 'token_exchange' },
    )
    expect(printed.at(-1)).toBe('Got a token of type id_token; it expires at 2026-11-23 18:05 UTC (in 5 min)')
    expect(outputs).toMatchObject({ 'access-token': 'fake-token', 'token-type': 'N_A' })
  })

  test('saves the state for the post step', async () => {
    const { state } = await runWithIdTokens(json(TOKEN), {
      'grant-type': 'token_exchange',
      'revocation-url': REVOKE_URL,
    })
    expect(JSON.parse(state['revocation'] ?? '')).toMatchObject({ accessToken: 'fake-token' })
  })
})

test.each([
  [{ 'client-id': '' }, /^client-id is empty/],
  [{ 'ca-certificate': 'x' }, /^ca-certificate /],
])('throws the error of an input, and sends nothing: %j', async (inputs, message) => {
  const { error, requests, state } = await run(json(TOKEN), inputs)
  expect(error).toMatch(message)
  expect({ requests, state }).toEqual({ requests: [], state: NOTHING_TO_REVOKE })
})

test.each([
  ['is empty', ''],
  ['does not exist', '/nonexistent/output'],
  ['is a folder', tmpdir()],
])('fails before it reads the inputs if GITHUB_OUTPUT %s', async (_name, GITHUB_OUTPUT) => {
  const { error, printed, state } = await runInProcess(async () => {
    process.env['GITHUB_OUTPUT'] = GITHUB_OUTPUT
    await main()
  }, CREDENTIALS)
  expect(error).toBe(
    'GITHUB_OUTPUT is not a writable file, so the token cannot be passed on safely. Run this action on GitHub Actions or a compatible runner.',
  )
  expect({ printed, state }).toEqual({ printed: [], state: NOTHING_TO_REVOKE })
})

test('fails if GITHUB_OUTPUT is not set', async () => {
  const { error, state } = await runInProcess(async () => {
    delete process.env['GITHUB_OUTPUT']
    await main()
  }, CREDENTIALS)
  expect(error).toMatch(/^GITHUB_OUTPUT /)
  expect(state).toEqual(NOTHING_TO_REVOKE)
})

test.each([
  ['0', 1],
  ['1', 2],
])('sends as many requests as retries allow: %s', async (retries, count) => {
  const { error, requests } = await run(json({}, 500), { retries })
  expect(error).toMatch(/^Could not get an access token from <host>/)
  expect(requests).toHaveLength(count)
})

test('limits all waits by timeout', async () => {
  const { error, requests } = await run(json({}, 503, { 'retry-after': '100' }), { timeout: '50' })
  expect(error).toMatch(/\b(49|50) s\b/)
  expect(requests).toHaveLength(1)
})

test('trusts a ca-certificate', async () => {
  using authority = await createAuthority(['localhost'])
  const trusted = getCACertificates('default')
  try {
    const inputs = { 'ca-certificate': readFileSync(authority.file, 'utf8') }
    const { error, outputs } = await run(json(TOKEN), inputs, { tls: authority.tls })
    expect(error).toBeUndefined()
    expect(outputs['access-token']).toBe('fake-token')
  } finally {
    setDefaultCACertificates(trusted)
  }
})

describe('the state for the post step', () => {
  const withUrl = { 'revocation-url': REVOKE_URL }

  test('has the token and when it expires', async () => {
    const { state } = await run(json({ ...TOKEN, expires_in: 60 }), withUrl)
    expect(JSON.parse(state['revocation'] ?? '')).toEqual({
      accessToken: 'fake-token',
      expiresAt: NOW.getTime() + 60_000,
      metadata: { revocation_endpoint: REVOKE_URL },
    })
  })

  test('has no time if the response has none', async () => {
    const { state } = await run(json(TOKEN), withUrl)
    expect(JSON.parse(state['revocation'] ?? '')).toEqual({
      accessToken: 'fake-token',
      metadata: { revocation_endpoint: REVOKE_URL },
    })
  })

  test.each([
    ['revoke is false', { revoke: 'false', ...withUrl }],
    ['there is no revocation endpoint', {}],
  ])('is empty if %s', async (_name, inputs) => {
    const { printed, state } = await run(json(TOKEN), inputs)
    expect(state).toEqual(NOTHING_TO_REVOKE)
    expect(printed.join('\n')).not.toContain('::warning::')
  })

  const emptyState = JSON.stringify({ accessToken: '', metadata: { revocation_endpoint: REVOKE_URL } })
  const MAX_TOKEN = 'x'.repeat(30_000 - emptyState.length)

  test('has a token that just fits into a variable on Windows', async () => {
    const { state } = await run(json({ ...TOKEN, access_token: MAX_TOKEN }), withUrl)
    expect(JSON.parse(state['revocation'] ?? '').accessToken).toBe(MAX_TOKEN)
  })

  const NOT_SAVED = '::warning::The token will not be revoked: it could not be saved for the post step.'

  test('is empty, with a warning, if the token does not fit', async () => {
    const { error, printed, state, outputs } = await run(
      json({ ...TOKEN, access_token: `${MAX_TOKEN}x` }),
      withUrl,
    )
    expect(error).toBeUndefined()
    expect(printed.at(-2)).toBe(NOT_SAVED)
    expect(state).toEqual(NOTHING_TO_REVOKE)
    expect(outputs['access-token']).toBe(`${MAX_TOKEN}x`)
  })

  test('does not have the token, with a warning, if the toolkit would print it', async () => {
    const { error, printed, state, outputs } = await run(json(TOKEN), withUrl, { env: { GITHUB_STATE: '' } })
    expect(error).toBeUndefined()
    const lines = printed.filter((line) => line !== '')
    expect(lines[0]).toBe('::save-state name=revocation::')
    expect(lines.slice(1)).toEqual([
      ...BEFORE_REQUEST,
      '::add-mask::fake-token',
      NOT_SAVED,
      expect.stringMatching(/^Got /),
    ])
    expect(state).toEqual({})
    expect(outputs['access-token']).toBe('fake-token')
  })
})

describe('with an issuer', () => {
  const respond: Respond = (response, server, url) => {
    const origin = server.origin.replace('127.0.0.1', 'localhost')
    const metadata = {
      issuer: origin,
      token_endpoint: `${origin}/found`,
      revocation_endpoint: `${origin}/revoke`,
      token_endpoint_auth_methods_supported: ['client_secret_basic'],
    }
    json(url.startsWith('/.well-known/') ? metadata : TOKEN)(response, server, url)
  }

  test('discovers the endpoints, and saves the metadata', async () => {
    const { requests, state, printed, origin } = await run(respond, (issuer) => ({ issuer }))
    expect(requests.map(({ url }) => url)).toEqual(['/.well-known/oauth-authorization-server', '/found'])
    expect(printed).toEqual([
      '::add-mask::fake-secret',
      expect.stringMatching(/^Fetching server metadata from /),
      ...BEFORE_REQUEST.slice(1),
      '::add-mask::fake-token',
      expect.stringMatching(/^Got a Bearer token/),
    ])
    expect(JSON.parse(state['revocation'] ?? '')).toEqual({
      accessToken: 'fake-token',
      metadata: {
        token_endpoint: `${origin}/found`,
        revocation_endpoint: `${origin}/revoke`,
        token_endpoint_auth_methods_supported: ['client_secret_basic'],
        token_endpoint_auth_signing_alg_values_supported: [],
      },
    })
  })

  test('fails without metadata, and sends no credentials', async () => {
    const { error, requests } = await run(json({}, 404), (issuer) => ({ issuer, retries: '0' }))
    expect(error).toMatch(/^Could not get server metadata from <host>: /)
    expect(requests.map(({ method }) => method)).toEqual(['GET', 'GET'])
  })

  test('saves nothing, with a warning, if the revocation endpoint is invalid', async () => {
    const { error, printed, state } = await run(
      (response, server, url) => {
        const issuer = server.origin.replace('127.0.0.1', 'localhost')
        const metadata = { issuer, token_endpoint: `${issuer}/token`, revocation_endpoint: 7 }
        json(url.startsWith('/.well-known/') ? metadata : TOKEN)(response, server, url)
      },
      (issuer) => ({ issuer }),
    )
    expect(error).toBeUndefined()
    expect(printed.at(-2)).toMatch(
      /^::warning::The token will not be revoked: the .*\. Set revocation-url, or set revoke to false\.$/,
    )
    expect(state).toEqual(NOTHING_TO_REVOKE)
  })
})

describe('with share-key', () => {
  const KEY = randomBytes(32)
  const SHARE_KEY = KEY.toString('base64')
  const ENV = {
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: 'fake/repository',
    GITHUB_RUN_ID: '42',
  }
  const RUN = 'https://github.com/fake/repository/actions/runs/42'
  const NO_CREDENTIALS = { 'client-id': '', 'client-secret': '' }
  const MASKS_FIRST = [
    '::add-mask::fake-secret',
    `::add-mask::${SHARE_KEY}`,
    ...BEFORE_REQUEST.slice(1),
    '::add-mask::fake-token',
  ]

  const share = (respond: Respond, inputs: Record<string, string> = {}) =>
    run(respond, (origin) => ({ 'token-url': `${origin}/token`, 'share-key': SHARE_KEY, ...inputs }), {
      env: ENV,
    })
  const decrypt = (text = '') => jwtDecrypt(text, KEY, { audience: RUN, currentDate: NOW })

  test('sets the encrypted token as an output, and says that it is not revoked', async () => {
    const { error, printed, outputs, state, requests } = await share(
      json({ ...TOKEN, expires_in: 3600, scope: 'read' }),
      { 'revocation-url': REVOKE_URL },
    )
    expect(error).toBeUndefined()
    expect(requests).toHaveLength(1)
    expect(printed).toEqual([
      ...MASKS_FIRST,
      'Got a Bearer token; it expires at 2026-11-23 19:00 UTC (in 60 min). The token is shared with other jobs and will not be revoked',
    ])
    const { 'shared-token': sharedToken, ...others } = outputs
    expect(others).toEqual({
      'access-token': 'fake-token',
      'token-type': 'Bearer',
      'expires-in': '3600',
      'expires-at': '2026-11-23T19:00:00Z',
      scope: 'read',
    })
    expect((await decrypt(sharedToken)).payload).toMatchObject({
      access_token: 'fake-token',
      token_type: 'Bearer',
      scope: 'read',
      iat: NOW.getTime() / 1000,
      exp: NOW.getTime() / 1000 + 3600,
    })
    expect(state).toEqual(NOTHING_TO_REVOKE)
  })

  test('says that a token without a lifetime is not revoked', async () => {
    const { printed, outputs } = await share(json(TOKEN))
    expect(printed.at(-1)).toBe(
      'Got a Bearer token; the server did not return a lifetime. The token is shared with other jobs and will not be revoked',
    )
    expect((await decrypt(outputs['shared-token'])).payload).not.toHaveProperty('exp')
  })

  test('encrypts what the token was requested with', async () => {
    const { outputs, origin } = await share(json(TOKEN), {
      scope: 'read write',
      audience: 'urn:a',
      resource: 'urn:b\nurn:c',
      'extra-params': 'x=1',
    })
    expect((await decrypt(outputs['shared-token'])).payload['request']).toEqual({
      server: `${origin}/token`,
      'client-id': 'fake-id',
      'grant-type': 'client_credentials',
      scope: 'read write',
      audience: 'urn:a',
      resource: 'urn:b urn:c',
      'assertion-audience': '',
      'extra-params': '[["x","1"]]',
      'refresh-token': '',
    })
  })

  test.each([
    ['urn:pool', 'urn:pool'],
    ['', ''],
  ])('encrypts assertion-audience %j of the token request', async (input, expected) => {
    await using github = await startServer((_request, response) =>
      response.end(JSON.stringify({ value: 'fake.id.token' })),
    )
    const { outputs } = await run(
      json(TOKEN),
      (origin) => ({
        'client-id': '',
        'client-secret': '',
        'token-url': `${origin}/token`,
        'grant-type': 'token_exchange',
        'assertion-audience': input,
        'share-key': SHARE_KEY,
      }),
      {
        env: {
          ...ENV,
          ACTIONS_ID_TOKEN_REQUEST_URL: `${github.origin}/?x=1`,
          ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'fake-request-token',
        },
      },
    )
    const { request } = (await decrypt(outputs['shared-token'])).payload
    expect(request).toMatchObject({ 'grant-type': 'token_exchange', 'assertion-audience': expected })
  })

  test('encrypts a hash of the refresh token that the token was requested with', async () => {
    const { outputs } = await share(json(TOKEN), {
      'grant-type': 'refresh_token',
      'refresh-token': 'fake-refresh-token',
    })
    const { request } = (await decrypt(outputs['shared-token'])).payload
    expect(request).toMatchObject({ 'refresh-token': expect.stringMatching(/^[\w-]{43}$/) })
    expect(JSON.stringify(request)).not.toContain('fake-refresh-token')
  })

  test('encrypts the issuer, and saves no state although the metadata has a revocation endpoint', async () => {
    const { outputs, state, origin } = await run(
      (response, server, url) => {
        const issuer = server.origin.replace('127.0.0.1', 'localhost')
        const metadata = { issuer, token_endpoint: `${issuer}/x`, revocation_endpoint: `${issuer}/revoke` }
        json(url.startsWith('/.well-known/') ? metadata : TOKEN)(response, server, url)
      },
      (issuer) => ({ issuer, 'share-key': SHARE_KEY }),
      { env: ENV },
    )
    expect((await decrypt(outputs['shared-token'])).payload['request']).toMatchObject({ server: origin })
    expect(state).toEqual(NOTHING_TO_REVOKE)
  })

  test('sets no output if the request fails', async () => {
    const { error, outputs } = await share(json({ error: 'invalid_client' }, 401))
    expect(error).toMatch(/^Could not get an access token from <host>: HTTP 401 /)
    expect(outputs).toEqual({})
  })

  /** A token of another job, requested with the inputs of `share` and a server at this origin. */
  async function createSharedToken({
    origin = '',
    secondsLeft = 3600,
    tokenType = 'Bearer',
    runId = ENV.GITHUB_RUN_ID,
    key = KEY,
  }) {
    const expiresAt = new Date(NOW.getTime() + secondsLeft * 1000)
    const identity = {
      server: `${origin}/token`,
      'client-id': 'fake-id',
      'grant-type': 'client_credentials',
      scope: '',
      audience: '',
      resource: '',
      'assertion-audience': '',
      'extra-params': '[]',
      'refresh-token': '',
    }
    return await encryptToken(
      { accessToken: 'fake-shared', tokenType, scope: 'read', lifetime: { seconds: 3600, expiresAt } },
      identity,
      { key, run: RUN.replace(/42$/, runId) },
      NOW,
    )
  }

  /** Runs a step that receives a shared token. */
  async function receive(
    options: Parameters<typeof createSharedToken>[0],
    inputs: Record<string, string> = NO_CREDENTIALS,
    respond = json({ ...TOKEN, expires_in: 60 }),
  ) {
    await using server: LoopbackServer = await startServer(({ url }, response) =>
      respond(response, server, url),
    )
    const origin = server.origin.replace('127.0.0.1', 'localhost')
    const sharedToken = await createSharedToken({ origin, ...options })
    const tokenUrl = inputs['client-id'] === '' ? {} : { 'token-url': `${origin}/token` }
    const result = await run(
      () => {},
      () => ({ ...tokenUrl, 'share-key': SHARE_KEY, 'shared-token': sharedToken, ...inputs }),
      { env: ENV },
    )
    const { host } = new URL(origin)
    const hideHost = (line: string) => line.replaceAll(host, '<host>')
    return { ...result, sharedToken, requests: server.requests, printed: result.printed.map(hideHost) }
  }

  test.each([
    ['without client credentials', NO_CREDENTIALS, []],
    ['with client credentials for the same request', {}, ['::add-mask::fake-secret']],
  ])('uses the token of another job %s, and masks it first', async (_name, inputs, masks) => {
    const { error, printed, outputs, state, requests, sharedToken } = await receive(
      { secondsLeft: 1800 },
      inputs,
    )
    expect(error).toBeUndefined()
    expect(requests).toEqual([])
    expect(printed).toEqual([
      ...masks,
      `::add-mask::${SHARE_KEY}`,
      '::add-mask::fake-shared',
      'Using a Bearer token from another job; it expires at 2026-11-23 18:30 UTC (in 30 min)',
    ])
    expect(outputs).toEqual({
      'access-token': 'fake-shared',
      'token-type': 'Bearer',
      'expires-in': '1800',
      'expires-at': '2026-11-23T18:30:00Z',
      scope: 'read',
      'shared-token': sharedToken,
    })
    expect(state).toEqual(NOTHING_TO_REVOKE)
  })

  test('logs no token type of another job except Bearer', async () => {
    const { printed, outputs } = await receive({ tokenType: 'N_A' })
    expect(printed.at(-1)).toMatch(/^Using an access token from another job;/)
    expect(outputs['token-type']).toBe('N_A')
  })

  test('masks the token of another job before it is an output', async () => {
    const sharedToken = await createSharedToken({})
    const outputsAtMask: string[] = []
    jest.useFakeTimers({ now: NOW, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] })
    const { error } = await runInProcess(
      async () => {
        const record = process.stdout.write
        process.stdout.write = (text: string | Uint8Array) => {
          if (`${text}`.includes('fake-shared')) {
            outputsAtMask.push(readFileSync(process.env['GITHUB_OUTPUT'] ?? '', 'utf8'))
          }
          return record.call(process.stdout, text)
        }
        await main().finally(() => {
          process.stdout.write = record
        })
      },
      { 'share-key': SHARE_KEY, 'shared-token': sharedToken },
      ENV,
    ).finally(() => jest.useRealTimers())
    expect({ error, outputsAtMask }).toEqual({ error: undefined, outputsAtMask: [''] })
  })

  type Unusable = [name: string, options: Parameters<typeof createSharedToken>[0], reason: string]
  const UNUSABLE: Unusable[] = [
    ['has expired', { secondsLeft: -1 }, 'has expired'],
    ['is about to expire', { secondsLeft: 299 }, 'is about to expire (in 299 s)'],
    ['is from another run', { runId: '41' }, 'is from another workflow run'],
  ]

  test.each(UNUSABLE)(
    'fails without client credentials if shared-token %s',
    async (_name, options, reason) => {
      const { error, outputs, printed } = await receive(options)
      expect(error).toBe(
        `shared-token ${reason}. ${reason.endsWith(' run') ? 'Use the output of a job of the same run' : 'Re-run all jobs'}, or set client-id and its credentials to request a new token.`,
      )
      expect({ outputs, printed }).toEqual({ outputs: {}, printed: [`::add-mask::${SHARE_KEY}`] })
    },
  )

  test.each(UNUSABLE)('requests another token if shared-token %s', async (_name, options, reason) => {
    const { error, outputs, printed, state, requests } = await receive(options, {
      'revocation-url': REVOKE_URL,
    })
    expect(error).toBeUndefined()
    expect(printed).toEqual([
      '::add-mask::fake-secret',
      `::add-mask::${SHARE_KEY}`,
      `shared-token ${reason}; requesting a new access token`,
      ...BEFORE_REQUEST.slice(1),
      '::add-mask::fake-token',
      'Got a Bearer token; it expires at 2026-11-23 18:01 UTC (in 60 s)',
    ])
    expect(outputs).toMatchObject({ 'access-token': 'fake-token', 'expires-in': '60', 'shared-token': '' })
    expect(requests).toHaveLength(1)
    // No other job has this token, so the post step revokes it.
    expect(JSON.parse(state['revocation'] ?? '')).toMatchObject({ accessToken: 'fake-token' })
  })

  const GRANT = { 'grant-type': 'refresh_token', 'refresh-token': 'fake-refresh' }

  test.each<[string, Record<string, string>]>([
    ['client-id', { 'client-id': 'other' }],
    ['grant-type', GRANT],
    ['scope', { scope: 'read' }],
    ['audience', { audience: 'urn:a' }],
    ['resource', { resource: 'urn:a' }],
    ['extra-params', { 'extra-params': 'organization=b' }],
  ])('requests another token if the shared one was requested with a different %s', async (name, inputs) => {
    const { error, printed, requests } = await receive({}, inputs)
    expect(error).toBeUndefined()
    expect(printed).toContain(
      `shared-token was requested with a different ${name}; requesting a new access token`,
    )
    expect(requests).toHaveLength(1)
  })

  test('requests another token if the shared one is from another server', async () => {
    const { error, printed, requests } = await receive({ origin: 'https://as.example' }, {})
    expect(error).toBeUndefined()
    expect(printed).toContain(
      'shared-token was requested with a different server; requesting a new access token',
    )
    expect(requests).toHaveLength(1)
  })

  test('throws the error of the other request, without an output', async () => {
    const { error, outputs } = await receive({ secondsLeft: -1 }, { retries: '0' }, json({}, 400))
    expect(error).toMatch(/^Could not get an access token from /)
    expect(outputs).toEqual({})
  })

  test.each([
    ['without client credentials', NO_CREDENTIALS],
    ['with client credentials', {}],
  ])('fails %s if share-key does not decrypt shared-token', async (_name, inputs) => {
    const { error, outputs, requests } = await receive({ key: randomBytes(32) }, inputs)
    expect(error).toMatch(/^shared-token cannot be decrypted with share-key\b/)
    expect({ outputs, requests }).toEqual({ outputs: {}, requests: [] })
  })

  test.each([
    ['without share-key', { 'share-key': '' }, /^share-key is empty/],
    ['with an input that it cannot honor', { scope: 'read' }, /^scope cannot be used /],
    ['with an empty shared-token', { 'shared-token': '' }, /^shared-token is empty/],
  ])('throws the error of an input, and sends nothing: %s', async (_name, inputs, message) => {
    const { error, outputs, state } = await receive({}, { ...NO_CREDENTIALS, ...inputs })
    expect(error).toMatch(message)
    expect({ outputs, state }).toEqual({ outputs: {}, state: NOTHING_TO_REVOKE })
  })
})
