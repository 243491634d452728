/** The built action over TLS, with a certificate authority of its own, and through a proxy. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startProxy } from '../../dev/servers/connect-proxy.ts'
import { startServer } from '../../dev/servers/loopback-server.ts'
import { type SpotifyMock, startSpotify } from '../../dev/servers/spotify-mock.ts'
import { createAuthority, type TlsAuthority } from '../../dev/servers/tls-authority.ts'
import { startCheckedJob } from '../leaks.ts'

const APP = { clientId: 'fake-client-id', clientSecret: 'fake-9f8e7d6c5b4a3210' }
/** A name that has no address anywhere (RFC 6761), so that only a proxy can connect to it. */
const HOST = 'accounts.invalid'
const ASKING = `Asking ${HOST} for an access token`
const FAILED = `::error::Could not get a token from ${HOST}:`
const CHECK_PROXY = 'Check the proxy setting https_proxy, or name the host in no_proxy.'

let authority: TlsAuthority
let spotify: SpotifyMock
let port: number

beforeAll(async () => {
  authority = await createAuthority([HOST])
  spotify = await startSpotify(APP, Date.now, authority.tls)
  port = Number(new URL(spotify.origin).port)
})

afterAll(async () => {
  await spotify[Symbol.asyncDispose]()
  authority[Symbol.dispose]()
})

/** Runs the action and returns, beside its step, what it printed but its masks. */
async function run(env: Record<string, string>, inputs: Record<string, string> = {}) {
  const step = await startCheckedJob().runAction({
    with: {
      'client-id': APP.clientId,
      'client-secret': APP.clientSecret,
      'token-url': `https://${HOST}/api/token`,
      retries: '0',
      ...inputs,
    },
    env: { NODE_EXTRA_CA_CERTS: authority.file, ...env },
  })
  return { ...step, shown: step.printed.filter((line) => !line.startsWith('::add-mask::')) }
}

test.each(['https_proxy', 'HTTPS_PROXY'])('gets a token through the proxy in %s', async (variable) => {
  await using proxy = await startProxy({ port })
  const { exitCode, shown, outputs } = await run({ [variable]: `http://${proxy.host}` })
  expect(shown).toEqual([
    ASKING,
    expect.stringMatching(/^Got a Bearer token, valid until .* UTC, in 60 min$/),
  ])
  expect(exitCode).toBe(0)
  expect(outputs['access-token']).toMatch(/^BQ/)
  expect(proxy.requests).toEqual([{ target: `${HOST}:443`, authorization: undefined }])
})

test('gives the proxy the credentials in its address, and shows them to nobody', async () => {
  await using proxy = await startProxy({ port })
  const step = await run({ https_proxy: `http://fake-user:fake%2Fproxy-password@${proxy.host}` })
  const pair = 'fake-user:fake/proxy-password'
  const basic = Buffer.from(pair).toString('base64')
  expect(proxy.requests).toEqual([{ target: `${HOST}:443`, authorization: `Basic ${basic}` }])
  expect(step.shown).toEqual([ASKING, expect.stringMatching(/^Got a Bearer token/)])
  expect(JSON.stringify([step.printed, step.files])).not.toMatch(/proxy-password|fake-user/)
  expect(JSON.stringify([step.printed, step.files])).not.toContain(basic)
})

