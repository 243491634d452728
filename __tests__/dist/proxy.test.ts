/** The built action over TLS with a private CA, and through a proxy. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { generate } from 'selfsigned'
import { inputVariables } from '../../dev/runner/action.ts'
import type { StepResult } from '../../dev/runner/fake-runner.ts'
import { parseCommandFile } from '../../dev/runner/runner-commands.ts'
import { startProxy } from '../../dev/servers/connect-proxy.ts'
import { startServer } from '../../dev/servers/loopback-server.ts'
import { type SpotifyMock, startSpotify } from '../../dev/servers/spotify-mock.ts'
import { createAuthority, type TlsAuthority } from '../../dev/servers/tls-authority.ts'
import { startCheckedJob } from '../leaks.ts'

const APP = { clientId: 'fake-client-id', clientSecret: 'fake-9f8e7d6c5b4a3210' }
/** A name that never resolves (RFC 6761), so that only a proxy can connect to it. */
const HOST = 'accounts.invalid'

/** How the log lines start; the unit tests assert the rest of their words. */
const REQUESTING = `Requesting an access token from ${HOST}`
const FETCHING = `Fetching server metadata from ${HOST}`
const GOAL = `::error::Could not get an access token from ${HOST}`
const METADATA_GOAL = `::error::Could not get server metadata from ${HOST}`
const REVOCATION_GOAL = `::warning::Could not revoke the access token at ${HOST}`
const SUCCESS = expect.stringMatching(/^Got a Bearer token/)
const WAIT = / retrying in \d+\.\d s \(attempt 2\b.*\)$/

let folder: string
let authority: TlsAuthority
/** PEM of its CA certificate. */
let ca: string
let local: PrivateCa
let spotify: SpotifyMock
let port: number

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'proxy-test-'))
  authority = await createAuthority([HOST])
  ca = readFileSync(authority.file, 'utf8')
  local = await createCa([{ type: 2, value: 'localhost' }])
  spotify = await startSpotify(APP, Date.now, authority.tls)
  port = Number(new URL(spotify.origin).port)
})

afterAll(async () => {
  await spotify[Symbol.asyncDispose]()
  authority[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

/** Writes a file for NODE_EXTRA_CA_CERTS. */
function writeCertificates(name: string, ...certificates: string[]): string {
  const file = join(folder, name)
  writeFileSync(file, certificates.join('\n'))
  return file
}

interface PrivateCa {
  /** PEM of the CA certificate. */
  readonly ca: string
  readonly tls: TlsAuthority['tls']
}

/** Unlike `createAuthority`, with a different name for each CA: OpenSSL finds the issuer of a certificate by name. */
async function createCa(
  altNames: { type: 2 | 7; value?: string; ip?: string }[],
  notBefore?: Date,
  notAfter?: Date,
): Promise<PrivateCa> {
  const { private: caKey, cert: ca } = await generate([{ name: 'commonName', value: crypto.randomUUID() }], {
    ...(notBefore && notAfter && { notBeforeDate: notBefore, notAfterDate: notAfter }),
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  })
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'Fake server' }], {
    ca: { key: caKey, cert: ca },
    extensions: [{ name: 'subjectAltName', altNames }],
  })
  return { ca, tls: { key, cert } }
}

async function expiredCa(): Promise<string> {
  return (await createCa([], new Date('2000-01-01'), new Date('2001-01-01'))).ca
}

const inputsFor = (url: string) => ({
  'client-id': APP.clientId,
  'client-secret': APP.clientSecret,
  'token-url': url,
})

/** Runs the main step and returns its result with the log without masks. */
async function run(env: Record<string, string>, inputs: Record<string, string> = {}) {
  const step = await startCheckedJob().runAction({
    with: { ...inputsFor(`https://${HOST}/api/token`), retries: '0', ...inputs },
    env: { NODE_EXTRA_CA_CERTS: authority.file, ...env },
  })
  return { ...step, shown: logOf(step) }
}

function logOf({ printed }: StepResult): string[] {
  return printed.filter((line) => !line.startsWith('::add-mask::'))
}

