import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { describe, expect, jest, test } from '@jest/globals'
import { type LoopbackServer, startServer } from '../dev/servers/loopback-server.ts'
import { main } from '../src/main.ts'
import { runInProcess } from './in-process.ts'

const NOW = new Date('2026-11-23T18:00:00Z')
const CREDENTIALS = { 'client-id': 'fake-id', 'client-secret': 'fake-secret' }
const BASIC = Buffer.from('fake-id:fake-secret').toString('base64')

const json =
  (fields: object, status = 200) =>
  (response: ServerResponse) =>
    response.writeHead(status).end(JSON.stringify(fields))
const TOKEN = { access_token: 'fake-token', token_type: 'Bearer' }

/** Runs the main step against a server that answers as it is told, at a fixed time. */
async function run(
  answer: (response: ServerResponse, server: LoopbackServer, url: string) => void,
  inputs = {},
  env = {},
) {
  await using server: LoopbackServer = await startServer(({ url }, response) => answer(response, server, url))
  jest.useFakeTimers({
    now: NOW,
    doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'hrtime', 'setTimeout', 'clearTimeout'],
  })
  try {
    const given = { ...CREDENTIALS, 'token-url': `${server.origin}/token`, ...inputs }
    const result = await runInProcess(main, given, env)
    const { host } = new URL(server.origin)
    return {
      ...result,
      error: result.error?.replaceAll(host, '<host>'),
      printed: result.printed.map((line) => line.replaceAll(host, '<host>')),
      requests: server.requests,
      host,
    }
  } finally {
    jest.useRealTimers()
  }
}

const MASKS = ['::add-mask::fake-secret', `::add-mask::${BASIC}`]

test('masks, asks, masks, hands over, and tells', async () => {
  const { error, printed, outputs, state, requests } = await run(
    json({ ...TOKEN, expires_in: 3600, refresh_token: 'fake-refresh', scope: 'read' }),
    { scope: 'read', audience: 'urn:a', 'extra-params': 'x=1', 'auth-method': 'client_secret_post' },
  )
  expect(error).toBeUndefined()
  expect(printed).toEqual([
    '::add-mask::fake-secret',
    'Asking <host> for an access token',
    '::add-mask::fake-token',
    '::add-mask::fake-refresh',
    'Got a Bearer token, valid until 2026-11-23 19:00 UTC, in 60 min',
  ])
  expect(outputs).toEqual({
    'access-token': 'fake-token',
    'token-type': 'Bearer',
    'expires-in': '3600',
    'expires-at': '2026-11-23T19:00:00Z',
    scope: 'read',
  })
  expect(state).toEqual({})
  expect(requests[0]?.body).toBe(
    'grant_type=client_credentials&scope=read&audience=urn%3Aa&x=1&client_id=fake-id&client_secret=fake-secret',
  )
})

test('sends the credentials in the header by default', async () => {
  const { requests } = await run(json(TOKEN))
  expect(requests).toMatchObject([
    { headers: { authorization: `Basic ${BASIC}` }, body: 'grant_type=client_credentials' },
  ])
})

