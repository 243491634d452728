import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { startServer } from '../dev/servers/loopback-server.ts'
import { runInProcess } from './in-process.ts'

const CREDENTIALS = { 'client-id': 'fake-id', 'client-secret': 'fake-secret' }
const STOPPED =
  'Stopped in the middle: the connection was gone without an answer and without an error. Run the job again; if it fails again, check token-url or issuer.'

let exitCode: typeof process.exitCode
let listeners: number

beforeEach(() => {
  jest.resetModules()
  exitCode = process.exitCode
  listeners = process.listenerCount('beforeExit')
})

afterEach(() => {
  process.exitCode = exitCode
  process.removeAllListeners('beforeExit')
})

/** Runs the step until its guard is gone, or it has printed `last`; returns what it left, and its exit code. */
async function run(inputs: Record<string, string>, env: Record<string, string>, last?: RegExp) {
  let code: typeof process.exitCode
  const result = await runInProcess(
    async (linesSoFar) => {
      process.exitCode = undefined
      await import('../src/index.ts')
      // What index.ts loads, if it has something to do.
      await import('../src/run.ts')
      await new Promise((resolve) => setImmediate(resolve))
      const isOver = () =>
        last === undefined
          ? process.listenerCount('beforeExit') === listeners
          : linesSoFar().some((line) => last.test(line))
      while (!isOver()) await new Promise((resolve) => setImmediate(resolve))
      code = process.exitCode
      process.exitCode = exitCode
    },
    { ...CREDENTIALS, ...inputs },
    env,
  )
  return { ...result, code }
}

const token = JSON.stringify({ access_token: 'fake-token', token_type: 'Bearer' })

test('runs the main step', async () => {
  await using server = await startServer((_request, response) => response.end(token))
  const { code, outputs, state } = await run({ 'token-url': server.origin }, {})
  expect(code).toBeUndefined()
  expect(outputs['access-token']).toBe('fake-token')
  expect(state).toEqual({ isPost: 'true' })
})

test('fails with one error, and knows its post step all the same', async () => {
  const { code, printed, outputs, state } = await run({ 'client-id': '' }, {})
  expect(code).toBe(1)
  expect(printed).toEqual([
    '::add-mask::fake-secret',
    expect.stringMatching(/^::error::client-id is empty\. /),
  ])
  expect({ outputs, state }).toEqual({ outputs: {}, state: { isPost: 'true' } })
})

/** What Node does when its event loop is empty, here before the answer comes all the same. */
const leave = (_request: unknown, response: ServerResponse) => {
  process.emit('beforeExit', 0)
  response.end(token)
}

test('fails where nothing will ever settle', async () => {
  await using server = await startServer(leave)
  const { code, printed } = await run({ 'token-url': server.origin }, {}, /^Got/)
  expect(code).toBe(1)
  expect(printed[3]).toBe(`::error::${STOPPED}`)
})

test('does nothing in the post step where there is nothing to do', async () => {
  const { code, printed, outputs, state } = await run({}, { STATE_isPost: 'true' })
  expect({ code, printed, outputs, state }).toEqual({ code: undefined, printed: [], outputs: {}, state: {} })
})

/** Runs the post step, with a revocation endpoint at the server. */
function runPost(origin: string, last?: RegExp) {
  const revocation = {
    accessToken: 'fake-token',
    endpoint: { url: origin, input: 'revocation-url' },
    server: { audience: '', authMethods: [], signingAlgorithms: [] },
  }
  return run({}, { STATE_isPost: 'true', STATE_revocation: JSON.stringify(revocation) }, last)
}

test('revokes in the post step', async () => {
  await using server = await startServer((_request, response) => response.end())
  const { code, printed } = await runPost(server.origin)
  expect(code).toBeUndefined()
  expect(printed.at(-1)).toBe(`Revoked the access token at ${new URL(server.origin).host}`)
})

test('only warns where the post step fails', async () => {
  await using server = await startServer((_request, response) => response.writeHead(400).end('{}'))
  const { code, printed } = await runPost(server.origin)
  expect(code).toBeUndefined()
  expect(printed.at(-1)).toMatch(
    /^::warning::Could not revoke the access token at .*: HTTP 400\. .* Until it expires, the token stays valid\.$/,
  )
})

test('only warns where nothing in the post step will ever settle', async () => {
  await using server = await startServer(leave)
  const { code, printed } = await runPost(server.origin, /^Revoked/)
  expect(code).toBeUndefined()
  expect(printed[2]).toBe(`::warning::${STOPPED} Until it expires, the token stays valid.`)
})