/** A single error, after one attempt or more. */
function expectFailure(
  { exitCode, shown, outputs }: Awaited<ReturnType<typeof run>>,
  cause: RegExp,
  attempts = 1,
): void {
  const start = `${GOAL}${attempts > 1 ? ` after ${attempts} attempts` : ''}: `
  expect(shown).toEqual([
    REQUESTING,
    ...Array.from({ length: attempts - 1 }, () => expect.stringMatching(WAIT)),
    expect.stringContaining(start),
  ])
  for (const line of shown.slice(1)) expect(line.replace(start, '')).toMatch(cause)
  expect(shown.join('')).not.toMatch(/stop-commands|fake-user|fake-password/)
  expect({ exitCode, outputs }).toEqual({ exitCode: 1, outputs: {} })
}

test.each(['https_proxy', 'HTTPS_PROXY'])('gets a token through the proxy in %s', async (variable) => {
  await using proxy = await startProxy({ port })
  const { exitCode, shown, outputs } = await run({ [variable]: `http://${proxy.host}` })
  expect(shown).toEqual([REQUESTING, SUCCESS])
  expect(exitCode).toBe(0)
  expect(outputs['access-token']).toMatch(/^BQ/)
  expect(proxy.requests).toEqual([{ target: `${HOST}:443`, authorization: undefined }])
})

test('sends the proxy the credentials in its URL, and logs none of them', async () => {
  await using proxy = await startProxy({ port })
  const step = await run({ https_proxy: `http://fake-user:fake%2Fproxy-password@${proxy.host}` })
  const pair = 'fake-user:fake/proxy-password'
  const basic = Buffer.from(pair).toString('base64')
  expect(proxy.requests).toEqual([{ target: `${HOST}:443`, authorization: `Basic ${basic}` }])
  expect(step.shown).toEqual([REQUESTING, SUCCESS])
  expect(JSON.stringify([step.printed, step.files])).not.toMatch(/proxy-password|fake-user/)
  expect(JSON.stringify([step.printed, step.files])).not.toContain(basic)
})

test('gets a token through an https:// proxy, which has its own certificate', async () => {
  await using proxy = await startProxy({ port }, local.tls)
  const step = await run({
    https_proxy: `https://${proxy.host}`,
    NODE_EXTRA_CA_CERTS: writeCertificates('both.pem', ca, local.ca),
  })
  expect(step.shown).toEqual([REQUESTING, SUCCESS])
  expect(step.exitCode).toBe(0)
  expect(proxy.requests).toEqual([{ target: `${HOST}:443`, authorization: undefined }])
})

test.each([
  ['[2001:db8::1]:8443', '[2001:db8::1]:8443'],
  ['[2001:db8::1]', '[2001:db8::1]:443'],
])('sends CONNECT with brackets for the IPv6 target %s', async (target, connectTarget) => {
  const ipv6 = await createCa([{ type: 7, ip: '2001:db8::1' }])
  await using server = await startSpotify(APP, Date.now, ipv6.tls)
  await using proxy = await startProxy({ port: Number(new URL(server.origin).port) })
  const { exitCode, shown } = await run(
    { https_proxy: `http://${proxy.host}`, NODE_EXTRA_CA_CERTS: writeCertificates('ipv6.pem', ipv6.ca) },
    { 'token-url': `https://${target}/api/token` },
  )
  expect(proxy.requests).toEqual([{ target: connectTarget, authorization: undefined }])
  expect(shown).toEqual([`Requesting an access token from ${target}`, SUCCESS])
  expect(exitCode).toBe(0)
})

test.each(['no_proxy', 'NO_PROXY'])('connects directly to a host in %s', async (variable) => {
  await using proxy = await startProxy({ port })
  const step = await run({ https_proxy: `http://${proxy.host}`, [variable]: `other.example,${HOST}` })
  expectFailure(step, /\((ENOTFOUND|EAI_AGAIN)\)/)
  expect(proxy.requests).toEqual([])
})

test('fails if the certificate is for another host', async () => {
  const { exitCode, shown } = await run({}, { 'token-url': `https://localhost:${port}/api/token` })
  expect(shown.slice(1)).toEqual([
    expect.stringMatching(
      /^::error::Could not get an access token from localhost:\d+: .*\(ERR_TLS_CERT_ALTNAME_INVALID\)/,
    ),
  ])
  expect(exitCode).toBe(1)
})

