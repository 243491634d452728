/** The built action's main step: inputs and environment from the runner, outputs, state and log for it. */
import { generateKeyPairSync } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { describe, expect, test } from '@jest/globals'
import { startServer } from '../../dev/servers/loopback-server.ts'
import { startSpotify } from '../../dev/servers/spotify-mock.ts'
import { encodedForms, startCheckedJob } from '../leaks.ts'

const APP = { clientId: 'fake-client-id', clientSecret: 'fake-9f8e7d6c5b4a3210' }
const BASIC = Buffer.from(`${APP.clientId}:${APP.clientSecret}`).toString('base64')

/** How the log lines start; the unit tests assert the rest of their words. */
const REQUESTING = 'Requesting an access token from'
const FAILED = '::error::Could not get an access token from'
const SUCCESS = /^Got a Bearer token/

const CREDENTIALS = { 'client-id': APP.clientId, 'client-secret': APP.clientSecret }

describe('with Spotify', () => {
  test('outputs a token with which a later step calls the API', async () => {
    await using spotify = await startSpotify(APP)
    const job = startCheckedJob()
    const before = Date.now()
    const step = await job.runAction({ with: { ...CREDENTIALS, 'token-url': spotify.tokenUrl } })
    const { 'access-token': token = '', 'expires-at': expiresAt = '', ...outputs } = step.outputs

    expect(step.exitCode).toBe(0)
    expect(outputs).toEqual({ 'token-type': 'Bearer', 'expires-in': '3600', scope: '', 'shared-token': '' })
    expect(expiresAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(Date.parse(expiresAt)).toBeGreaterThan(before + 3_599_000)
    const response = await fetch(`${spotify.apiUrl}/v1/search?q=never&type=track`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(response.status).toBe(200)

    const minute = expiresAt.replace('T', ' ').replace(/:\d\dZ$/, ' UTC')
    expect(step.printed).toEqual([
      `::add-mask::${APP.clientSecret}`,
      `::add-mask::${BASIC}`,
      `${REQUESTING} ${new URL(spotify.origin).host}`,
      `::add-mask::${token}`,
      expect.stringMatching(SUCCESS),
    ])
    expect(step.printed.at(-1)).toContain(minute)
    expect(step.state).toEqual({ revocation: '' })
    expect(step.files).toMatchObject({ ENV: '', PATH: '', STEP_SUMMARY: '' })
  })

  test('sends the request of the Spotify guide, and none in the post step', async () => {
    await using spotify = await startSpotify(APP)
    const job = startCheckedJob()
    await job.runAction({ with: { ...CREDENTIALS, 'token-url': spotify.tokenUrl } })
    const [post] = await job.runPostSteps()
    expect(spotify.requests).toEqual([
      {
        method: 'POST',
        url: '/api/token',
        headers: {
          accept: 'application/json',
          authorization: `Basic ${BASIC}`,
          connection: 'close',
          'content-length': '29',
          'content-type': 'application/x-www-form-urlencoded',
          host: new URL(spotify.origin).host,
          'user-agent': expect.stringMatching(/^client-credentials-token\/\d+\.\d+\.\d+$/),
        },
        body: 'grant_type=client_credentials',
      },
    ])
    expect(post).toMatchObject({ exitCode: 0, printed: [] })
  })

  test.each([
    ['id', { 'client-id': 'wrong' }, 'Invalid client'],
    ['secret', { 'client-secret': 'wrong' }, 'Invalid client secret'],
  ])('fails with one error on a wrong %s', async (_name, inputs, description) => {
    await using spotify = await startSpotify(APP)
    const step = await startCheckedJob().runAction({
      with: { ...CREDENTIALS, ...inputs, 'token-url': spotify.tokenUrl },
    })
    const { host } = new URL(spotify.origin)
    expect(step).toMatchObject({ exitCode: 1, outputs: {} })
    expect(step.printed.slice(2)).toEqual([
      `${REQUESTING} ${host}`,
      expect.stringContaining(`${FAILED} ${host}: HTTP 400 invalid_client (${description})`),
    ])
    expect(spotify.requests).toHaveLength(1)
  })
})

test.each([
  ['every character that form encoding changes', 'id:+%&=/ü', 'secret:+%&=/?#[]@!$\'()*,; "<>\\^`{|}~é漢'],
  ['a percent sign before a command', 'fake-id', '%0A::error::fake'],
])(
  'sends credentials that a decoding server reads unchanged (RFC 6749, section 2.3.1): %s',
  async (_name, clientId, clientSecret) => {
    await using server = await startServer((_request, response) => {
      response.end(JSON.stringify({ access_token: 'fake-token', token_type: 'Bearer' }))
    })
    const step = await startCheckedJob().runAction({
      with: { 'client-id': clientId, 'client-secret': clientSecret, 'token-url': server.origin },
    })
    const credential = server.requests[0]?.headers.authorization?.replace('Basic ', '') ?? ''
    const pair = Buffer.from(credential, 'base64').toString().split(':')
    const decode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '))
    expect(pair.map(decode)).toEqual([clientId, clientSecret])
    expect(step.exitCode).toBe(0)
  },
)

function json(fields: object): (response: ServerResponse) => void {
  return (response) => response.end(JSON.stringify(fields))
}

test('masks every token before it logs anything else, warnings included', async () => {
  await using server = await startServer((_request, response) =>
    json({ access_token: 'fake-access', refresh_token: 'fake-refresh', expires_in: 'soon', scope: 7 })(
      response,
    ),
  )
  const step = await startCheckedJob().runAction({ with: { ...CREDENTIALS, 'token-url': server.origin } })
  expect(step.printed.slice(3)).toEqual([
    '::add-mask::fake-access',
    '::add-mask::fake-refresh',
    expect.stringMatching(/^::warning::The response has no valid token_type\b/),
    expect.stringMatching(/^::warning::The response has an invalid expires_in\b/),
    expect.stringMatching(/^::warning::The response has an invalid scope\b/),
    expect.stringMatching(SUCCESS),
  ])
  expect(step.outputs).toEqual({
    'access-token': 'fake-access',
    'token-type': 'Bearer',
    'expires-in': '',
    'expires-at': '',
    scope: '',
    'shared-token': '',
  })
})

test('sends the credentials in the body with client_secret_post', async () => {
  await using server = await startServer((_request, response) =>
    json({ access_token: 'fake-token', token_type: 'Bearer' })(response),
  )
  const clientSecret = 'secret:+%&=/ü'
  const step = await startCheckedJob().runAction({
    with: {
      'client-id': 'fake-id',
      'client-secret': clientSecret,
      'token-url': server.origin,
      'auth-method': 'client_secret_post',
    },
  })
  const [{ headers, body } = { headers: {}, body: '' }] = server.requests
  expect(headers.authorization).toBeUndefined()
  expect([...new URLSearchParams(body)]).toEqual([
    ['grant_type', 'client_credentials'],
    ['client_id', 'fake-id'],
    ['client_secret', clientSecret],
  ])
  expect(step.exitCode).toBe(0)
})

test('requests a scope and an API, and warns if the server grants less', async () => {
  await using server = await startServer((_request, response) =>
    json({ access_token: 'fake-token', token_type: 'Bearer', scope: 'read' })(response),
  )
  const step = await startCheckedJob().runAction({
    with: {
      ...CREDENTIALS,
      'token-url': server.origin,
      scope: 'read\nwrite',
      audience: 'https://api.example',
      resource: 'urn:a\nurn:b',
      'extra-params': 'tenant=x',
    },
  })
  expect(server.requests[0]?.body).toBe(
    'grant_type=client_credentials&scope=read+write&audience=https%3A%2F%2Fapi.example&resource=urn%3Aa&resource=urn%3Ab&tenant=x',
  )
  expect(step.printed.filter((line) => line.startsWith('::warning::'))).toEqual([
    expect.stringMatching(/^::warning::The server did not grant .*\bwrite\b/),
  ])
  expect(step.outputs['scope']).toBe('read')
})

test('counts the lifetime from the request, so that expires-at is never too late', async () => {
  let receivedAt = 0
  await using server = await startServer((_request, response) => {
    receivedAt = Date.now()
    const respond = json({ access_token: 'fake-token', token_type: 'Bearer', expires_in: 3600 })
    setTimeout(() => respond(response), 1500)
  })
  const { outputs } = await startCheckedJob().runAction({
    with: { ...CREDENTIALS, 'token-url': server.origin },
  })
  expect(Date.parse(outputs['expires-at'] ?? '')).toBeLessThanOrEqual(receivedAt + 3_600_000)
})

test.each([
  ['is not set', undefined],
  ['does not exist', '/nonexistent/output'],
])('sends nothing if the file for outputs %s', async (_name, GITHUB_OUTPUT) => {
  await using spotify = await startSpotify(APP)
  const step = await startCheckedJob().runAction({
    with: { ...CREDENTIALS, 'token-url': spotify.tokenUrl },
    env: { GITHUB_OUTPUT },
  })
  expect(step.exitCode).toBe(1)
  expect(step.printed).toEqual([expect.stringMatching(/^::error::GITHUB_OUTPUT /)])
  expect(spotify.requests).toEqual([])
})

test('saves an empty state before anything can fail', async () => {
  const job = startCheckedJob()
  const step = await job.runAction({ with: { ...CREDENTIALS, 'client-secret': '' } })
  expect(step).toMatchObject({ exitCode: 1, outputs: {}, state: { revocation: '' } })
  expect(step.printed).toEqual([expect.stringMatching(/^::error::client-secret /)])
  const [post] = await job.runPostSteps()
  expect(post).toMatchObject({ exitCode: 0, printed: [] })
})

// An earlier step can set these variables through GITHUB_ENV.
test.each([
  ['STATE_isPost', 'true'],
  ['STATE_revocation', '{"accessToken":"x"}'],
  ['STATE_revocation', '{'],
])('requests a token even if %s is %s', async (name, value) => {
  await using spotify = await startSpotify(APP)
  const step = await startCheckedJob({ env: { [name]: value } }).runAction({
    with: { ...CREDENTIALS, 'token-url': spotify.tokenUrl },
  })
  const outputs = { 'access-token': expect.stringMatching(/^BQ/) }
  expect(step).toMatchObject({ exitCode: 0, outputs, state: { revocation: '' } })
  expect(spotify.requests).toHaveLength(1)
})

test.each([
  ['only its own file with a secret', { 'client-secret': APP.clientSecret }, []],
  [
    'only its own file with a refresh token',
    {
      'client-secret': APP.clientSecret,
      'grant-type': 'refresh_token',
      'refresh-token': 'fake-0f1e2d3c4b5a6978',
    },
    [],
  ],
  [
    'the signing code only with a key',
    {
      'auth-method': 'private_key_jwt',
      'private-key': generateKeyPairSync('ed25519').privateKey.export({
        format: 'pem',
        type: 'pkcs8',
      }) as string,
    },
    [expect.stringMatching(/^\d+\.run\.cjs$/)],
  ],
])('loads %s', async (_name, inputs, more) => {
  await using spotify = await startSpotify(APP)
  const step = await startCheckedJob().runAction({
    with: { 'client-id': APP.clientId, 'token-url': spotify.tokenUrl, ...inputs },
    env: { NODE_DEBUG: 'module' },
  })
  // On Windows, the log shows each backslash of the path twice.
  const loaded = step.printed.flatMap((line) => / load ".*[\\/]dist[\\/]+(.+?)" /.exec(line)?.[1] ?? [])
  expect(loaded).toEqual(['index.cjs', 'run.cjs', ...more])
})

// Windows limits a variable to 32,767 characters, too few to tell linear from quadratic time.
const testUnlessWindows = process.platform === 'win32' ? test.skip : test
testUnlessWindows('reads a scope of 120,000 blanks in linear time', async () => {
  await using spotify = await startSpotify(APP)
  // Quadratic time exceeds this timeout, and linear time needs a hundredth of it.
  const step = await startCheckedJob().runAction({
    with: { ...CREDENTIALS, 'token-url': spotify.tokenUrl, scope: `a${' '.repeat(120_000)}b`, timeout: '3' },
  })
  expect(step.exitCode).toBe(0)
})

test('connects to localhost by IPv6', async () => {
  const step = await startCheckedJob().runAction({
    with: { ...CREDENTIALS, 'token-url': 'http://[::1]:1/token', retries: '0' },
  })
  // Nothing listens there; a machine without IPv6 cannot reach it at all.
  expect(step.printed.at(-1)).toMatch(
    /^::error::Could not get an access token from \[::1\]:1: .*\((ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH)\)/,
  )
})

const SPECIAL_SECRET = 'fake/Xk9&zQ4+"<0123456789>=='
const SPECIAL_BASIC = Buffer.from(`${APP.clientId}:${SPECIAL_SECRET.replace('+', '%2B')}`).toString('base64')
const formsOfSecret = [SPECIAL_SECRET, SPECIAL_BASIC].flatMap(encodedForms).map((form) => [form])
test.each(formsOfSecret)('redacts the secret if the server echoes it as %s', async (form) => {
  await using server = await startServer((_request, response) => {
    const body = { error: 'invalid_client', error_description: `${'x'.repeat(485)} (${form})` }
    response.writeHead(401).end(JSON.stringify(body))
  })
  const step = await startCheckedJob().runAction({
    with: { 'client-id': APP.clientId, 'client-secret': SPECIAL_SECRET, 'token-url': server.origin },
  })
  expect(step).toMatchObject({ exitCode: 1, outputs: {} })
  expect(step.printed.at(-1)).toContain('x ***). Check')
})
