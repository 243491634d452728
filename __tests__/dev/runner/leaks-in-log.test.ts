import { expect, test } from '@jest/globals'
import { CANARIES, CLIENT_ID, createSecret, findLeaks } from '../../../dev/runner/leaks-in-log.ts'
import { startSpotify } from '../../../dev/servers/spotify-mock.ts'

const TIME = '2026-11-23T18:00:00.0000000Z '
const SECRET = createSecret()
const BASIC = Buffer.from(`${CLIENT_ID}:${SECRET}`).toString('base64')
const logWith = (...lines: string[]) => [...CANARIES, ...lines].map((line) => `${TIME}${line}\r\n`).join('')

test('accepts a log where everything is masked', () => {
  expect(findLeaks(logWith('client-id: fake-client', '***', 'access-token=***'))).toEqual([])
})

test('finds a token of the mock server', async () => {
  await using spotify = await startSpotify({ clientId: CLIENT_ID, clientSecret: SECRET })
  const response = await fetch(spotify.tokenUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${BASIC}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token } = await response.json()
  expect(findLeaks(logWith(`{"access_token":"${access_token}"}`))).toEqual(['line 4 shows the access token'])
})

test.each([
  ['a secret', `client-secret=${SECRET}`, ['line 4 shows the client secret']],
  ['a Basic credential', `Authorization: Basic ${BASIC}`, ['line 4 shows the Basic credential']],
  ['a partly masked Basic credential', `${BASIC.slice(0, 20)}***`, ['line 4 shows the Basic credential']],
  ['two secrets in one line', `${SECRET} ${SECRET}`, new Array(2).fill('line 4 shows the client secret')],
])('finds %s', (_name, line, leaks) => {
  expect(findLeaks(logWith(line))).toEqual(leaks)
})

test('reports missing canaries', () => {
  expect(findLeaks('')).toEqual([
    'the canary for the access token is missing',
    'the canary for the client secret is missing',
    'the canary for the Basic credential is missing',
  ])
})
