import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import { startServer } from '../dev/servers/loopback-server.ts'
import { createAuthority } from '../dev/servers/tls-authority.ts'
import { post } from '../src/post.ts'
import { runInProcess } from './in-process.ts'

const NOW = new Date('2026-11-23T18:00:00Z')
const CREDENTIALS = { 'client-id': 'fake-id', 'client-secret': 'fake-secret' }
const SAVED = { accessToken: 'fake-token', metadata: {} }

type Respond = (response: ServerResponse, count: number) => void
type PerOrigin<Value> = Value | ((origin: string) => Value)
const valueFor = <Value extends object | string>(value: PerOrigin<Value>, origin: string): Value =>
  typeof value === 'function' ? value(origin) : value

const ID_TOKEN_REQUEST = {
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://oidc.example/',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'fake-request-token',
}
const ok: Respond = (response) => response.end()
const MASKS = [
  '::add-mask::fake-secret',
  `::add-mask::${Buffer.from('fake-id:fake-secret').toString('base64')}`,
]

/** Runs the post step at a fixed time, by default with the server's `/revoke` as `revocation-url`. */
async function revoke(
  respond: Respond,
  saved: PerOrigin<object | string> = SAVED,
  inputs: PerOrigin<Record<string, string>> = {},
  tls?: { key: string; cert: string },
  env: Record<string, string> = {},
) {
  let count = 0
  await using server = await startServer((_request, response) => {
    count += 1
    respond(response, count)
  }, tls)
  const origin = server.origin.replace('127.0.0.1', 'localhost')
  const { host } = new URL(origin)
  const state = valueFor(saved, origin)
  const byUrl = { 'token-url': 'https://as.example/token', 'revocation-url': `${origin}/revoke` }
  jest.spyOn(Date, 'now').mockReturnValue(NOW.getTime())
  jest.spyOn(Math, 'random').mockReturnValue(0)
  try {
    const result = await runInProcess(
      () => post(typeof state === 'string' ? state : JSON.stringify(state)),
      { ...CREDENTIALS, ...byUrl, ...valueFor(inputs, origin) },
      env,
    )
    return {
      error: result.error?.replaceAll(host, '<host>'),
      printed: result.printed.map((line) => line.replaceAll(host, '<host>')),
      requests: server.requests,
    }
  } finally {
    jest.restoreAllMocks()
  }
}

test.each([
  ['no time', undefined],
  ['a time that is not a number', '1'],
  ['a time in 1 ms', NOW.getTime() + 1],
])('revokes a token with %s in the state', async (_name, expiresAt) => {
  const { error, printed, requests } = await revoke(ok, { ...SAVED, expiresAt })
  expect(error).toBeUndefined()
  expect(printed).toEqual([...MASKS, 'Revoked the access token at <host>'])
  expect(requests).toMatchObject([
    {
      method: 'POST',
      url: '/revoke',
      headers: { authorization: expect.stringMatching(/^Basic /) },
      body: 'token=fake-token&token_type_hint=access_token',
    },
  ])
})

test.each([NOW.getTime(), 0])('does not revoke a token that expired at %i', async (expiresAt) => {
  const { error, printed, requests } = await revoke(ok, { ...SAVED, expiresAt })
  expect({ error, requests }).toEqual({ error: undefined, requests: [] })
  expect(printed.at(-1)).toBe('The access token has already expired; skipping revocation')
})

test('sends the client authentication in the body if it belongs there', async () => {
  const { requests } = await revoke(ok, SAVED, { 'auth-method': 'client_secret_post' })
  expect(requests[0]?.body).toBe(
    'token=fake-token&token_type_hint=access_token&client_id=fake-id&client_secret=fake-secret',
  )
  expect(requests[0]?.headers.authorization).toBeUndefined()
})

const BY_ASSERTION = { 'auth-method': 'client_secret_jwt' }
const assertionsIn = (requests: readonly { body: string }[]) =>
  requests.map(({ body }) => new URLSearchParams(body).get('client_assertion') ?? '')