test('fails without a retry if the certificate is not trusted', async () => {
  await using proxy = await startProxy({ port })
  const step = await run({ https_proxy: `http://${proxy.host}`, NODE_EXTRA_CA_CERTS: '' }, { retries: '1' })
  expectFailure(step, /\(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/)
  expect(proxy.requests).toHaveLength(1)
})

/** In the URL of a proxy that fails: no error may contain them. */
const CREDENTIALS = 'fake-user:fake-password'

const UNVERIFIED = { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_EXTRA_CA_CERTS: '' }

test('verifies the certificate of the server even with NODE_TLS_REJECT_UNAUTHORIZED', async () => {
  await using proxy = await startProxy({ port })
  expectFailure(
    withoutNodeWarning(await run({ https_proxy: `http://${proxy.host}`, ...UNVERIFIED })),
    /\([A-Z_]*CERT[A-Z_]*|UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/,
  )
})

test('verifies the certificate of the proxy even with NODE_TLS_REJECT_UNAUTHORIZED', async () => {
  await using proxy = await startProxy({ port }, local.tls)
  const step = await run({ https_proxy: `https://fake-user:fake-password@${proxy.host}`, ...UNVERIFIED })
  expectFailure(withoutNodeWarning(step), /^the proxy certificate /)
  expect(proxy.requests).toEqual([])
})

/** Node.js itself may warn about the variable. */
function withoutNodeWarning(step: Awaited<ReturnType<typeof run>>): typeof step {
  return { ...step, shown: step.shown.filter((line) => !/Warning|--trace-warnings/.test(line)) }
}

test("fails without a retry if the proxy's certificate is not trusted", async () => {
  await using proxy = await startProxy({ port }, local.tls)
  const step = await run({ https_proxy: `https://${CREDENTIALS}@${proxy.host}` }, { retries: '1' })
  expectFailure(step, /\bproxy certificate\b/)
  expect(proxy.requests).toEqual([])
})

test.each([
  [403, 1],
  [407, 1],
  [502, 2],
  [503, 2],
])('fails if the proxy rejects CONNECT with %i, after %i requests', async (status, requests) => {
  await using proxy = await startProxy({ status })
  const step = await run({ https_proxy: `http://${CREDENTIALS}@${proxy.host}` }, { retries: '1' })
  expectFailure(step, new RegExp(`\\bproxy\\b.*\\(HTTP ${status}\\)`), requests)
  expect(proxy.requests).toHaveLength(requests)
})

test.each([
  ['closes the connection before it responds', 'closing', 2],
  ['responds with something that is not HTTP', 'garbage', 1],
] as const)('fails if the proxy %s', async (_name, behavior, requests) => {
  await using proxy = await startProxy(behavior)
  const step = await run({ https_proxy: `http://${CREDENTIALS}@${proxy.host}` }, { retries: '1' })
  expectFailure(step, /\bproxy\b/, requests)
  expect(proxy.requests).toHaveLength(requests)
})

test('fails if there is no proxy', async () => {
  const proxy = await startProxy('silent')
  await proxy[Symbol.asyncDispose]()
  const step = await run({ https_proxy: `http://${CREDENTIALS}@${proxy.host}` })
  expectFailure(step, /\bproxy\b.*\(ECONNREFUSED\)/)
})

test('times out, and ends the process, if the proxy does not respond', async () => {
  await using proxy = await startProxy('silent')
  const step = await run(
    { https_proxy: `http://${CREDENTIALS}@${proxy.host}` },
    { timeout: '1', retries: '3' },
  )
  expectFailure(step, /^timed out/)
  expect(proxy.requests).toHaveLength(1)
})

test.each([
  ['no scheme', 'localhost:3128'],
  ['no host', 'http://'],
  ['a space', 'http://my proxy:3128'],
  ['another scheme', 'socks5://localhost:1080'],
  ['a password that is not percent-encoded', 'http://fake-user:100%@localhost:3128'],
])('fails without a request if https_proxy has %s', async (_name, https_proxy) => {
  expectFailure(await run({ https_proxy }, { retries: '1' }), /^https_proxy\b/)
})

test('fails without a request if HTTPS_PROXY is invalid', async () => {
  expectFailure(await run({ HTTPS_PROXY: 'nonsense' }, { retries: '1' }), /^https_proxy\b/i)
})

// Windows does not distinguish the two variables.
const testUnlessWindows = process.platform === 'win32' ? test.skip : test
testUnlessWindows.each([
  ['https_proxy', 'HTTPS_PROXY'],
  ['HTTPS_PROXY', 'https_proxy'],
])('fails without a request if %s is invalid and %s is valid', async (invalid, valid) => {
  await using proxy = await startProxy({ port })
  const env = { [invalid]: 'nonsense://fake-user@x', [valid]: `http://${proxy.host}` }
  expectFailure(await run(env, { retries: '1' }), /^https_proxy\b/i)
  expect(proxy.requests).toEqual([])
})

test('ignores an invalid https_proxy if no_proxy has the host', async () => {
  expectFailure(await run({ https_proxy: 'nonsense', no_proxy: HOST }), /\((ENOTFOUND|EAI_AGAIN)\)/)
})

test('warns in the post step if https_proxy is no longer valid', async () => {
  await using proxy = await startProxy({ port })
  const job = startCheckedJob({ env: { NODE_EXTRA_CA_CERTS: authority.file } })
  const main = await job.runAction({
    with: { ...inputsFor(`https://${HOST}/api/token`), 'revocation-url': `https://${HOST}/revoke` },
    env: { https_proxy: `http://${proxy.host}` },
  })
  expect(main.exitCode).toBe(0)
  const [post] = (await job.runPostSteps({ https_proxy: 'nonsense' })) as [StepResult]
  expect(post.exitCode).toBe(0)
  expect(logOf(post)).toEqual([expect.stringContaining(`${REVOCATION_GOAL}: https_proxy `)])
})

/** Runs the main step with the metadata of an https issuer; the other requests get a token. */
async function runWithMetadata(fields: object) {
  await using server = await startServer(({ url }, response) => {
    const token = { access_token: 'fake-0123456789abcdef', token_type: 'Bearer' }
    const metadata = { issuer: `https://${HOST}`, ...fields }
    response.end(JSON.stringify(url === '/token' ? token : metadata))
  }, authority.tls)
  await using proxy = await startProxy({ port: Number(new URL(server.origin).port) })
  return await run({ https_proxy: `http://${proxy.host}` }, { 'token-url': '', issuer: `https://${HOST}` })
}

test('rejects a localhost token endpoint in the metadata of another host', async () => {
  const { exitCode, shown } = await runWithMetadata({ token_endpoint: 'http://localhost:1/token' })
  expect(shown).toEqual([FETCHING, expect.stringMatching(new RegExp(`^${METADATA_GOAL}: .*token_endpoint`))])
  expect(exitCode).toBe(1)
})

test('ignores a localhost revocation endpoint in the metadata of another host, with a warning', async () => {
  const { exitCode, shown, state } = await runWithMetadata({
    token_endpoint: `https://${HOST}/token`,
    revocation_endpoint: 'http://localhost:1/revoke',
  })
  expect(shown).toEqual([
    FETCHING,
    REQUESTING,
    expect.stringMatching(/^::warning::The token will not be revoked: .*revocation_endpoint/),
    SUCCESS,
  ])
  expect({ exitCode, revocation: state['revocation'] }).toEqual({ exitCode: 0, revocation: '' })
})

describe('ca-certificate', () => {
  const damaged = (pem: string) => pem.replace(/\n.{20}/, '\n')
  const withoutNodeSetting = { NODE_EXTRA_CA_CERTS: '' }

  test.each([
    ['one certificate', () => ca],
    ['several certificates', () => `${local.ca}\n${ca}`],
    ['\\n in place of line breaks', () => `${local.ca}\n${ca}`.replaceAll('\n', '\\n')],
    ['CRLF line breaks', () => ca.replaceAll('\n', '\r\n')],
  ])('is trusted through a proxy: %s', async (_name, pem) => {
    await using proxy = await startProxy({ port })
    const { exitCode, shown } = await run(
      { https_proxy: `http://${proxy.host}`, ...withoutNodeSetting },
      { 'ca-certificate': pem() },
    )
    expect(shown).toEqual([REQUESTING, SUCCESS])
    expect(exitCode).toBe(0)
  })

  test('is trusted for an https:// proxy', async () => {
    await using proxy = await startProxy({ port }, local.tls)
    const { exitCode, shown } = await run(
      { https_proxy: `https://${proxy.host}`, ...withoutNodeSetting },
      { 'ca-certificate': `${ca}\n${local.ca}` },
    )
    expect(shown).toEqual([REQUESTING, SUCCESS])
    expect(exitCode).toBe(0)
  })

  test('is trusted in addition to the other certificates', async () => {
    await using proxy = await startProxy({ port })
    const { shown } = await run({ https_proxy: `http://${proxy.host}` }, { 'ca-certificate': local.ca })
    expect(shown).toEqual([REQUESTING, SUCCESS])
  })

  test.each([
    ['directly', false],
    ['through a proxy', true],
  ])('is trusted for discovery, token request and revocation, %s', async (_name, isProxied) => {
    const { tls } = isProxied ? authority : local
    await using server = await startServer(({ url }, response) => {
      if (url === '/revoke') return response.end()
      if (url === '/token')
        return response.end('{"access_token":"fake-0123456789abcdef","token_type":"Bearer"}')
      return response.end(
        JSON.stringify({
          issuer: origin,
          token_endpoint: `${origin}/token`,
          revocation_endpoint: `${origin}/revoke`,
        }),
      )
    }, tls)
    const serverPort = Number(new URL(server.origin).port)
    const host = isProxied ? HOST : `localhost:${serverPort}`
    const origin = `https://${host}`
    await using proxy = await startProxy({ port: serverPort })

    const job = startCheckedJob({ env: isProxied ? { https_proxy: `http://${proxy.host}` } : {} })
    const main = await job.runAction({
      with: { ...inputsFor(''), issuer: origin, 'ca-certificate': isProxied ? ca : local.ca, retries: '0' },
    })
    expect(logOf(main)).toEqual([
      `Fetching server metadata from ${host}`,
      `Requesting an access token from ${host}`,
      SUCCESS,
    ])
    expect(main.exitCode).toBe(0)
    const [post] = (await job.runPostSteps()) as [StepResult]
    expect(logOf(post)).toEqual([`Revoked the access token at ${host}`])
    expect(server.requests.map(({ url }) => url)).toEqual([
      '/.well-known/oauth-authorization-server',
      '/token',
      '/revoke',
    ])
    expect(proxy.requests).toHaveLength(isProxied ? 3 : 0)
  })

  test('does not replace the check of the host name', async () => {
    const { exitCode, shown } = await run(withoutNodeSetting, {
      'token-url': `https://localhost:${port}/api/token`,
      'ca-certificate': ca,
    })
    expect(shown.at(-1)).toContain('(ERR_TLS_CERT_ALTNAME_INVALID)')
    expect(exitCode).toBe(1)
  })

  test.each([
    ['is not PEM', () => 'nonsense'],
    ['is a file name', () => '/etc/ssl/certs/ca.pem'],
    ['is a private key', () => authority.tls.key],
    ['contains a private key', () => `${ca}\n${authority.tls.key}`],
    ['is corrupt', () => damaged(ca)],
    ['contains a corrupt certificate', () => `${ca}\n${damaged(local.ca)}`],
    ['is truncated', () => ca.slice(0, -40)],
    ['contains an empty certificate', () => '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----'],
    ['has expired', expiredCa],
    ['contains an expired certificate', async () => `${ca}\n${await expiredCa()}`],
  ])('is an error, and nothing is sent, if it %s', async (_name, makePem) => {
    await using proxy = await startProxy({ port })
    const pem = await makePem()
    const step = await run({ https_proxy: `http://${proxy.host}` }, { 'ca-certificate': pem, retries: '1' })
    expect(step.shown).toEqual([expect.stringMatching(/^::error::ca-certificate /)])
    expect(step).toMatchObject({ exitCode: 1, outputs: {} })
    expect(proxy.requests).toEqual([])
    for (const line of pem.split('\n').filter((line) => /^[\w+/=]{20}/.test(line)))
      expect(step.shown.join('')).not.toContain(line.slice(0, 20))
  })
})

test('src/index.ts works behind a proxy without a build', async () => {
  await using proxy = await startProxy({ port })
  const folder = mkdtempSync(join(tmpdir(), 'source-'))
  const output = join(folder, 'output')
  writeFileSync(output, '')
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(import.meta.dirname, '../../src/index.ts')],
      {
        env: {
          ...inputVariables(inputsFor(`https://${HOST}/api/token`)),
          GITHUB_OUTPUT: output,
          NODE_EXTRA_CA_CERTS: authority.file,
          https_proxy: `http://${proxy.host}`,
        },
      },
    )
    expect(stdout).toContain(REQUESTING)
    expect(parseCommandFile(readFileSync(output, 'utf8'))).toMatchObject({ 'token-type': 'Bearer' })
    expect(proxy.requests).toMatchObject([{ target: `${HOST}:443` }])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
