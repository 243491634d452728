/** The built action, from outside: what a runner gives it, what it leaves behind. */
import { generateKeyPairSync } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { describe, expect, test } from '@jest/globals'
import { startServer } from '../../dev/servers/loopback-server.ts'
import { startSpotify } from '../../dev/servers/spotify-mock.ts'
import { startCheckedJob } from '../leaks.ts'

const APP = { clientId: 'fake-client-id', clientSecret: 'fake-9f8e7d6c5b4a3210' }
const BASIC = Buffer.from(`${APP.clientId}:${APP.clientSecret}`).toString('base64')
const CREDENTIALS = { 'client-id': APP.clientId, 'client-secret': APP.clientSecret }

describe('with Spotify', () => {
  test('hands over a token with which a later step calls the API', async () => {
    await using spotify = await startSpotify(APP)
    const job = startCheckedJob()
    const before = Date.now()
    const step = await job.runAction({ with: { ...CREDENTIALS, 'token-url': spotify.tokenUrl } })
    const { 'access-token': token = '', 'expires-at': expiresAt = '', ...outputs } = step.outputs

    expect(step.exitCode).toBe(0)
    expect(outputs).toEqual({ 'token-type': 'Bearer', 'expires-in': '3600', scope: '' })
    expect(expiresAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(Date.parse(expiresAt)).toBeGreaterThan(before + 3_599_000)
    const response = await fetch(`${spotify.apiUrl}/v1/search?q=never&type=track`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(response.status).toBe(200)

    const minute = expiresAt.replace('T', ' ').replace(/:\d\dZ$/, '')
    expect(step.printed).toEqual([
      `::add-mask::${APP.clientSecret}`,
      `::add-mask::${BASIC}`,
      `Asking ${new URL(spotify.origin).host} for an access token`,
      `::add-mask::${token}`,
      `Got a Bearer token, valid until ${minute} UTC, in 60 min`,
    ])
    expect(step.state).toEqual({ isPost: 'true' })
    expect(step.files).toMatchObject({ ENV: '', PATH: '', STEP_SUMMARY: '' })
  })

  test('sends one request, that of the guide, and none in the post step', async () => {
    await using spotify = await startSpotify(APP)
    const job = startCheckedJob()
    await job.runAction({ with: { ...CREDENTIALS, 'token-url': spotify.tokenUrl } })
    const [post] = await job.runPostSteps()
    expect(spotify.requests).toEqual([
      {
        method: 'POST',
        url: '/api/token',
        headers: expect.objectContaining({
          authorization: `Basic ${BASIC}`,
          'content-type': 'application/x-www-form-urlencoded',
        }),
        body: 'grant_type=client_credentials',
      },
    ])
    expect(post).toMatchObject({ exitCode: 0, printed: [] })
  })

  test.each([
    ['id', { 'client-id': 'wrong' }, 'Invalid client'],
    ['secret', { 'client-secret': 'wrong' }, 'Invalid client secret'],
  ])('says what is wrong with a wrong %s', async (_name, inputs, told) => {
    await using spotify = await startSpotify(APP)
    const step = await startCheckedJob().runAction({
      with: { ...CREDENTIALS, ...inputs, 'token-url': spotify.tokenUrl },
    })
    expect(step).toMatchObject({ exitCode: 1, outputs: {} })
    expect(step.printed.at(-1)).toBe(
      `::error::Could not get a token from ${new URL(spotify.origin).host}: HTTP 400 invalid_client (${told}). Check that client-id and client-secret belong to the same app, and that the secret was not renewed after it was stored.`,
    )
  })
})

test.each([
  ['all that form-encoding changes', 'id:+%&=/ü', 'secret:+%&=/?#[]@!$\'()*,; "<>\\^`{|}~é漢'],
  ['a percent sign before a command', 'fake-id', '%0A::error::fake'],
])('brings intact to a server that decodes (RFC 6749, 2.3.1): %s', async (_name, clientId, clientSecret) => {
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
})

function json(fields: object, status = 200): (response: ServerResponse) => void {
  return (response) => response.writeHead(status).end(JSON.stringify(fields))
}

const PAGE =
  'Check token-url. A proxy or the login page of a network may also have answered in place of the server.'
const FLOW = 'Allow the client credentials flow for this app in the settings of the server.'
const ENDPOINT = 'Check that token-url names a token endpoint (RFC 6749, 5.1).'

test.each<[string, (response: ServerResponse) => void, string]>([
  [
    'a refused grant',
    json({ error: 'unsupported_grant_type', error_description: 'told' }, 400),
    `HTTP 400 unsupported_grant_type (told). Check token-url. ${FLOW}`,
  ],
  [
    'an HTML page',
    (response) => response.end('<!doctype html>'),
    `HTTP 200 with an HTML page instead of JSON. ${PAGE}`,
  ],
  ['an empty body', (response) => response.end(), `HTTP 200 with an empty answer. ${PAGE}`],
  ['no access_token', json({ token_type: 'Bearer' }), `HTTP 200 with no access_token. ${ENDPOINT}`],
  [
    'a token with a line break',
    json({ access_token: 'fake\n::stop-commands::x' }),
    `HTTP 200 with an access_token that is empty or no plain text. ${ENDPOINT}`,
  ],
  [
    'a body that breaks off',
    (response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"access_token":"fake', () => response.destroy())
    },
    'the connection broke off (ECONNRESET). Run the job again; if it fails again, look at the status page of the server.',
  ],
  [
    'a redirect',
    (response) => response.writeHead(307, { location: 'https://other.example/x' }).end(),
    'HTTP 307, a redirect to https://other.example, which is not followed. Check token-url: it must be the final address, for a redirect could take the credentials elsewhere.',
  ],
  [
    'a description that is an attack',
    json(
      {
        error: 'x',
        error_description: `\n::stop-commands::x\n${APP.clientSecret} ${BASIC} ${APP.clientSecret.slice(0, 14)}`,
      },
      400,
    ),
    'HTTP 400 x (?::stop-commands::x?*** *** ***). Check token-url and auth-method.',
  ],
])('fails with one error, and no output, on %s', async (_name, answer, message) => {
  await using server = await startServer((_request, response) => answer(response))
  const step = await startCheckedJob().runAction({
    with: { ...CREDENTIALS, 'token-url': server.origin, retries: '0' },
  })
  const host = new URL(server.origin).host
  expect(step).toMatchObject({ exitCode: 1, outputs: {} })
  expect(step.printed.slice(2)).toEqual([
    `Asking ${host} for an access token`,
    `::error::Could not get a token from ${host}: ${message}`,
  ])
})

test('masks every token before it prints anything else, warnings included', async () => {
  await using server = await startServer((_request, response) =>
    json({ access_token: 'fake-access', refresh_token: 'fake-refresh', expires_in: 'soon', scope: 7 })(
      response,
    ),
  )
  const step = await startCheckedJob().runAction({ with: { ...CREDENTIALS, 'token-url': server.origin } })
  expect(step.printed.slice(3)).toEqual([
    '::add-mask::fake-access',
    '::add-mask::fake-refresh',
    '::warning::The server names no valid token_type. Bearer is assumed.',
    '::warning::The expires_in of the server is no number of seconds. expires-in and expires-at stay empty.',
    '::warning::The scope of the server is no list of names. The output scope stays empty.',
    'Got a Bearer token; the server does not say how long it is valid',
  ])
  expect(step.outputs).toEqual({
    'access-token': 'fake-access',
    'token-type': 'Bearer',
    'expires-in': '',
    'expires-at': '',
    scope: '',
  })
})

test.each([
  [0, '0 s'],
  [119, '119 s'],
  [120, '2 min'],
  [3599, '60 min'],
  [7199, '120 min'],
  [7200, '2 h'],
  [172_799, '48 h'],
  [172_800, '2 days'],
])('says of a token for %i seconds that it ends in %s', async (expires_in, duration) => {
  await using server = await startServer((_request, response) =>
    json({ access_token: 'fake-token', token_type: 'Bearer', expires_in })(response),
  )
  const { printed } = await startCheckedJob().runAction({
    with: { ...CREDENTIALS, 'token-url': server.origin },
  })
  expect(printed.at(-1)).toMatch(new RegExp(` UTC, in ${duration}$`))
})

test('sends id and secret in the body, where the server wants that', async () => {
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

test('asks for a scope and an API, and warns of a narrower grant', async () => {
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
  expect(step.printed).toContain('::warning::The server did not grant all of the scope. Missing: write.')
  expect(step.outputs['scope']).toBe('read')
})

test('counts the lifetime from the request, so that the token never seems to live too long', async () => {
  let asked = 0
  await using server = await startServer((_request, response) => {
    asked = Date.now()
    const answer = json({ access_token: 'fake-token', token_type: 'Bearer', expires_in: 3600 })
    setTimeout(() => answer(response), 1500)
  })
  const { outputs } = await startCheckedJob().runAction({
    with: { ...CREDENTIALS, 'token-url': server.origin },
  })
  expect(Date.parse(outputs['expires-at'] ?? '')).toBeLessThanOrEqual(asked + 3_600_000)
})

test.each([
  ['no file', undefined],
  ['a file that is not there', '/nonexistent/output'],
])('refuses to run where it has %s for outputs', async (_name, GITHUB_OUTPUT) => {
  await using spotify = await startSpotify(APP)
  const step = await startCheckedJob().runAction({
    with: { ...CREDENTIALS, 'token-url': spotify.tokenUrl },
    env: { GITHUB_OUTPUT },
  })
  expect(step.exitCode).toBe(1)
  expect(step.printed).toEqual([
    '::error::GITHUB_OUTPUT names no file that can be written, so there is no safe way to hand the token on. Run this action on GitHub Actions or a compatible runner that provides one.',
  ])
  expect(spotify.requests).toEqual([])
})

test('knows its post step even after a main step that failed at once', async () => {
  const job = startCheckedJob()
  const step = await job.runAction({ with: { ...CREDENTIALS, 'client-secret': '' } })
  expect(step).toMatchObject({ exitCode: 1, outputs: {}, state: { isPost: 'true' } })
  expect(step.printed).toEqual([expect.stringMatching(/^::error::client-secret is empty\. /)])
  const [post] = await job.runPostSteps()
  expect(post).toMatchObject({ exitCode: 0, printed: [] })
})

test.each([
  ['nothing more where there is a secret', { 'client-secret': APP.clientSecret }, []],
  [
    'what signs where there is a key',
    {
      'auth-method': 'private_key_jwt',
      'private-key': generateKeyPairSync('ed25519').privateKey.export({
        format: 'pem',
        type: 'pkcs8',
      }) as string,
    },
    [expect.stringMatching(/^\d+\.index\.cjs$/)],
  ],
])('loads %s', async (_name, inputs, more) => {
  await using spotify = await startSpotify(APP)
  const step = await startCheckedJob().runAction({
    with: { 'client-id': APP.clientId, 'token-url': spotify.tokenUrl, ...inputs },
    env: { NODE_DEBUG: 'module' },
  })
  // On Windows, the path stands there with each of its backslashes doubled.
  const loaded = step.printed.flatMap((line) => / load ".*[\\/]dist[\\/]+(.+?)" /.exec(line)?.[1] ?? [])
  expect(loaded).toEqual(['index.cjs', ...more])
})

test('connects to this machine by IPv6, too', async () => {
  const step = await startCheckedJob().runAction({
    with: { ...CREDENTIALS, 'token-url': 'http://[::1]:1/token', retries: '0' },
  })
  // Nothing listens there; without IPv6 on the machine there is no way to it at all.
  expect(step.printed.at(-1)).toMatch(
    /^::error::Could not get a token from \[::1\]:1: .* \((ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH)\)\. Check the host/,
  )
})