test.each([
  ['the token endpoint', {}, 'https://as.example/token'],
  ['the issuer', { issuer: 'https://as.example', 'token-url': '' }, 'https://as.example'],
])('sends an assertion with the audience of the token request: %s', async (_name, inputs, audience) => {
  const { requests } = await revoke(ok, SAVED, { ...BY_ASSERTION, ...inputs })
  expect(assertionsIn(requests).map((assertion) => decodeJwt(assertion).aud)).toEqual([audience])
})

test('sends an assertion for the revocation URL after a 401, and masks it', async () => {
  const { error, printed, requests } = await revoke(
    (response, count) => response.writeHead(count === 1 ? 401 : 200).end(),
    SAVED,
    BY_ASSERTION,
  )
  expect(error).toBeUndefined()
  expect(assertionsIn(requests).map((assertion) => decodeJwt(assertion).aud)).toEqual([
    'https://as.example/token',
    expect.stringMatching(/^http:\/\/localhost:\d+\/revoke$/),
  ])
  expect(printed.slice(1, -1)).toEqual(assertionsIn(requests).map((assertion) => `::add-mask::${assertion}`))
})

test.each<[string, number, Record<string, string>, number]>([
  ['401 for both audiences', 401, BY_ASSERTION, 2],
  ['another status for the first', 400, BY_ASSERTION, 1],
  ['401 for a secret', 401, {}, 1],
])('throws after %s, and redacts every credential sent', async (_name, status, inputs, count) => {
  await using server = await startServer(({ headers: { authorization = '' } }, response) => {
    const sent = [...authorization.split(' ').slice(1), ...assertionsIn(server.requests)]
    const error_description = [...sent.filter((text) => text !== ''), 'x'].join(' ')
    response.writeHead(status).end(JSON.stringify({ error: 'invalid_client', error_description }))
  })
  const { error } = await revoke(ok, SAVED, { ...inputs, 'revocation-url': `${server.origin}/revoke` })
  expect(error).toContain(` (${'*** '.repeat(count)}x). `)
  expect(server.requests).toHaveLength(count)
})

const withEndpoint = (path: string) => (origin: string) => ({
  ...SAVED,
  metadata: { revocation_endpoint: `${origin}${path}` },
})
const byIssuer = (origin: string) => ({ issuer: origin, 'token-url': '', 'revocation-url': '' })

test('uses the metadata in the state with an issuer', async () => {
  const { error, requests } = await revoke(ok, withEndpoint('/found'), byIssuer)
  expect(error).toBeUndefined()
  expect(requests.map(({ url }) => url)).toEqual(['/found'])
})

test('prefers revocation-url to the metadata in the state', async () => {
  const { requests } = await revoke(ok, withEndpoint('/found'), (origin) => ({
    ...byIssuer(origin),
    'revocation-url': `${origin}/set`,
  }))
  expect(requests.map(({ url }) => url)).toEqual(['/set'])
})

test.each<[string, Record<string, string>, string]>([
  ['with a client ID', { 'client-id': 'fake-id' }, '&client_id=fake-id'],
  ['without a client ID', { 'client-id': '' }, ''],
])('revokes a token that was requested without client authentication, %s', async (_name, client, more) => {
  const inputs = { 'client-secret': '', 'grant-type': 'token_exchange', 'auth-method': 'none', ...client }
  const { error, requests } = await revoke(ok, SAVED, inputs, undefined, ID_TOKEN_REQUEST)
  expect(error).toBeUndefined()
  expect(requests).toMatchObject([{ body: `token=fake-token&token_type_hint=access_token${more}` }])
  expect(requests[0]?.headers.authorization).toBeUndefined()
})

test('revokes by a form, also if the token was requested by JSON', async () => {
  const { requests } = await revoke(ok, SAVED, { 'request-format': 'json' })
  expect(requests).toMatchObject([
    {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'token=fake-token&token_type_hint=access_token',
    },
  ])
})

const REFRESH = { 'grant-type': 'refresh_token', 'refresh-token': 'fake-refresh' }

