import type { ServerResponse } from 'node:http'
import { expect, test } from '@jest/globals'
import { startServer } from '../../dev/servers/loopback-server.ts'
import { monotonicMs } from '../../src/http/clock.ts'
import type { Failure } from '../../src/http/failure.ts'
import { createSend } from '../../src/http/send.ts'
import { createIdTokenSource } from '../../src/oauth/github-id-token.ts'
import { recordPrinted } from '../stdout.ts'

const REQUEST_TOKEN = 'fake-request-token'
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const idTokenOf = (claims: object) => `${encode({ alg: 'RS256' })}.${encode(claims)}.fake-signature`
const ID_TOKEN = idTokenOf({ iss: 'https://github.example' })

type Respond = (response: ServerResponse) => void

/** Requests ID tokens one after the other from the same source, as attempts do. */
async function request(...responses: readonly Respond[]) {
  let count = 0
  await using server = await startServer((_request, response) => {
    responses[count]?.(response)
    count += 1
  })
  const url = new URL(`${server.origin}/?api-version=2.0`)
  const endpoint = { url, source: 'ACTIONS_ID_TOKEN_REQUEST_URL' }
  const recorded = recordPrinted()
  try {
    const requestIdToken = createIdTokenSource({ endpoint, requestToken: REQUEST_TOKEN }, 'api://x')
    const results = []
    for (const _response of responses) {
      const result = await requestIdToken(createSend(monotonicMs() + 10_000)).then(
        ({ describeClaims, ...result }) => ({ ...result, claims: describeClaims() }),
        ({ reason, advice, transient }: Failure) => ({
          reason: reason.replace(url.host, '<host>'),
          advice,
          transient,
        }),
      )
      results.push({ ...result, printed: recorded.lines() })
    }
    return { results, requests: server.requests }
  } finally {
    recorded.restore()
  }
}

const json =
  (members: object, status = 200): Respond =>
  (response) =>
    response.writeHead(status).end(JSON.stringify(members))

test('requests an ID token for an audience and masks it', async () => {
  const { results, requests } = await request(json({ count: 3, value: ID_TOKEN }))
  expect(results).toEqual([
    {
      idToken: ID_TOKEN,
      secrets: [REQUEST_TOKEN, ID_TOKEN],
      claims: 'iss=https://github.example, sub=?, aud=? (assertion-audience)',
      printed: [`::add-mask::${ID_TOKEN}`],
    },
  ])
  expect(requests).toMatchObject([
    {
      method: 'GET',
      url: '/?api-version=2.0&audience=api%3A%2F%2Fx',
      headers: { authorization: `Bearer ${REQUEST_TOKEN}` },
    },
  ])
})

test('sends nothing before the first attempt', async () => {
  const { requests } = await request()
  expect(requests).toEqual([])
})

test('requests and masks a new ID token for each attempt, and keeps the earlier ones among the secrets', async () => {
  const [first, second, third] = ['1', '2', '3'].map((jti) => idTokenOf({ jti, sub: `s${jti}` })) as [
    string,
    string,
    string,
  ]
  const { results, requests } = await request(
    json({ value: first }),
    json({ value: second }),
    json({}, 503),
    json({ value: third }),
  )
  expect(results).toMatchObject([
    { idToken: first, secrets: [REQUEST_TOKEN, first], claims: 'iss=?, sub=s1, aud=? (assertion-audience)' },
    {
      idToken: second,
      secrets: [REQUEST_TOKEN, first, second],
      claims: 'iss=?, sub=s2, aud=? (assertion-audience)',
    },
    { transient: { status: 503 } },
    {
      idToken: third,
      secrets: [REQUEST_TOKEN, first, second, third],
      claims: 'iss=?, sub=s3, aud=? (assertion-audience)',
    },
  ])
  const masks = [first, second, third].map((idToken) => `::add-mask::${idToken}`)
  expect(results.map(({ printed }) => printed)).toEqual([
    masks.slice(0, 1),
    masks.slice(0, 2),
    masks.slice(0, 2),
    masks,
  ])
  expect(new Set(requests.map(({ url }) => url))).toEqual(
    new Set(['/?api-version=2.0&audience=api%3A%2F%2Fx']),
  )
})

const CHECK_PERMISSION =
  'Check that the job has permissions: id-token: write, and check assertion-audience if set.'

test('redacts the request token and an earlier ID token in a later rejection', async () => {
  const { results } = await request(
    json({ value: ID_TOKEN }),
    json({ message: `No ${REQUEST_TOKEN} ${ID_TOKEN} here` }, 401),
  )
  expect(results[1]).toMatchObject({
    reason: 'the ID token request to <host> failed: HTTP 401 (No *** *** here)',
  })
})

test.each<[string, Respond, string]>([
  ['a rejection', json({ message: 'Why' }, 401), 'HTTP 401 (Why)'],
  ['a status with other advice elsewhere', json({}, 403), 'HTTP 403'],
  ['a success without a body to parse', json({}, 204), 'HTTP 204 with an empty response'],
  ['no value', json({ count: 0 }), 'HTTP 200 without an ID token'],
  ['a value with two parts', json({ value: 'a.b' }), 'HTTP 200 without an ID token'],
  ['an array', json({ value: ['a.b.c'] }), 'HTTP 200 without an ID token'],
  ['text before the ID token', json({ value: 'x a.b.c' }), 'HTTP 200 without an ID token'],
  ['a workflow command after it', json({ value: 'a.b.c\n::error::x' }), 'HTTP 200 without an ID token'],
  ['no JSON', (response) => response.end('a.b.c'), 'HTTP 200 without an ID token'],
])('explains %s', async (_name, respond, reason) => {
  const { results } = await request(respond)
  expect(results).toEqual([
    {
      reason: `the ID token request to <host> failed: ${reason}`,
      advice: CHECK_PERMISSION,
      transient: undefined,
      printed: [],
    },
  ])
})

test.each<[string, Respond, object]>([
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
  const { results } = await request(respond)
  expect(results[0]).toMatchObject({
    reason: expect.stringMatching(/^the ID token request to <host> failed: /),
    advice: expect.not.stringContaining(CHECK_PERMISSION),
    transient,
  })
})

test.each([
  ['all claims', { iss: 'i', sub: 's', aud: 'a', jti: 'j' }, 'iss=i, sub=s, aud=a (assertion-audience)'],
  [
    'claims that are not texts',
    { sub: { toString: 1 }, aud: ['a'] },
    'iss=?, sub=?, aud=? (assertion-audience)',
  ],
  [
    'a claim with a secret',
    { sub: `x ${REQUEST_TOKEN.slice(0, 14)}` },
    'iss=?, sub=x ***, aud=? (assertion-audience)',
  ],
  ['a claim with a workflow command', { sub: '\n##[x]' }, 'iss=?, sub=?## [x], aud=? (assertion-audience)'],
])('describes %s', async (_name, claims, text) => {
  const { results } = await request(json({ value: idTokenOf(claims) }))
  expect(results[0]).toMatchObject({ claims: text })
})

test.each(['a.b.c', 'x.bnVsbA.x'])('describes an ID token without claims: %s', async (value) => {
  const { results } = await request(json({ value }))
  expect(results[0]).toMatchObject({ claims: 'iss=?, sub=?, aud=? (assertion-audience)' })
})