test.each(['no_proxy', 'NO_PROXY'])('connects by itself to a host in %s', async (variable) => {
  await using proxy = await startProxy({ port })
  const { shown } = await run({ https_proxy: `http://${proxy.host}`, [variable]: `other.example,${HOST}` })
  expect(shown).toEqual([
    ASKING,
    expect.stringMatching(
      /^::error::Could not get a token from accounts\.invalid: its host name has no address \(E/,
    ),
  ])
  expect(proxy.requests).toEqual([])
})

test('says what to do about a certificate for another host', async () => {
  const { shown } = await run({}, { 'token-url': `https://localhost:${port}/api/token` })
  expect(shown.at(-1)).toBe(
    `::error::Could not get a token from localhost:${port}: its certificate is for another host (ERR_TLS_CERT_ALTNAME_INVALID). Check the host in token-url.`,
  )
})

test('says what to do about a certificate of an unknown authority', async () => {
  await using proxy = await startProxy({ port })
  const { shown } = await run(
    { https_proxy: `http://${proxy.host}`, NODE_EXTRA_CA_CERTS: '' },
    { retries: '1' },
  )
  expect(shown).toEqual([
    ASKING,
    `${FAILED} its certificate is not trusted (UNABLE_TO_VERIFY_LEAF_SIGNATURE). If the server or a proxy uses a certificate of your own authority, name its file in NODE_EXTRA_CA_CERTS.`,
  ])
  expect(proxy.requests).toHaveLength(1)
})

test.each([
  [407, `${FAILED} the proxy asks for credentials (HTTP 407). Check user name and password in https_proxy.`],
  [403, `${FAILED} the proxy does not connect to it (HTTP 403). ${CHECK_PROXY}`],
])('says what to do when the proxy refuses with %i', async (status, message) => {
  await using proxy = await startProxy({ status })
  const { exitCode, shown } = await run({ https_proxy: `http://${proxy.host}` }, { retries: '1' })
  expect(shown).toEqual([ASKING, message])
  expect(exitCode).toBe(1)
  expect(proxy.requests).toHaveLength(1)
})

test('tries again when the proxy refuses for now', async () => {
  await using proxy = await startProxy({ status: 502 })
  const { shown } = await run({ https_proxy: `http://${proxy.host}` }, { retries: '1' })
  expect(shown).toEqual([
    ASKING,
    expect.stringMatching(
      /^the proxy does not connect to it \(HTTP 502\); trying again in \d\.\d s \(attempt 2 of 2\)$/,
    ),
    `::error::Could not get a token from ${HOST} in 2 attempts: the proxy does not connect to it (HTTP 502). ${CHECK_PROXY}`,
  ])
  expect(proxy.requests).toHaveLength(2)
})

test('says what to do when there is no proxy', async () => {
  const proxy = await startProxy('silent')
  await proxy[Symbol.asyncDispose]()
  const { shown } = await run({ https_proxy: `http://${proxy.host}` })
  expect(shown).toEqual([ASKING, `${FAILED} the proxy cannot be reached (ECONNREFUSED). ${CHECK_PROXY}`])
})

test.each([
  ['no scheme', 'localhost:3128'],
  ['no host', 'http://'],
  ['a space', 'http://my proxy:3128'],
  ['another scheme', 'socks5://localhost:1080'],
  ['a password that is not encoded', 'http://fake-user:100%@localhost:3128'],
])('refuses a proxy setting that the library would ignore: %s', async (_name, https_proxy) => {
  const { shown } = await run({ https_proxy }, { retries: '1' })
  expect(shown).toEqual([
    ASKING,
    `${FAILED} the proxy setting https_proxy is not an address that begins with http:// or https://. Write it as http://user:password@host:port, with special characters in the password percent-encoded.`,
  ])
})

test('warns in the post step where the proxy setting has become unreadable in between', async () => {
  await using proxy = await startProxy({ port })
  const job = startCheckedJob({ env: { NODE_EXTRA_CA_CERTS: authority.file } })
  const main = await job.runAction({
    with: {
      'client-id': APP.clientId,
      'client-secret': APP.clientSecret,
      'token-url': `https://${HOST}/api/token`,
      'revocation-url': `https://${HOST}/revoke`,
    },
    env: { https_proxy: `http://${proxy.host}` },
  })
  expect(main.exitCode).toBe(0)
  const [post] = await job.runPostSteps({ https_proxy: 'nonsense' })
  expect(post?.exitCode).toBe(0)
  expect(post?.printed.filter((line) => !line.startsWith('::add-mask::'))).toEqual([
    `::warning::Could not revoke the access token at ${HOST}: the proxy setting https_proxy is not an address that begins with http:// or https://. Write it as http://user:password@host:port, with special characters in the password percent-encoded. Until it expires, the token stays valid.`,
  ])
})

test('takes no endpoint on this machine from the metadata of another', async () => {
  await using server = await startServer((_request, response) => {
    const issuer = `https://${HOST}`
    response.end(JSON.stringify({ issuer, token_endpoint: 'http://127.0.0.1:1/token' }))
  }, authority.tls)
  await using proxy = await startProxy({ port: Number(new URL(server.origin).port) })
  const { shown } = await run(
    { https_proxy: `http://${proxy.host}` },
    { 'token-url': '', issuer: `https://${HOST}` },
  )
  const refusal = 'the token_endpoint in the metadata leads to this machine'
  expect(shown).toEqual([
    `Asking ${HOST} for its metadata`,
    `::error::Could not find the endpoints of ${HOST}: ${refusal} (at /.well-known/oauth-authorization-server); ${refusal} (at /.well-known/openid-configuration). Tell those who run the server, or give token-url instead of issuer.`,
  ])
})

test('leaves a proxy setting alone that is not for this host', async () => {
  const { shown } = await run({ https_proxy: 'nonsense', no_proxy: HOST })
  expect(shown.at(-1)).toContain('its host name has no address')
})

test('ends at the deadline, the process included, when the proxy never answers', async () => {
  await using proxy = await startProxy('silent')
  const start = performance.now()
  const { exitCode, shown } = await run(
    { https_proxy: `http://${proxy.host}` },
    { timeout: '1', retries: '3' },
  )
  expect(performance.now() - start).toBeLessThan(8000)
  expect(shown).toEqual([
    ASKING,
    expect.stringMatching(
      // Less than the second by what a busy machine took to come that far.
      /: no complete answer within (0\.\d|1) s\. Run the job again; if it fails again, look at the status page of the server\.$/,
    ),
  ])
  expect(exitCode).toBe(1)
  expect(proxy.requests).toHaveLength(1)
})