// The state is only there if another step has set it.
test.each<[string, PerOrigin<Record<string, string>>]>([
  ['by default', { 'revocation-url': '' }],
  ['with revoke: true and an issuer', (origin) => ({ ...byIssuer(origin), revoke: 'true' })],
])('sends nothing with a refresh token %s, whatever the state has', async (_name, inputs) => {
  const { error, printed, requests } = await revoke(ok, withEndpoint('/found'), (origin) => ({
    ...REFRESH,
    ...valueFor(inputs, origin),
  }))
  expect({ error, requests }).toEqual({ error: undefined, requests: [] })
  expect(printed).toEqual([...MASKS.slice(0, 1), '::add-mask::fake-refresh'])
})

test('sends nothing with a refresh token and a revocation-url, which main has refused', async () => {
  const { error, requests } = await revoke(ok, SAVED, REFRESH)
  expect(error).toMatch(/^revocation-url cannot be used with grant-type refresh_token/)
  expect(requests).toEqual([])
})

test.each<[string, PerOrigin<Record<string, string>>]>([
  ['without an issuer or revocation-url', { 'revocation-url': '' }],
  ['with revoke: false', { revoke: 'false' }],
  ['with revoke: false and an issuer', (origin) => ({ ...byIssuer(origin), revoke: 'false' })],
])('sends nothing %s, whatever the state has', async (_name, inputs) => {
  const { error, printed, requests } = await revoke(ok, withEndpoint('/found'), inputs)
  expect({ error, printed, requests }).toEqual({ error: undefined, printed: MASKS.slice(0, 1), requests: [] })
})

test.each<[string, PerOrigin<object>]>([
  ['http', { revocation_endpoint: 'http://elsewhere.example/' }],
  ['http to localhost, of an https issuer', (origin) => ({ revocation_endpoint: `${origin}/revoke` })],
  ['a number', { revocation_endpoint: 7 }],
])('sends nothing to an invalid endpoint in the state: %s', async (_name, metadata) => {
  const { error, requests } = await revoke(
    ok,
    (origin) => ({ ...SAVED, metadata: valueFor(metadata, origin) }),
    { issuer: 'https://as.example', 'token-url': '', 'revocation-url': '' },
  )
  expect(error).toMatch(/^Could not revoke the access token: the /)
  expect(requests).toEqual([])
})

test.each([
  ['text', 'x'],
  ['half an object', '{"accessToken":"fake-'],
  ['an array', '[]'],
  ['no token', { metadata: {} }],
  ['a token that is not a text', { accessToken: ['fake-token'], metadata: {} }],
  ['no metadata', { accessToken: 'fake-token' }],
  ['null as metadata', { accessToken: 'fake-token', metadata: null }],
  ['text as metadata', { accessToken: 'fake-token', metadata: 'x' }],
])('rejects a state with %s', async (_name, saved) => {
  const { error, printed, requests } = await revoke(ok, saved)
  expect(error).toBe('Could not revoke the access token: the saved state is invalid.')
  expect({ printed, requests }).toEqual({ printed: [], requests: [] })
})

test('throws the error of an input, and sends nothing', async () => {
  const { error, requests } = await revoke(ok, SAVED, { 'client-secret': '' })
  expect(error).toMatch(/^client-secret is empty\. /)
  expect(requests).toEqual([])
})

test.each([200, 204, 299])('accepts the status %i', async (status) => {
  expect((await revoke((response) => response.writeHead(status).end())).error).toBeUndefined()
})

test.each(['OK', 'a <b', '{}', '{"ok":true}', '{"error":""}', '[]'])('accepts the body %s', async (body) => {
  expect((await revoke((response) => response.end(body))).error).toBeUndefined()
})

const ADVICE = 'Check revocation-url, or set revoke to false if the server cannot revoke access tokens.'

test.each([
  [300, ''],
  [400, ''],
  [401, '{"error":"invalid_client"}'],
  [200, '{"error":"unsupported_token_type"}'],
  [200, '\n\n <html>'],
])('throws after the status %i with the body %j', async (status, body) => {
  const { error, printed, requests } = await revoke((response) => response.writeHead(status).end(body))
  expect(error).toMatch(`Could not revoke the access token at <host>: HTTP ${status} `)
  expect(error?.endsWith(`. ${ADVICE}`)).toBe(true)
  expect(printed).toEqual(MASKS)
  expect(requests).toHaveLength(1)
})

