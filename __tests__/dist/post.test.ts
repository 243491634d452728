/** The built action's post step: revocation, and what it reads from the state. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { StepResult } from '../../dev/runner/fake-runner.ts'
import { type ReceivedRequest, startServer } from '../../dev/servers/loopback-server.ts'
import { createAuthority, type TlsAuthority } from '../../dev/servers/tls-authority.ts'
import { encodedForms, startCheckedJob } from '../leaks.ts'

const SECRET = 'fake-9f8e7d6c5b4a3210'
const TOKEN = 'fake+0123456789/abcdef&ghi<jkl=='

/** How the log lines start; the unit tests assert the rest of their words. */
const REVOKED = 'Revoked the access token at'
const FAILED = '::warning::Could not revoke the access token at'
const WAIT = /; retrying in \d+\.\d s \(attempt 2\b.*\)$/

let authority: TlsAuthority

beforeAll(async () => {
  authority = await createAuthority(['localhost'])
})

afterAll(() => {
  authority[Symbol.dispose]()
})

type Respond = (response: ServerResponse, request: ReceivedRequest) => void

/** Starts a server with a token endpoint and a revocation endpoint. */
async function startRevoking(
  respond: Respond,
  fields: object = { expires_in: 3600 },
  tls?: TlsAuthority['tls'],
) {
  const server = await startServer((request, response) => {
    if (request.url !== '/token') return respond(response, request)
    return response.end(JSON.stringify({ access_token: TOKEN, token_type: 'Bearer', ...fields }))
  }, tls)
  const origin = tls ? server.origin.replace('127.0.0.1', 'localhost') : server.origin
  return Object.assign(server, {
    inputs: {
      'client-id': 'fake-id',
      'client-secret': SECRET,
      'token-url': `${origin}/token`,
      'revocation-url': `${origin}/revoke`,
    },
    host: new URL(origin).host,
    revocations: () => server.requests.filter(({ url }) => url === '/revoke'),
  })
}

/** Runs main and post, expects both to succeed without a leak, and returns the log of post. */
async function runPost(inputs: Record<string, string>, changed = {}) {
  const job = startCheckedJob({ env: { NODE_EXTRA_CA_CERTS: authority.file } })
  const main = await job.runAction({ with: inputs })
  expect(main.exitCode).toBe(0)
  const [post] = (await job.runPostSteps({}, changed)) as [StepResult]
  expect(post.exitCode).toBe(0)
  return logOf(post)
}

function logOf({ printed }: StepResult): string[] {
  return printed.filter((line) => !line.startsWith('::add-mask::'))
}

test('revokes the token with the same client authentication (RFC 7009, section 2.1)', async () => {
  await using server = await startRevoking((response) => response.end())
  expect(await runPost(server.inputs)).toEqual([`${REVOKED} ${server.host}`])
  const [tokenRequest, revocation] = server.requests
  expect(revocation).toEqual({
    ...tokenRequest,
    url: '/revoke',
    headers: { ...tokenRequest?.headers, 'content-length': expect.any(String) },
    body: `token=${encodeURIComponent(TOKEN)}&token_type_hint=access_token`,
  })
})

test('sends the credentials in the body with client_secret_post', async () => {
  await using server = await startRevoking((response) => response.writeHead(204).end())
  await runPost({ ...server.inputs, 'auth-method': 'client_secret_post' })
  expect(server.revocations()[0]).toMatchObject({
    body: `token=${encodeURIComponent(TOKEN)}&token_type_hint=access_token&client_id=fake-id&client_secret=${SECRET}`,
  })
  expect(server.revocations()[0]?.headers.authorization).toBeUndefined()
})

test('revokes a token without an expiration time', async () => {
  await using server = await startRevoking((response) => response.end(), {})
  expect(await runPost(server.inputs)).toEqual([`${REVOKED} ${server.host}`])
})

test.each([
  ['revoke is false', { revoke: 'false' }],
  ['there is no revocation endpoint', { 'revocation-url': '' }],
])('sends and logs nothing, and saves no token, if %s', async (_name, inputs) => {
  await using server = await startRevoking((response) => response.end())
  const job = startCheckedJob()
  const main = await job.runAction({ with: { ...server.inputs, ...inputs } })
  expect(main.state).toEqual({ revocation: '' })
  expect(await job.runPostSteps()).toMatchObject([{ exitCode: 0, printed: [] }])
  expect(server.revocations()).toEqual([])
})

test('loads only its own file if there is nothing to revoke', async () => {
  await using server = await startRevoking((response) => response.end())
  const job = startCheckedJob()
  await job.runAction({ with: { ...server.inputs, revoke: 'false' } })
  const [post] = (await job.runPostSteps({ NODE_DEBUG: 'module' })) as [StepResult]
  // On Windows, the log shows each backslash of the path twice.
  const loaded = post.printed.flatMap((line) => / load ".*[\\/]dist[\\/]+(.+?)" /.exec(line)?.[1] ?? [])
  expect(loaded).toEqual(['post.cjs'])
})

