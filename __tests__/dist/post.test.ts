/** The post step of the built action, from outside. */
import type { ServerResponse } from 'node:http'
import { expect, test } from '@jest/globals'
import type { StepResult } from '../../dev/runner/fake-runner.ts'
import { type ReceivedRequest, startServer } from '../../dev/servers/loopback-server.ts'
import { startCheckedJob } from '../leaks.ts'

const SECRET = 'fake-9f8e7d6c5b4a3210'
const TOKEN = 'fake-0123456789abcdef'

/** Starts a server with a token endpoint and a revocation endpoint, which answers as it is told. */
async function startRevoking(
  answer: (response: ServerResponse, request: ReceivedRequest) => void,
  fields: object = { expires_in: 3600 },
) {
  const server = await startServer((request, response) => {
    if (request.url !== '/token') return answer(response, request)
    return response.end(JSON.stringify({ access_token: TOKEN, token_type: 'Bearer', ...fields }))
  })
  return Object.assign(server, {
    inputs: {
      'client-id': 'fake-id',
      'client-secret': SECRET,
      'token-url': `${server.origin}/token`,
      'revocation-url': `${server.origin}/revoke`,
    },
    host: new URL(server.origin).host,
    revocations: () => server.requests.filter(({ url }) => url === '/revoke'),
  })
}

/** Runs main and post, checks that both are green and leak nothing, and returns what post shows. */
async function runPost(inputs: Record<string, string>, changed = {}) {
  const job = startCheckedJob()
  const main = await job.runAction({ with: inputs })
  expect(main.exitCode).toBe(0)
  const [post] = (await job.runPostSteps({}, changed)) as [StepResult]
  expect(post.exitCode).toBe(0)
  return post.printed.filter((line) => !line.startsWith('::add-mask::'))
}

test('revokes the token by the same authentication (RFC 7009, 2.1)', async () => {
  await using server = await startRevoking((response) => response.end())
  expect(await runPost(server.inputs)).toEqual([`Revoked the access token at ${server.host}`])
  const [asked, revoked] = server.requests
  expect(revoked).toEqual({
    ...asked,
    url: '/revoke',
    headers: { ...asked?.headers, 'content-length': expect.any(String) },
    body: `token=${TOKEN}&token_type_hint=access_token`,
  })
})

test('revokes by id and secret in the body, where they were there for the token', async () => {
  await using server = await startRevoking((response) => response.writeHead(204).end())
  await runPost({ ...server.inputs, 'auth-method': 'client_secret_post' })
  expect(server.revocations()[0]).toMatchObject({
    body: `token=${TOKEN}&token_type_hint=access_token&client_id=fake-id&client_secret=${SECRET}`,
  })
  expect(server.revocations()[0]?.headers.authorization).toBeUndefined()
})

test('revokes where the server does not say how long the token is valid', async () => {
  await using server = await startRevoking((response) => response.end(), {})
  expect(await runPost(server.inputs)).toEqual([`Revoked the access token at ${server.host}`])
})

test.each([
  ['it is told not to', { revoke: 'false' }],
  ['there is no revocation endpoint', { 'revocation-url': '' }],
])('does and says nothing, and keeps no token in the state, where %s', async (_name, inputs) => {
  await using server = await startRevoking((response) => response.end())
  const job = startCheckedJob()
  const main = await job.runAction({ with: { ...server.inputs, ...inputs } })
  expect(main.state).toEqual({ isPost: 'true' })
  expect(await job.runPostSteps()).toMatchObject([{ exitCode: 0, printed: [] }])
  expect(server.revocations()).toEqual([])
})

test('revokes no token that has expired', async () => {
  await using server = await startRevoking((response) => response.end(), { expires_in: 0 })
  expect(await runPost(server.inputs)).toEqual([
    'The access token has expired by itself, so it is not revoked',
  ])
  expect(server.revocations()).toEqual([])
})

const json = (fields: object, status: number) => (response: ServerResponse) =>
  response.writeHead(status).end(JSON.stringify(fields))
const VALID = 'Until it expires, the token stays valid.'
const CHECK = 'Check revocation-url, or set revoke to false if the server does not revoke access tokens.'

test.each<[string, (response: ServerResponse) => void, string]>([
  [
    'refuses the client',
    json({ error: 'invalid_client', error_description: `${TOKEN} ${SECRET} ##[error]` }, 401),
    'HTTP 401 invalid_client (*** *** ## [error])',
  ],
  [
    'does not revoke access tokens',
    json({ error: 'unsupported_token_type' }, 400),
    'HTTP 400 unsupported_token_type',
  ],
  ['is not there', (response) => response.writeHead(404).end(), 'HTTP 404 with an empty answer'],
  [
    'redirects',
    (response) => response.writeHead(307, { location: 'https://other.example/' }).end(),
    'HTTP 307, a redirect to https://other.example, which is not followed',
  ],
])('warns, and does not try again, where the endpoint %s', async (_name, answer, message) => {
  await using server = await startRevoking(answer)
  expect(await runPost(server.inputs)).toEqual([
    `::warning::Could not revoke the access token at ${server.host}: ${message}. ${CHECK} ${VALID}`,
  ])
  expect(server.revocations()).toHaveLength(1)
})

test.each<[string, (response: ServerResponse) => void, string]>([
  ['is busy', (response) => response.writeHead(503).end('{}'), `HTTP 503. ${CHECK}`],
  [
    'breaks off',
    (response) => response.destroy(),
    'the connection broke off (ECONNRESET). Run the job again; if it fails again, look at the status page of the server.',
  ],
])('tries once more, then warns, where the endpoint %s', async (_name, answer, reason) => {
  await using server = await startRevoking(answer)
  expect(await runPost(server.inputs)).toEqual([
    expect.stringMatching(/; trying again in \d\.\d s \(attempt 2 of 2\)$/),
    `::warning::Could not revoke the access token at ${server.host} in 2 attempts: ${reason} ${VALID}`,
  ])
  expect(server.revocations()).toHaveLength(2)
})

test('gives up, and warns, within 10 s where the endpoint never answers', async () => {
  await using server = await startRevoking(() => {})
  const start = performance.now()
  const printed = await runPost(server.inputs)
  // Less than the ten seconds by what a busy machine took to come that far.
  expect(printed.map((line) => line.replace(/within 9\.\d s/, 'within 10 s'))).toEqual([
    `::warning::Could not revoke the access token at ${server.host}: no complete answer within 10 s. Run the job again; if it fails again, look at the status page of the server. ${VALID}`,
  ])
  expect(performance.now() - start).toBeLessThan(20_000)
}, 30_000)

test('warns where the connection goes without a sign', async () => {
  await using server = await startRevoking((response) => {
    response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
  })
  expect(await runPost(server.inputs)).toEqual([
    `::warning::Stopped in the middle: the connection was gone without an answer and without an error. Run the job again; if it fails again, check token-url or issuer. ${VALID}`,
  ])
})

test('warns where an input has become wrong in between', async () => {
  await using server = await startRevoking((response) => response.end())
  expect(await runPost(server.inputs, { 'client-secret': '' })).toEqual([
    expect.stringMatching(
      /^::warning::client-secret is empty\. .* Until it expires, the token stays valid\.$/,
    ),
  ])
  expect(server.revocations()).toEqual([])
})
