/** The built action in two jobs of a workflow run: one requests the token, the other uses it. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { jwtDecrypt } from 'jose'
import { type Job, type StepResult, startJob } from '../../dev/runner/fake-runner.ts'
import { type LoopbackServer, startServer } from '../../dev/servers/loopback-server.ts'
import { startCheckedJob } from '../leaks.ts'

const SECRET = 'fake/9f8e7d6c5b4a+3210:fedcba98'
const REFRESH_TOKEN = 'fake-refresh-0123456789abcdef'
const REQUEST_TOKEN = 'fake-76543210fedcba98'
const PRIVATE_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  format: 'pem',
  type: 'pkcs8',
}) as string
const KEY = randomBytes(32)
const SHARE = { 'share-key': KEY.toString('base64') }
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** How the log lines start; the unit tests assert the rest of their words. */
const REQUESTING = /^Requesting an access token from /
const SHARED = /^Got a Bearer token; .* not be revoked$/
const GOT = /^Got a Bearer token; it expires at [^.]*$/
const USING = /^Using a Bearer token from another job; /
const EXPIRED = 'shared-token has expired'

/** Changes the clock of a process, and prints each connection that it opens. */
const HOOK = `
  const shiftMs = Number(process.env.CLOCK_SHIFT_MS ?? 0)
  const { Date: RealDate } = globalThis
  globalThis.Date = class extends RealDate {
    constructor(...args) { args.length === 0 ? super(RealDate.now() + shiftMs) : super(...args) }
    static now() { return RealDate.now() + shiftMs }
  }
  const { Socket } = require('node:net')
  const { connect } = Socket.prototype
  Socket.prototype.connect = function (...args) {
    console.log('connected')
    return connect.apply(this, args)
  }
`