test('does not revoke an expired token', async () => {
  await using server = await startRevoking((response) => response.end(), { expires_in: 0 })
  expect(await runPost(server.inputs)).toEqual([expect.not.stringMatching(/^::|^Revoked/)])
  expect(server.revocations()).toEqual([])
})

const json = (fields: object, status: number) => (response: ServerResponse) =>
  response.writeHead(status).end(JSON.stringify(fields))

test.each<[string, Respond, string | RegExp]>([
  [
    'rejects the client',
    json({ error: 'invalid_client', error_description: `${TOKEN} ${SECRET} ##[error]` }, 401),
    'HTTP 401 invalid_client (*** *** ## [error])',
  ],
  [
    'does not revoke access tokens',
    json({ error: 'unsupported_token_type' }, 400),
    'HTTP 400 unsupported_token_type',
  ],
  ['does not exist', (response) => response.writeHead(404).end(), /: HTTP 404\b/],
  [
    'redirects',
    (response) => response.writeHead(307, { location: 'https://other.example/' }).end(),
    /: HTTP 307\b.* https:\/\/other\.example[., ]/,
  ],
  [
    'responds with an HTML page of unknown length',
    (response) => void response.socket?.end('HTTP/1.1 200 OK\r\n\r\n<html></html>'),
    /: HTTP 200\b/,
  ],
])('warns without a retry if the endpoint %s', async (_name, respond, cause) => {
  await using server = await startRevoking(respond)
  const log = await runPost(server.inputs)
  expect(log).toEqual([expect.stringContaining(`${FAILED} ${server.host}: `)])
  expect(log[0]).toMatch(cause)
  expect(server.revocations()).toHaveLength(1)
})

const formsOfToken = encodedForms(TOKEN).map((form) => [form])
test.each(formsOfToken)('redacts the token if the endpoint echoes it as %s', async (form) => {
  await using server = await startRevoking(
    json({ error: 'invalid_request', error_description: `${'x'.repeat(485)} (${form})` }, 400),
  )
  const [line] = await runPost(server.inputs)
  // Redacted before it is truncated: a part of the word would be readable otherwise.
  expect(line).toContain('x ***). Check')
})

/** Starts a response without Content-Length and chunking: only the end of the connection ends its body. */
const start = (response: ServerResponse, body: string, end: () => void) =>
  void response.socket?.write(`HTTP/1.1 200 OK\r\n\r\n${body}`, end)
const closedInBody: Respond = (response) => start(response, '{"error":"inv', () => response.socket?.end())
/** Over TLS, without close_notify. */
const droppedInBody: Respond = (response) => start(response, '{"error":"inv', () => response.destroy())
/** Resets the connection; the delay lets the client read the text first. */
const resetAfter =
  (body: string): Respond =>
  (response) =>
    start(response, body, () => setTimeout(() => response.socket?.resetAndDestroy(), 200))

const INCOMPLETE = /^(?:.* after 2 attempts: )?the response is incomplete/

test.each<[string, Respond, RegExp, isTls?: boolean]>([
  ['is busy', (response) => response.writeHead(503).end('{}'), /HTTP 503\b/],
  ['closes the connection', (response) => response.destroy(), /\(ECONNRESET\)/],
  ['closes the connection in a body of unknown length', closedInBody, INCOMPLETE],
  ['closes the connection in a body of unknown length, over TLS', closedInBody, INCOMPLETE, true],
  ['drops the connection in a body of unknown length, over TLS', droppedInBody, INCOMPLETE, true],
  ['resets the connection in a body of unknown length', resetAfter('{"error":"inv'), INCOMPLETE],
  ['resets the connection before a body of unknown length', resetAfter(''), INCOMPLETE],
])('retries once, then warns, if the endpoint %s', async (_name, respond, cause, isTls = false) => {
  await using server = await startRevoking(respond, {}, isTls ? authority.tls : undefined)
  const log = await runPost(server.inputs)
  expect(log).toEqual([
    expect.stringMatching(WAIT),
    expect.stringContaining(`${FAILED} ${server.host} after 2 attempts: `),
  ])
  for (const line of log) expect(line).toMatch(cause)
  expect(server.revocations()).toHaveLength(2)
})

test('revokes the token if the second response is complete', async () => {
  const responses = [resetAfter(''), (response: ServerResponse) => response.end()]
  await using server = await startRevoking((...parts) => responses.shift()?.(...parts))
  expect(await runPost(server.inputs)).toEqual([expect.stringMatching(WAIT), `${REVOKED} ${server.host}`])
})

