import type { ServerResponse } from 'node:http'
import { expect, test } from '@jest/globals'
import { startServer } from '../../dev/servers/loopback-server.ts'
import { monotonicMs } from '../../src/http/clock.ts'
import type { Failure } from '../../src/http/failure.ts'
import { createSend } from '../../src/http/send.ts'
import { describeIdToken, requestIdToken } from '../../src/oauth/github-id-token.ts'
import { recordPrinted } from '../stdout.ts'

const REQUEST_TOKEN = 'fake-request-token'
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const ID_TOKEN = `${encode({ alg: 'RS256' })}.${encode({ iss: 'https://github.example' })}.fake-signature`

async function request(respond: (response: ServerResponse) => void) {
  await using server = await startServer((_request, response) => respond(response))
  const url = new URL(`${server.origin}/?api-version=2.0`)
  const endpoint = { url, source: 'ACTIONS_ID_TOKEN_REQUEST_URL' }
  const recorded = recordPrinted()
  try {
    const result = await requestIdToken(
      { endpoint, requestToken: REQUEST_TOKEN },
      'api://x',
      ['fake-earlier-id-token'],
      createSend(monotonicMs() + 10_000),
    ).catch(({ reason, advice, transient }: Failure) => ({
      reason: reason.replace(url.host, '<host>'),
      advice,
      transient,
    }))
    return { result, printed: recorded.lines(), requests: server.requests }
  } finally {
    recorded.restore()
  }
}

const json =
  (members: object, status = 200) =>
  (response: ServerResponse) =>
    response.writeHead(status).end(JSON.stringify(members))

test('requests an ID token for an audience and masks it', async () => {
  const { result, printed, requests } = await request(json({ count: 3, value: ID_TOKEN }))
  expect(result).toBe(ID_TOKEN)
  expect(printed).toEqual([`::add-mask::${ID_TOKEN}`])
  expect(requests).toMatchObject([
    {
      method: 'GET',
      url: '/?api-version=2.0&audience=api%3A%2F%2Fx',
      headers: { authorization: `Bearer ${REQUEST_TOKEN}` },
    },
  ])
})

const CHECK_PERMISSION =
  'Check that the job has permissions: id-token: write, and check assertion-audience if set.'

test.each<[string, (response: ServerResponse) => void, string]>([
  [
    'a rejection with the request token and an earlier ID token',
    json({ message: `No ${REQUEST_TOKEN} fake-earlier-id-token here` }, 401),
    'HTTP 401 (No *** *** here)',
  ],
  ['a status with other advice elsewhere', json({}, 403), 'HTTP 403'],
  ['a success without a body to parse', json({}, 204), 'HTTP 204 with an empty response'],
  ['no value', json({ count: 0 }), 'HTTP 200 without an ID token'],
  ['a value with two parts', json({ value: 'a.b' }), 'HTTP 200 without an ID token'],
  ['an array', json({ value: ['a.b.c'] }), 'HTTP 200 without an ID token'],
  ['text before the ID token', json({ value: 'x a.b.c' }), 'HTTP 200 without an ID token'],
  ['a workflow command after it', json({ value: 'a.b.c\n::error::x' }), 'HTTP 200 without an ID token'],
  ['no JSON', (response) => response.end('a.b.c'), 'HTTP 200 without an ID token'],
])('explains %s', async (_name, respond, reason) => {
  const { result, printed } = await request(respond)
  expect(result).toEqual({
    reason: `the ID token request to <host> failed: ${reason}`,
    advice: CHECK_PERMISSION,
    transient: undefined,
  })
  expect(printed).toEqual([])
})

test.each<[string, (response: ServerResponse) => void, object]>([
  ['a transient status', json({}, 503), { status: 503 }],
  [
    'a response that is cut',
    (response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"value":"fake', () => response.destroy())
    },
    {},
  ],
])('keeps advice and retry of %s', async (_name, respond, transient) => {
  const { result } = await request(respond)
  expect(result).toMatchObject({
    reason: expect.stringMatching(/^the ID token request to <host> failed: /),
    advice: expect.not.stringContaining(CHECK_PERMISSION),
    transient,
  })
})

test.each([
  ['all claims', { iss: 'i', sub: 's', aud: 'a', jti: 'j' }, 'iss=i, sub=s, aud=a'],
  ['claims that are not texts', { sub: { toString: 1 }, aud: ['a'] }, 'iss=?, sub=?, aud=?'],
  ['a claim with a secret', { sub: `x ${REQUEST_TOKEN.slice(0, 14)}` }, 'iss=?, sub=x ***, aud=?'],
  ['a claim with a workflow command', { sub: '\n##[x]' }, 'iss=?, sub=?## [x], aud=?'],
])('describes %s', (_name, claims, text) => {
  expect(describeIdToken(`x.${encode(claims)}.x`, [REQUEST_TOKEN])).toBe(text)
})

test.each(['x', 'x.bnVsbA.x'])('describes an ID token without claims: %s', (idToken) => {
  expect(describeIdToken(idToken, [])).toBe('iss=?, sub=?, aud=?')
})