let folder: string
let hook: Record<string, string>
let server: LoopbackServer & { readonly tokens: readonly string[] }
let idTokens: LoopbackServer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hook-'))
  writeFileSync(join(folder, 'hook.cjs'), HOOK)
  hook = { NODE_OPTIONS: `--require=${join(folder, 'hook.cjs')}` }
  const tokens: string[] = []
  const started = await startServer(({ url }, response) => {
    if (url !== '/token') return response.end()
    const token = `fake-${randomBytes(60).toString('base64url')}`
    tokens.push(token)
    const fields = { access_token: token, token_type: 'Bearer', expires_in: 3600, scope: 'read' }
    return response.end(JSON.stringify(fields))
  })
  server = Object.assign(started, { tokens })
  idTokens = await startServer((_request, response) => {
    const claims = Buffer.from(JSON.stringify({ jti: randomBytes(16).toString('hex') })).toString('base64url')
    response.end(JSON.stringify({ value: `eyJhbGciOiJSUzI1NiJ9.${claims}.fake-signature` }))
  })
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await idTokens[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

const withServer = (inputs: Record<string, string> = {}) => ({
  'client-id': 'fake-id',
  'client-secret': SECRET,
  'token-url': `${server.origin}/token`,
  'revocation-url': `${server.origin}/revoke`,
  ...inputs,
})
const permission = () => ({
  ACTIONS_ID_TOKEN_REQUEST_URL: `${idTokens.origin}/?x=1`,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
})

/** The outputs that the job passes to others: `outputs: { shared-token: ${{ steps.token.outputs.shared-token }} }`. */
function finish(job: Job, { outputs }: StepResult) {
  return job.evaluateOutputs({ 'shared-token': outputs['shared-token'] ?? '' })
}

/** `with: { shared-token: ${{ needs.token.outputs.shared-token }} }`, which is empty for an output that does not exist. */
const needs = ({ outputs }: ReturnType<typeof finish>) => ({ 'shared-token': outputs['shared-token'] ?? '' })

/** Runs a job that requests a token and shares it. */
async function requestAndShare(inputs: Record<string, string> = {}, env: Record<string, string> = {}) {
  const job = startCheckedJob({ env: { ...hook, ...env }, secrets: [SECRET, SHARE['share-key']] })
  const step = await job.runAction({ with: { ...withServer(inputs), ...SHARE } })
  expect(step).toMatchObject({ exitCode: 0, state: { revocation: '' } })
  const finished = finish(job, step)
  expect(await job.runPostSteps()).toMatchObject([{ exitCode: 0, printed: [] }])
  return { step, shared: needs(finished), log: finished.log.map(({ text }) => text) }
}

/** Runs a job that receives the token. */
async function receive(inputs: Record<string, string>, env: Record<string, string> = {}) {
  const job = startCheckedJob({ env: { ...hook, ...env }, secrets: [SHARE['share-key']] })
  const step = await job.runAction({ with: { ...SHARE, ...inputs } })
  const [post] = (await job.runPostSteps()) as [StepResult]
  return { step, post, log: logOf(step) }
}

const logOf = ({ printed }: StepResult) =>
  printed.filter((line) => line !== 'connected' && !line.startsWith('::add-mask::'))
const connectionsOf = ({ printed }: StepResult) => printed.filter((line) => line === 'connected').length
/** Counts the requests to the server from now on. */
function countRequests() {
  const before = server.requests.length
  return () => server.requests.slice(before).map(({ url }) => url)
}

test('uses the token of the first job in the others, with one request, and revokes it in none', async () => {
  const requests = countRequests()
  const { step, shared, log } = await requestAndShare()
  expect(logOf(step)).toEqual([expect.stringMatching(REQUESTING), expect.stringMatching(SHARED)])
  expect(log).toEqual(['Evaluate and set job outputs', "Set output 'shared-token'"])
  expect(connectionsOf(step)).toBe(1)

  const { 'expires-in': expiresIn, ...outputs } = step.outputs
  const jobs = await Promise.all([receive(shared), receive(shared)])
  for (const { step: receiving, post, log } of jobs) {
    expect(log).toEqual([expect.stringMatching(USING)])
    expect(receiving).toMatchObject({ exitCode: 0, outputs, state: { revocation: '' } })
    expect(Number(receiving.outputs['expires-in'])).toBeLessThanOrEqual(Number(expiresIn))
    expect(receiving.printed.slice(0, 2)).toEqual([
      `::add-mask::${SHARE['share-key']}`,
      `::add-mask::${step.outputs['access-token']}`,
    ])
    expect(connectionsOf(receiving)).toBe(0)
    expect(post).toMatchObject({ exitCode: 0, printed: [] })
  }
  expect(requests()).toEqual(['/token'])
})

test('is decrypted by another library, and is for this run alone', async () => {
  const { step } = await requestAndShare({ scope: 'read' })
  const { protectedHeader, payload } = await jwtDecrypt(step.outputs['shared-token'] ?? '', KEY, {
    audience: 'https://github.com/OWNER/REPOSITORY/actions/runs/1',
  })
  expect(protectedHeader).toEqual({ alg: 'dir', enc: 'A256GCM', typ: 'JWT' })
  expect(payload).toMatchObject({
    access_token: step.outputs['access-token'],
    token_type: 'Bearer',
    scope: 'read',
  })
})

const GRANTS: Readonly<Record<string, Record<string, string>>> = {
  client_credentials: {},
  token_exchange: { 'grant-type': 'token_exchange' },
  jwt_bearer: { 'grant-type': 'jwt_bearer' },
  refresh_token: { 'grant-type': 'refresh_token', 'refresh-token': REFRESH_TOKEN, 'revocation-url': '' },
}
const METHODS: Readonly<Record<string, Record<string, string>>> = {
  client_secret_basic: { 'auth-method': 'client_secret_basic' },
  private_key_jwt: { 'auth-method': 'private_key_jwt', 'client-secret': '', 'private-key': PRIVATE_KEY },
}
const COMBINATIONS = Object.keys(GRANTS).flatMap((grant) =>
  Object.keys(METHODS).map((method) => [grant, method] as const),
)

test.each(COMBINATIONS)('shares a token that was requested by %s and %s', async (grant, method) => {
  const requests = countRequests()
  const inputs = { ...GRANTS[grant], ...METHODS[method] }
  const { step, shared } = await requestAndShare(inputs, permission())
  const alone = await receive(shared)
  // The credentials would allow another request, which is not necessary.
  const prepared = await receive({ ...withServer(inputs), ...shared }, permission())
  for (const { step: receiving, log } of [alone, prepared]) {
    expect(log).toEqual([expect.stringMatching(USING)])
    expect(receiving.outputs['access-token']).toBe(step.outputs['access-token'])
    expect(connectionsOf(receiving)).toBe(0)
  }
  expect(requests()).toEqual(['/token'])
})

test('passes the token on to a third job', async () => {
  const requests = countRequests()
  const { step, shared } = await requestAndShare()
  const job = startCheckedJob({ secrets: [SHARE['share-key']] })
  const second = await job.runAction({ with: { ...SHARE, ...shared } })
  const third = await receive(needs(finish(job, second)))
  expect(third.step.outputs['access-token']).toBe(step.outputs['access-token'])
  expect(requests()).toEqual(['/token'])
})

test('drops the access token as a job output, but not the encrypted one', async () => {
  const job = startCheckedJob({ secrets: [SECRET] })
  const { outputs } = await job.runAction({ with: { ...withServer(), ...SHARE } })
  const names = Object.keys(job.evaluateOutputs(outputs).outputs)
  expect(names).not.toContain('access-token')
  expect(names).toContain('shared-token')
})

// Every shared token contains them: they are a part of its header in base64url.
test.each(['NI', 'bGc'])(
  'fails with one error if the runner drops the output because of the secret %s',
  async (short) => {
    const job = startJob({ secrets: [SECRET, `fake-0123456789\n${short}`] })
    const step = await job.runAction({ with: { ...withServer(), ...SHARE } })
    const finished = finish(job, step)
    expect(finished.log.slice(1)).toEqual([
      { kind: 'warning', text: "Skip output 'shared-token' since it may contain secret." },
    ])
    const { step: receiving, log } = await receive(needs(finished))
    expect(receiving).toMatchObject({ exitCode: 1, outputs: {} })
    expect(log).toEqual([expect.stringMatching(/^::error::shared-token is empty\..* may contain secret/)])
    expect(connectionsOf(receiving)).toBe(0)
  },
)

test('requests another token if the output is empty and there are client credentials', async () => {
  const requests = countRequests()
  const { step } = await receive({ ...withServer(), 'shared-token': '' })
  expect(step).toMatchObject({ exitCode: 0, outputs: { 'access-token': server.tokens.at(-1) } })
  expect(requests()).toEqual(['/token'])
})

describe('in a re-run of failed jobs', () => {
  const SECOND_ATTEMPT = { GITHUB_RUN_ATTEMPT: '2' }
  const after = (ms: number) => ({ ...SECOND_ATTEMPT, CLOCK_SHIFT_MS: `${ms}` })

  test.each([
    ['at once', 0],
    ['after 54 min', 54 * MINUTE_MS],
  ])('uses the token %s', async (_name, ms) => {
    const requests = countRequests()
    const { step, shared } = await requestAndShare()
    const { step: receiving, log } = await receive(shared, after(ms))
    expect(log).toEqual([expect.stringMatching(USING)])
    expect(receiving.outputs['access-token']).toBe(step.outputs['access-token'])
    expect(requests()).toEqual(['/token'])
  })

  test.each([
    ['after 56 min', 56 * MINUTE_MS, /^shared-token is about to expire \(in 2[34]\d s\)/],
    ['after an hour', HOUR_MS, EXPIRED],
    ['after 3 days', 72 * HOUR_MS, EXPIRED],
  ])('%s, requests another token and revokes it, or fails', async (_name, ms, reason) => {
    const { shared } = await requestAndShare()
    const requests = countRequests()
    const alone = await receive(shared, after(ms))
    expect(alone.step).toMatchObject({ exitCode: 1, outputs: {} })
    expect(alone.log).toEqual([expect.stringMatching(/^::error::shared-token /)])
    expect(alone.log[0]?.replace('::error::', '')).toMatch(reason)
    expect(requests()).toEqual([])

    const prepared = await receive({ ...withServer(), ...shared }, after(ms))
    expect(prepared.step).toMatchObject({ exitCode: 0, outputs: { 'access-token': server.tokens.at(-1) } })
    expect(prepared.log).toEqual([
      expect.stringMatching(reason),
      expect.stringMatching(REQUESTING),
      expect.stringMatching(GOT),
    ])
    expect(logOf(prepared.post)).toEqual([expect.stringMatching(/^Revoked /)])
    expect(requests()).toEqual(['/token', '/revoke'])
  })
})

test.each([
  ['another run', { GITHUB_RUN_ID: '2' }],
  ['another repository', { GITHUB_REPOSITORY: 'OWNER/FORK' }],
])('does not use the token in %s', async (_name, env) => {
  const { shared } = await requestAndShare()
  const alone = await receive(shared, env)
  expect(alone.step).toMatchObject({ exitCode: 1, outputs: {} })
  expect(alone.log).toEqual([expect.stringMatching(/^::error::shared-token is from another workflow run/)])
  const prepared = await receive({ ...withServer(), ...shared }, env)
  expect(prepared.step).toMatchObject({ exitCode: 0, outputs: { 'access-token': server.tokens.at(-1) } })
})

test.each<[string, Record<string, string>, string]>([
  ['share-key is missing', { 'share-key': '' }, 'share-key is empty'],
  [
    'share-key is another one',
    { 'share-key': randomBytes(32).toString('base64') },
    'shared-token cannot be decrypted',
  ],
  ['share-key is not base64', { 'share-key': 'fake key of the workflow' }, 'share-key is not base64'],
  [
    'share-key is too short',
    { 'share-key': randomBytes(16).toString('base64') },
    'share-key must be 32 bytes',
  ],
  [
    'shared-token is an access token',
    { 'shared-token': 'fake-token' },
    'shared-token is not an encrypted token',
  ],
  [
    'there is an input that it cannot honor',
    { scope: 'read' },
    'scope cannot be used with shared-token unless client-id is set',
  ],
])('fails with one error, and sends nothing, if %s', async (_name, inputs, message) => {
  const { shared } = await requestAndShare()
  const { step, post, log } = await receive({ ...shared, ...inputs })
  expect(step).toMatchObject({ exitCode: 1, outputs: {}, state: { revocation: '' } })
  expect(log).toEqual([expect.stringMatching(`^::error::${message}`)])
  expect(connectionsOf(step)).toBe(0)
  expect(post).toMatchObject({ exitCode: 0, printed: [] })
})

test('ignores a forged state in the post step of a job that receives a token', async () => {
  const { shared } = await requestAndShare()
  const requests = countRequests()
  const forged = JSON.stringify({
    accessToken: 'x',
    metadata: { revocation_endpoint: `${server.origin}/revoke` },
  })
  const { step, post } = await receive(shared, { STATE_revocation: forged })
  expect(step.exitCode).toBe(0)
  expect(post).toMatchObject({ exitCode: 0, printed: [] })
  expect(requests()).toEqual([])
})

test('loads the encryption only with share-key', async () => {
  const loadedBy = async (inputs: Record<string, string>) => {
    const step = await startCheckedJob().runAction({ with: inputs, env: { NODE_DEBUG: 'module' } })
    expect(step.exitCode).toBe(0)
    // On Windows, the log shows each backslash of the path twice.
    const loaded = step.printed.flatMap((line) => / load ".*[\\/]dist[\\/]+(.+?)" /.exec(line)?.[1] ?? [])
    return { loaded, shared: { 'shared-token': step.outputs['shared-token'] ?? '' } }
  }
  const always = ['index.cjs', 'run.cjs']
  const { loaded, shared } = await loadedBy({ ...withServer(), ...SHARE })
  expect(loaded).toEqual([...always, expect.stringMatching(/^\d+\.run\.cjs$/)])
  expect((await loadedBy({ ...SHARE, ...shared })).loaded).toEqual(loaded)
  expect((await loadedBy(withServer())).loaded).toEqual(always)
})
