import type { ServerResponse } from 'node:http'
import { expect, jest, test } from '@jest/globals'
import { startServer } from '../dev/servers/loopback-server.ts'
import { type Revocable, revokeToken } from '../src/post.ts'
import { runInProcess } from './in-process.ts'

const NOW = new Date('2026-11-23T18:00:00Z')
const CREDENTIALS = { 'client-id': 'fake-id', 'client-secret': 'fake-secret' }

/** Revokes at a server that answers as it is told, at a fixed time. */
async function revoke(
  answer: (response: ServerResponse) => void,
  revocation: Partial<Revocable> = {},
  inputs = {},
) {
  await using server = await startServer((_request, response) => answer(response))
  const state: Revocable = {
    accessToken: 'fake-token',
    endsAt: undefined,
    endpoint: { url: `${server.origin}/revoke`, input: 'revocation-url' },
    server: { audience: 'urn:as', authMethods: [], signingAlgorithms: [] },
    ...revocation,
  }
  jest.spyOn(Date, 'now').mockReturnValue(NOW.getTime())
  try {
    const result = await runInProcess(() => revokeToken(JSON.stringify(state)), { ...CREDENTIALS, ...inputs })
    const { host } = new URL(server.origin)
    return {
      error: result.error?.replaceAll(host, '<host>'),
      printed: result.printed.map((line) => line.replaceAll(host, '<host>')),
      requests: server.requests,
    }
  } finally {
    jest.restoreAllMocks()
  }
}

const ok = (response: ServerResponse) => response.end()
const MASKS = [
  '::add-mask::fake-secret',
  `::add-mask::${Buffer.from('fake-id:fake-secret').toString('base64')}`,
]

test.each([
  ['an end that the server does not say', undefined],
  ['an end in a moment', NOW.getTime() + 1],
])('revokes a token with %s', async (_name, endsAt) => {
  const { error, printed, requests } = await revoke(ok, { endsAt })
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

test.each([NOW.getTime(), 0])('does not revoke a token that ended at %i', async (endsAt) => {
  const { error, printed, requests } = await revoke(ok, { endsAt })
  expect(error).toBeUndefined()
  expect(printed).toEqual(['The access token has expired by itself, so it is not revoked'])
  expect(requests).toEqual([])
})

test('authenticates as for the token', async () => {
  const { requests } = await revoke(ok, {}, { 'auth-method': 'client_secret_post' })
  expect(requests[0]?.body).toBe(
    'token=fake-token&token_type_hint=access_token&client_id=fake-id&client_secret=fake-secret',
  )
})

test.each([200, 204, 299])('takes the status %i for success', async (status) => {
  const { error } = await revoke((response) => response.writeHead(status).end())
  expect(error).toBeUndefined()
})

test.each([
  ['an error', '{"error":"unsupported_token_type"}', 'HTTP 200 unsupported_token_type'],
  ['a page', '\n\n <html>', 'HTTP 200 with an HTML page instead of JSON'],
])('takes %s for a failure, whatever the status', async (_name, body, reason) => {
  const { error } = await revoke((response) => response.end(body))
  expect(error).toMatch(`Could not revoke the access token at <host>: ${reason}. Check revocation-url,`)
})

test.each(['OK', 'a <b', '{}', '{"ok":true}', '[]'])('takes the body %s for success', async (body) => {
  expect((await revoke((response) => response.end(body))).error).toBeUndefined()
})

test.each([300, 400])('takes the status %i for a failure', async (status) => {
  const { error, requests } = await revoke((response) => response.writeHead(status).end())
  expect(error).toMatch(/^Could not revoke the access token at <host>: HTTP/)
  expect(requests).toHaveLength(1)
})

test('shows neither the token nor the secret that a server sends back', async () => {
  const { error } = await revoke((response) =>
    response.writeHead(400).end('{"error":"invalid_client","error_description":"fake-token fake-secret"}'),
  )
  expect(error).toBe(
    'Could not revoke the access token at <host>: HTTP 400 invalid_client (*** ***). Check revocation-url, or set revoke to false if the server does not revoke access tokens.',
  )
})

test.each([500, 503])('tries once more after the status %i', async (status) => {
  const random = jest.spyOn(Math, 'random').mockReturnValue(0.01)
  const { error, printed, requests } = await revoke((response) => response.writeHead(status).end('{}'))
  random.mockRestore()
  expect(requests).toHaveLength(2)
  expect(printed.at(-1)).toBe(`HTTP ${status}; trying again in 0.0 s (attempt 2 of 2)`)
  expect(error).toMatch(
    new RegExp(`^Could not revoke the access token at <host> in 2 attempts: HTTP ${status}\\. `),
  )
})

test('does not wait for as long as a server asks', async () => {
  const { error, requests } = await revoke((response) =>
    response.writeHead(503, { 'retry-after': '1' }).end('{}'),
  )
  expect(requests).toHaveLength(1)
  expect(error).toBe(
    'Could not revoke the access token at <host>: HTTP 503. Check revocation-url, or set revoke to false if the server does not revoke access tokens.',
  )
})

test('throws what is wrong with the inputs, which may have changed in between', async () => {
  const { error, requests } = await revoke(ok, {}, { 'client-secret': '' })
  expect(error).toMatch(/^client-secret is empty\. /)
  expect(requests).toEqual([])
})