test('redacts the token and the secret if the server echoes them', async () => {
  const { error } = await revoke((response) =>
    response.writeHead(400).end('{"error":"x","error_description":"fake-token fake-secret y"}'),
  )
  expect(error).toContain('(*** *** y)')
})

test.each<[string, Respond]>([
  ['the status 500', (response) => response.writeHead(500).end('{}')],
  ['the status 503', (response) => response.writeHead(503).end('{}')],
  [
    'a response that is cut',
    (response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{', () => response.destroy())
    },
  ],
])('retries once after %s', async (_name, fail) => {
  const recovered = await revoke((response, count) => (count === 1 ? fail : ok)(response, count))
  expect(recovered.error).toBeUndefined()
  expect(recovered.printed.at(-1)).toMatch(/^Revoked /)
  expect(recovered.requests).toHaveLength(2)
})

test.each([429, 500, 503])('throws after one retry if the status is always %i', async (status) => {
  const { error, requests } = await revoke((response) => response.writeHead(status).end('{}'))
  expect(error).toMatch(`Could not revoke the access token at <host> after 2 attempts: HTTP ${status}`)
  expect(requests).toHaveLength(2)
})

test('does not wait for a Retry-After', async () => {
  const { error, requests } = await revoke((response) =>
    response.writeHead(503, { 'retry-after': '1' }).end('{}'),
  )
  expect(error).toMatch(/^Could not revoke the access token at <host>: HTTP 503/)
  expect(requests).toHaveLength(1)
})

test('trusts a ca-certificate', async () => {
  using authority = await createAuthority(['localhost'])
  const trusted = getCACertificates('default')
  try {
    const inputs = { 'ca-certificate': readFileSync(authority.file, 'utf8') }
    const { error, requests } = await revoke(ok, SAVED, inputs, authority.tls)
    expect(error).toBeUndefined()
    expect(requests).toHaveLength(1)
  } finally {
    setDefaultCACertificates(trusted)
  }
})

describe('with share-key', () => {
  const SHARE_KEY = randomBytes(32).toString('base64')
  const SHARE = { 'share-key': SHARE_KEY }
  const SHARED = { ...SHARE, 'shared-token': 'fake-shared-token' }
  const ALONE = { ...SHARED, 'client-id': '', 'client-secret': '', 'token-url': '', 'revocation-url': '' }
  const MASK = `::add-mask::${SHARE_KEY}`
  const before = { ...process.env }

  beforeAll(() => {
    Object.assign(process.env, {
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'fake/repository',
      GITHUB_RUN_ID: '42',
    })
  })

  afterAll(() => {
    process.env = before
  })

  // The state is only there if another step has set it.
  test.each<[string, PerOrigin<Record<string, string>>, string[]]>([
    ['a step that requested a token', SHARE, ['::add-mask::fake-secret', MASK]],
    [
      'the same with an issuer',
      (origin) => ({ ...byIssuer(origin), ...SHARE }),
      ['::add-mask::fake-secret', MASK],
    ],
    ['a step that received a token', ALONE, [MASK]],
  ])('sends nothing for %s, whatever the state has', async (_name, inputs, masks) => {
    for (const saved of [SAVED, withEndpoint('/found')]) {
      const { error, printed, requests } = await revoke(ok, saved, inputs)
      expect({ error, printed, requests }).toEqual({ error: undefined, printed: masks, requests: [] })
    }
  })

  test('revokes a token that a step with shared-token has requested itself', async () => {
    const { error, printed, requests } = await revoke(ok, SAVED, SHARED)
    expect(error).toBeUndefined()
    expect(printed).toEqual([MASKS[0], MASK, MASKS[1], 'Revoked the access token at <host>'])
    expect(requests.map(({ body }) => body)).toEqual(['token=fake-token&token_type_hint=access_token'])
  })
})