test('warns after its masks, and leaves outputs empty that the server says nothing of', async () => {
  const { printed, outputs } = await run(json({ access_token: 'fake-token' }))
  expect(printed).toEqual([
    ...MASKS,
    'Asking <host> for an access token',
    '::add-mask::fake-token',
    '::warning::The server names no valid token_type. Bearer is assumed.',
    'Got a Bearer token; the server does not say how long it is valid',
  ])
  expect(outputs).toEqual({
    'access-token': 'fake-token',
    'token-type': 'Bearer',
    'expires-in': '',
    'expires-at': '',
    scope: '',
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
])('tells of %i seconds', async (expires_in, time, duration) => {
  const { printed } = await run(json({ ...TOKEN, expires_in }))
  expect(printed.at(-1)).toBe(`Got a Bearer token, valid until 2026-11-${time} UTC, in ${duration}`)
})

test.each([
  ['bearer', 'a bearer token'],
  ['fake-secre', 'an access token'],
  ['xBearer', 'an access token'],
  ['Bearerx', 'an access token'],
])('shows no type but that which all know: %s', async (token_type, kind) => {
  const { printed, outputs } = await run(json({ ...TOKEN, token_type }))
  expect(printed.at(-1)).toBe(`Got ${kind}; the server does not say how long it is valid`)
  expect(outputs['token-type']).toBe(token_type)
})

test('throws the error to show, and hands over nothing', async () => {
  const { error, printed, outputs, state } = await run(json({ error: 'invalid_client' }, 401))
  expect(error).toBe(
    'Could not get a token from <host>: HTTP 401 invalid_client. Check that client-id and client-secret belong to the same app, and that the secret was not renewed after it was stored.',
  )
  expect(printed).toEqual([...MASKS, 'Asking <host> for an access token'])
  expect({ outputs, state }).toEqual({ outputs: {}, state: {} })
})

test.each([
  ['no file', ''],
  ['a file that is not there', '/nonexistent/output'],
  ['a folder', tmpdir()],
])('refuses to run with %s for outputs, before it reads the inputs', async (_name, GITHUB_OUTPUT) => {
  const act = async () => {
    process.env['GITHUB_OUTPUT'] = GITHUB_OUTPUT
    await main()
  }
  const { error, printed } = await runInProcess(act, CREDENTIALS)
  expect(error).toBe(
    'GITHUB_OUTPUT names no file that can be written, so there is no safe way to hand the token on. Run this action on GitHub Actions or a compatible runner that provides one.',
  )
  expect(printed).toEqual([])
})

test('refuses to run where the variable for outputs is not there', async () => {
  const act = async () => {
    delete process.env['GITHUB_OUTPUT']
    await main()
  }
  expect((await runInProcess(act, CREDENTIALS)).error).toMatch(/^GITHUB_OUTPUT names no file/)
})

test('asks once where there are no retries, also a server that is busy', async () => {
  const { error, requests } = await run(json({}, 503), { retries: '0' })
  expect(error).toMatch(/^Could not get a token from <host>: HTTP 503\. /)
  expect(requests).toHaveLength(1)
})

test('asks a busy server until the timeout, beyond the retries', async () => {
  const random = jest.spyOn(Math, 'random').mockReturnValue(0.02)
  const { error, requests, printed } = await run(json({}, 503), { retries: '1', timeout: '1' })
  random.mockRestore()
  expect(requests.length).toBeGreaterThan(3)
  expect(error).toMatch(/^Could not get a token from <host> in \d+ attempts: HTTP 503\. /)
  expect(printed[3]).toBe('HTTP 503; trying again in 0.0 s (attempt 2, until the timeout)')
})

test('keeps for the post step what it needs to revoke', async () => {
  const { state, host } = await run(json({ ...TOKEN, expires_in: 60 }), {
    'revocation-url': 'https://as.example/revoke',
  })
  expect(JSON.parse(state['revocation'] ?? '')).toEqual({
    accessToken: 'fake-token',
    endsAt: NOW.getTime() + 60_000,
    endpoint: { url: 'https://as.example/revoke', input: 'revocation-url' },
    server: { audience: `http://${host}/token`, authMethods: [], signingAlgorithms: [] },
  })
})

test.each([
  ['it is told not to', { revoke: 'false', 'revocation-url': 'https://as.example/revoke' }],
  ['there is no revocation endpoint', {}],
])('keeps nothing where %s', async (_name, inputs) => {
  expect((await run(json(TOKEN), inputs)).state).toEqual({})
})

const CANNOT_KEEP = '::warning::The token will not be revoked: the runner cannot keep it until the job ends.'

test.each([
  ['a token that is too long for a variable', 'x'.repeat(30_000), {}],
  ['no file for the state, where the toolkit would print the token', 'fake-token', { GITHUB_STATE: '' }],
])('warns, and keeps nothing, with %s', async (_name, access_token, env) => {
  const { error, printed, state, outputs } = await run(
    json({ ...TOKEN, access_token }),
    { 'revocation-url': 'https://as.example/revoke' },
    env,
  )
  expect(error).toBeUndefined()
  expect(printed.slice(3)).toEqual([
    `::add-mask::${access_token}`,
    CANNOT_KEEP,
    'Got a Bearer token; the server does not say how long it is valid',
  ])
  expect(state).toEqual({})
  expect(outputs['access-token']).toBe(access_token)
})

test('keeps a token that is nearly too long', async () => {
  const access_token = 'x'.repeat(29_700)
  const { state } = await run(json({ ...TOKEN, access_token }), {
    'revocation-url': 'https://as.example/revoke',
  })
  expect(JSON.parse(state['revocation'] ?? '').accessToken).toBe(access_token)
})

describe('by an issuer', () => {
  const answer = (response: ServerResponse, { origin }: LoopbackServer, url: string) =>
    json(
      url.startsWith('/.well-known')
        ? { issuer: origin, token_endpoint: `${origin}/found`, revocation_endpoint: `${origin}/revoke` }
        : TOKEN,
    )(response)

  /** The issuer is the server itself, whose port is known only then. */
  async function runByIssuer(inputs = {}) {
    await using server: LoopbackServer = await startServer(({ url }, response) =>
      answer(response, server, url),
    )
    const given = { ...CREDENTIALS, issuer: server.origin, ...inputs }
    return { ...(await runInProcess(main, given)), requests: server.requests, origin: server.origin }
  }

  test('finds the endpoints by the issuer, and keeps the revocation endpoint', async () => {
    const { requests, state, printed, origin } = await runByIssuer()
    const { host } = new URL(origin)
    expect(requests.map(({ url }) => url)).toEqual(['/.well-known/oauth-authorization-server', '/found'])
    expect(printed).toEqual([
      '::add-mask::fake-secret',
      `Asking ${host} for its metadata`,
      `::add-mask::${BASIC}`,
      `Asking ${host} for an access token`,
      '::add-mask::fake-token',
      'Got a Bearer token; the server does not say how long it is valid',
    ])
    expect(JSON.parse(state['revocation'] ?? '')).toMatchObject({
      endpoint: { url: `${origin}/revoke`, input: 'the revocation_endpoint of issuer' },
      server: { audience: origin },
    })
  })

  test('prefers the revocation endpoint that is given', async () => {
    const { state } = await runByIssuer({ 'revocation-url': 'https://as.example/other' })
    expect(JSON.parse(state['revocation'] ?? '').endpoint).toEqual({
      url: 'https://as.example/other',
      input: 'revocation-url',
    })
  })
})
