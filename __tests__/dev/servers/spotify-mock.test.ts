import { expect, test } from '@jest/globals'
import { startSpotify } from '../../../dev/servers/spotify-mock.ts'

const APP = { clientId: 'fake-id', clientSecret: 'fake-secret' }
const FORM = 'application/x-www-form-urlencoded'
const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
const GOOD = basic(APP.clientId, APP.clientSecret)

async function read(url: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, init)
  const text = await response.text()
  return { status: response.status, body: text && JSON.parse(text) }
}

function requestToken(
  url: string,
  authorization: string,
  body = 'grant_type=client_credentials',
  type = FORM,
) {
  return read(url, { method: 'POST', headers: { authorization, 'content-type': type }, body })
}

test('issues a token that the Web API accepts for an hour', async () => {
  let now = 0
  await using spotify = await startSpotify(APP, () => now)
  const { status, body } = await requestToken(spotify.tokenUrl, GOOD)
  expect({ status, body }).toEqual({
    status: 200,
    body: { access_token: expect.stringMatching(/^BQ/), token_type: 'Bearer', expires_in: 3600 },
  })

  const { access_token } = body as { access_token: string }
  const call = (path: string, method = 'GET') =>
    read(`${spotify.apiUrl}${path}`, { method, headers: { authorization: `Bearer ${access_token}` } })
  const track = {
    id: '4cOdK2wGLETKBW3PvgPWqT',
    name: 'Never Gonna Give You Up',
    artists: [{ name: 'Rick Astley' }],
  }
  const apiError = (status: number, message: string) => ({ status, body: { error: { status, message } } })
  expect(await call(`/v1/tracks/${track.id}`)).toEqual({ status: 200, body: track })
  expect(await call('/v1/tracks/0000000000000000000000')).toEqual(apiError(404, 'Resource not found'))
  expect(await call('/v1/tracks/short')).toEqual(apiError(400, 'Invalid base62 id'))
  expect(await call('/v1/search?q=never&type=track')).toEqual({
    status: 200,
    body: { tracks: { items: [track], total: 1 } },
  })
  expect(await call('/v1/search?type=track')).toEqual(apiError(400, 'No search query'))
  expect(await call('/v1/search?q=never')).toEqual(apiError(400, 'Missing parameter type'))
  expect(await call('/v1/nothing')).toEqual(apiError(404, 'Service not found'))
  expect(await call('/v1/search', 'DELETE')).toEqual(apiError(405, 'Method not allowed'))

  now = 3_600_000
  expect(await call('/v1/search?q=never&type=track')).toEqual(apiError(401, 'The access token expired'))
})

test.each([
  ['without a token', {}, 'No token provided'],
  ['with a token that it did not issue', { authorization: 'Bearer fake' }, 'Invalid access token'],
])('rejects an API request %s', async (_name, headers, message) => {
  await using spotify = await startSpotify(APP)
  expect(await read(`${spotify.apiUrl}/v1/search?q=x&type=track`, { headers })).toEqual({
    status: 401,
    body: { error: { status: 401, message } },
  })
})

test.each([
  ['another method', { method: 'GET' }, 405],
  [
    'no form',
    { method: 'POST', headers: { authorization: GOOD, 'content-type': 'application/json' }, body: '{}' },
    415,
  ],
])('rejects a token request with %s', async (_name, init, status) => {
  await using spotify = await startSpotify(APP)
  expect(await read(spotify.tokenUrl, init)).toEqual({ status, body: '' })
})

test.each([
  ['no credential', 'Bearer x', undefined, { error: 'invalid_client' }],
  [
    'a wrong id',
    basic('x', APP.clientSecret),
    undefined,
    { error: 'invalid_client', error_description: 'Invalid client' },
  ],
  [
    'a wrong secret',
    basic(APP.clientId, 'x'),
    undefined,
    { error: 'invalid_client', error_description: 'Invalid client secret' },
  ],
  [
    'no grant',
    GOOD,
    'x=y',
    { error: 'unsupported_grant_type', error_description: 'grant_type parameter is missing' },
  ],
  [
    'another grant',
    GOOD,
    'grant_type=password',
    { error: 'unsupported_grant_type', error_description: 'grant_type password is not supported' },
  ],
])('rejects a token request with %s', async (_name, authorization, form, body) => {
  await using spotify = await startSpotify(APP)
  expect(await requestToken(spotify.tokenUrl, authorization, form)).toEqual({ status: 400, body })
})
