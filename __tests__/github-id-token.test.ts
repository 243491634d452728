import type { ServerResponse } from 'node:http'
import { expect, test } from '@jest/globals'
import { startServer } from '../dev/servers/loopback-server.ts'
import { monotonicMs } from '../src/clock.ts'
import { describeIdToken, requestIdToken } from '../src/github-id-token.ts'
import { recordPrinted } from './stdout.ts'

const REQUEST_TOKEN = 'fake-request-token'
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const ID_TOKEN = `${encode({ alg: 'RS256' })}.${encode({ iss: 'https://github.example' })}.fake-signature`

/** Asks a server that answers as it is told. */
async function request(answer: (response: ServerResponse) => void, ms = 10_000) {
  await using server = await startServer((_request, response) => answer(response))
  const endpoint = {
    url: new URL(`${server.origin}/?api-version=2.0`),
    input: 'ACTIONS_ID_TOKEN_REQUEST_URL',
  }
  const printed = recordPrinted()
  try {
    const ended = await requestIdToken(
      { endpoint, requestToken: REQUEST_TOKEN },
      'api://x',
      ['fake-earlier-id-token'],
      monotonicMs() + ms,
    ).catch(({ message, passing }) => ({ message: message.replace(endpoint.url.host, '<host>'), passing }))
    return { ended, printed: printed.lines(), requests: server.requests }
  } finally {
    printed.restore()
  }
}

const json =
  (fields: object, status = 200) =>
  (response: ServerResponse) =>
    response.writeHead(status).end(JSON.stringify(fields))

test('asks for an audience, and masks what it gets', async () => {
  const { ended, printed, requests } = await request(json({ count: 3, value: ID_TOKEN }))
  expect(ended).toBe(ID_TOKEN)
  expect(printed).toEqual([`::add-mask::${ID_TOKEN}`])
  expect(requests).toMatchObject([
    {
      method: 'GET',
      url: '/?api-version=2.0&audience=api%3A%2F%2Fx',
      headers: { authorization: `Bearer ${REQUEST_TOKEN}` },
    },
  ])
})

const PERMISSION =
  'Check that the job has permissions: id-token: write, and assertion-audience, if it is given.'
const RUN_AGAIN = 'Run the job again; if it fails again, look at the status page of the server.'

test.each<[string, (response: ServerResponse) => void, string, object | undefined]>([
  [
    'a refusal that shows the right to ask, and an earlier ID token',
    json({ message: `No ${REQUEST_TOKEN}, fake-earlier-id-token` }, 401),
    `HTTP 401 (No ***, ***). ${PERMISSION}`,
    undefined,
  ],
  ['a status that means something else here', json({}, 403), `HTTP 403. ${PERMISSION}`, undefined],
  ['no ID token', json({ count: 0 }), `HTTP 200 without an ID token. ${PERMISSION}`, undefined],
  [
    'an ID token that is none',
    json({ value: 'a.b' }),
    `HTTP 200 without an ID token. ${PERMISSION}`,
    undefined,
  ],
  [
    'an ID token in a list',
    json({ value: ['a.b.c'] }),
    `HTTP 200 without an ID token. ${PERMISSION}`,
    undefined,
  ],
  [
    'something before an ID token',
    json({ value: 'x a.b.c' }),
    `HTTP 200 without an ID token. ${PERMISSION}`,
    undefined,
  ],
  ['no JSON', (response) => response.end('a.b.c'), `HTTP 200 without an ID token. ${PERMISSION}`, undefined],
  [
    'an ID token with a command',
    json({ value: 'a.b.c\n::error::x' }),
    `HTTP 200 without an ID token. ${PERMISSION}`,
    undefined,
  ],
  [
    'a server that is down',
    json({}, 503),
    'HTTP 503. The server has a problem of its own. Run the job again; if it fails again, look at its status page.',
    { status: 503 },
  ],
  [
    'a body that breaks off',
    (response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"value":"fake', () => response.destroy())
    },
    `the connection broke off (ECONNRESET). ${RUN_AGAIN}`,
    {},
  ],
])('says what kept the ID token from coming: %s', async (_name, answer, message, passing) => {
  const { ended, printed } = await request(answer)
  expect(ended).toEqual({ message: `no ID token from <host>: ${message}`, passing })
  expect(printed).toEqual([])
})

test('ends at its deadline', async () => {
  const { ended } = await request(() => {}, 100)
  expect(ended).toMatchObject({
    message: `no ID token from <host>: no complete answer within 0.1 s. ${RUN_AGAIN}`,
  })
})

test.each([
  ['all claims', { iss: 'i', sub: 's', aud: 'a', jti: 'j' }, 'iss i, sub s, aud a'],
  ['a claim that is no text', { sub: { toString: 1 }, aud: ['a'] }, 'iss ?, sub ?, aud ?'],
  ['a claim that is a secret', { sub: `x ${REQUEST_TOKEN.slice(0, 14)}` }, 'iss ?, sub x ***, aud ?'],
  ['no claims', {}, 'iss ?, sub ?, aud ?'],
  ['a claim that is an attack', { sub: '\n##[x]' }, 'iss ?, sub ?## [x], aud ?'],
])('tells the claims that a server compares: %s', (_name, claims, text) => {
  expect(describeIdToken(`x.${encode(claims)}.x`, [REQUEST_TOKEN])).toBe(text)
})

test('tells of an ID token that it cannot read that it says nothing', () => {
  expect(describeIdToken('x', [])).toBe('iss ?, sub ?, aud ?')
})