test.concurrent.each<[string, Respond]>([
  ['does not respond', () => {}],
  ['stops in a body of unknown length', (response) => start(response, '{"error":"inv', () => {})],
])('times out, and warns, if the endpoint %s', async (_name, respond) => {
  await using server = await startRevoking(respond)
  expect(await runPost(server.inputs)).toEqual([expect.stringContaining(`${FAILED} ${server.host}: `)])
  expect(server.revocations()).toHaveLength(1)
})

test('warns if the endpoint switches protocols (101)', async () => {
  await using server = await startRevoking((response) => {
    response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
  })
  const log = await runPost(server.inputs)
  expect(log.filter((line) => !WAIT.test(line))).toEqual([
    expect.stringMatching(new RegExp(`^${FAILED} ${server.host}( after 2 attempts)?: `)),
  ])
})

test('warns if an input is no longer valid', async () => {
  await using server = await startRevoking((response) => response.end())
  expect(await runPost(server.inputs, { 'client-secret': '' })).toEqual([
    expect.stringMatching(/^::warning::client-secret /),
  ])
  expect(server.revocations()).toEqual([])
})

/** The state that main saves, with an endpoint of an attacker. */
function forgeState(url: string): string {
  return JSON.stringify({
    accessToken: 'x',
    endpoint: { url, input: 'revocation-url', source: 'revocation-url' },
    server: { audience: url, authMethods: [], signingAlgorithms: [] },
  })
}

// An earlier step can set STATE_revocation through GITHUB_ENV, but a saved state takes precedence.
test.each([
  ['revoke is false', { revoke: 'false' }, 0],
  ['there is no revocation endpoint', { 'revocation-url': '' }, 0],
  ['main fails', { 'token-url': 'http://127.0.0.1:1/token', retries: '0' }, 1],
])('sends nothing to the endpoint of a forged state if %s', async (_name, inputs, exitCode) => {
  await using server = await startRevoking((response) => response.end())
  await using attacker = await startServer((_request, response) => response.end())
  for (const url of [`${attacker.origin}/`, 'https://elsewhere.invalid/']) {
    const job = startCheckedJob({ env: { STATE_revocation: forgeState(url) } })
    expect(await job.runAction({ with: { ...server.inputs, ...inputs } })).toMatchObject({ exitCode })
    expect(await job.runPostSteps()).toMatchObject([{ exitCode: 0, printed: [] }])
  }
  expect(attacker.requests).toEqual([])
})

/** Runs main on a runner that loses the saved state, and post with another one. */
async function runPostWithState(inputs: Record<string, string>, state: string): Promise<StepResult> {
  const folder = mkdtempSync(join(tmpdir(), 'lost-state-'))
  const file = join(folder, 'state')
  writeFileSync(file, '')
  try {
    const job = startCheckedJob({ env: { STATE_revocation: state } })
    const main = await job.runAction({ with: inputs, env: { GITHUB_STATE: file } })
    expect(main).toMatchObject({ exitCode: 0, state: {} })
    const [post] = (await job.runPostSteps()) as [StepResult]
    return post
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const NO_REVOCATION_URL = { 'revocation-url': '' }
const UNREADABLE_STATES = ['{', 'garbage', 'null', '[]', '{}', '"garbage"', '{"accessToken":7}']
const STATES_WITHOUT_ENDPOINT = [
  '{"accessToken":"garbage"}',
  '{"accessToken":"garbage","endpoint":{"url":"garbage"}}',
  '{"accessToken":"garbage","endpoint":{"url":"http://garbage.example/"}}',
  '{"accessToken":"garbage","endpoint":{"url":["garbage"]}}',
  forgeState('http://garbage.example/'),
]

test.each([
  ...UNREADABLE_STATES.map((state) => [state, {}] as const),
  ...[...UNREADABLE_STATES, ...STATES_WITHOUT_ENDPOINT].map((state) => [state, NO_REVOCATION_URL] as const),
])('warns at most once, and does not quote it, if the state is %s (inputs: %j)', async (state, inputs) => {
  await using server = await startRevoking((response) => response.end())
  const post = await runPostWithState({ ...server.inputs, ...inputs }, state)
  const log = logOf(post)
  expect(post.exitCode).toBe(0)
  expect(log.filter((line) => !line.startsWith('::warning::'))).toEqual([])
  expect(log.length).toBeLessThanOrEqual(1)
  // No words of the JSON parser or of a TypeError, and nothing from the state.
  expect(log.join('')).not.toMatch(/unexpected|JSON|position|undefined|null|destructure|garbage/i)
  expect(server.revocations()).toEqual([])
})

test('prefers revocation-url to the endpoint of a forged state', async () => {
  await using server = await startRevoking((response) => response.end())
  await using attacker = await startServer((_request, response) => response.end())
  const post = await runPostWithState(server.inputs, forgeState(`${attacker.origin}/`))
  expect(post.exitCode).toBe(0)
  expect(attacker.requests).toEqual([])
})
