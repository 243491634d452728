/** Runs the files of the steps, index.ts and post-index.ts. */
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { startServer } from '../dev/servers/loopback-server.ts'
import { runInProcess } from './in-process.ts'

const UNFINISHED =
  'Ended unexpectedly: the connection closed without a response or an error. Re-run the job; if it keeps failing, check token-url or issuer.'
const STILL_VALID = 'The token remains valid until it expires.'
const TOKEN = JSON.stringify({ access_token: 'fake-token', token_type: 'Bearer' })
const STATE = JSON.stringify({ accessToken: 'fake-token', metadata: {} })

let exitCode: typeof process.exitCode

beforeEach(() => {
  // The files run when they are imported.
  jest.resetModules()
  exitCode = process.exitCode
})

afterEach(() => {
  jest.restoreAllMocks()
  process.exitCode = exitCode
})

/** Runs a step to its end: it listens for an unexpected one until then. */
async function run(
  file: 'index' | 'post-index',
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
) {
  let code: typeof process.exitCode
  const listeners = process.listeners('beforeExit')
  const [listen, unlisten] = [jest.spyOn(process, 'once'), jest.spyOn(process, 'off')]
  const result = await runInProcess(
    async () => {
      process.exitCode = undefined
      await import(`../src/${file}.ts`)
      // The post step may load it later.
      await import('../src/run.ts')
      do await new Promise((resolve) => setImmediate(resolve))
      while (listen.mock.calls.length > unlisten.mock.calls.length)
      code = process.exitCode
      process.exitCode = exitCode
    },
    { 'client-id': 'fake-id', 'client-secret': 'fake-secret', ...inputs },
    env,
  )
  expect(process.listeners('beforeExit')).toEqual(listeners)
  return { ...result, code }
}

const runPost = (origin: string, state = STATE) =>
  run('post-index', { 'token-url': origin, 'revocation-url': origin }, { STATE_revocation: state })

test('runs the main step', async () => {
  await using server = await startServer((_request, response) => response.end(TOKEN))
  const { code, outputs, printed } = await run('index', { 'token-url': server.origin })
  expect(code).toBeUndefined()
  expect(outputs['access-token']).toBe('fake-token')
  expect(printed.filter((line) => /^::(?!add-mask)/.test(line))).toEqual([])
})

test('fails with the error of the main step', async () => {
  const { code, printed, outputs } = await run('index', { timeout: 'x' })
  expect(code).toBe(1)
  expect(printed).toEqual(['::add-mask::fake-secret', expect.stringMatching(/^::error::timeout /)])
  expect(outputs).toEqual({})
})

/** Lets the event loop seem empty, as if nothing would ever settle, before the response comes after all. */
function endTooEarly(_request: unknown, response: ServerResponse) {
  process.emit('beforeExit', 0)
  response.end(TOKEN)
}

test('fails if the main step never settles', async () => {
  await using server = await startServer(endTooEarly)
  const { code, printed } = await run('index', { 'token-url': server.origin })
  expect(code).toBe(1)
  expect(printed).toContain(`::error::${UNFINISHED}`)
})

test.each([undefined, ''])('does nothing in the post step with the state %j', async (state) => {
  await using server = await startServer(() => {})
  const env: Record<string, string> = state === undefined ? {} : { STATE_revocation: state }
  const { code, printed } = await run('post-index', { 'revocation-url': server.origin }, env)
  expect({ code, printed, requests: server.requests }).toEqual({ code: undefined, printed: [], requests: [] })
})

test('runs the post step', async () => {
  await using server = await startServer((_request, response) => response.end())
  const { code, printed } = await runPost(server.origin)
  expect(code).toBeUndefined()
  expect(printed.at(-1)).toMatch(/^Revoked /)
  expect(server.requests).toHaveLength(1)
})

test.each([
  ['an error of the server', STATE],
  ['a damaged state', '{'],
])('only warns in the post step: %s', async (_name, state) => {
  await using server = await startServer((_request, response) => response.writeHead(400).end('{}'))
  const { code, printed } = await runPost(server.origin, state)
  expect(code).toBeUndefined()
  const commands = printed.filter((line) => /^::(?!add-mask)/.test(line))
  expect(commands).toEqual([expect.stringMatching(/^::warning::Could not revoke the access token.*\. The /)])
  expect(commands[0]?.endsWith(` ${STILL_VALID}`)).toBe(true)
})

test('only warns if the post step never settles', async () => {
  await using server = await startServer(endTooEarly)
  const { code, printed } = await runPost(server.origin)
  expect(code).toBeUndefined()
  expect(printed).toContain(`::warning::${UNFINISHED} ${STILL_VALID}`)
})
