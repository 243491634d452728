import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { startProxy } from '../dev/servers/connect-proxy.ts'
import { startServer } from '../dev/servers/loopback-server.ts'
import { monotonicMs } from '../src/clock.ts'
import { get, post } from '../src/http.ts'

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'))
const PARAMETERS = new URLSearchParams({ grant_type: 'client_credentials' })
const soon = (ms = 10_000) => monotonicMs() + ms
const endpoint = (url: string) => ({ url: new URL(url), input: 'token-url' })

test('sends exactly the request of the guide', async () => {
  await using server = await startServer((_request, response) => response.end('{}'))
  const token = endpoint(`${server.origin}/api/token?tenant=1`)
  await post(token, { Authorization: 'Basic ZmFrZTpmYWtl' }, PARAMETERS, soon())
  expect(server.requests).toEqual([
    {
      method: 'POST',
      url: '/api/token?tenant=1',
      headers: {
        accept: 'application/json',
        authorization: 'Basic ZmFrZTpmYWtl',
        connection: 'close',
        'content-length': '29',
        'content-type': 'application/x-www-form-urlencoded',
        host: token.url.host,
        'user-agent': `client-credentials-token/${version}`,
      },
      body: 'grant_type=client_credentials',
    },
  ])
})

test('reads a document without sending anything but the request for it', async () => {
  await using server = await startServer((_request, response) => response.end('{"a":1}'))
  const document = endpoint(`${server.origin}/.well-known/x?y=1`)
  expect(await get(document, { Authorization: 'Bearer fake' }, soon())).toMatchObject({
    endpoint: document,
    status: 200,
    body: '{"a":1}',
  })
  expect(server.requests).toEqual([
    {
      method: 'GET',
      url: '/.well-known/x?y=1',
      headers: {
        accept: 'application/json',
        authorization: 'Bearer fake',
        connection: 'close',
        host: document.url.host,
        'user-agent': `client-credentials-token/${version}`,
      },
      body: '',
    },
  ])
})

test("keeps the runner's orchestration ID to itself", async () => {
  await using server = await startServer((_request, response) => response.end('{}'))
  process.env['ACTIONS_ORCHESTRATION_ID'] = 'fake-orchestration'
  try {
    await post(endpoint(server.origin), {}, PARAMETERS, soon())
  } finally {
    delete process.env['ACTIONS_ORCHESTRATION_ID']
  }
  expect(JSON.stringify(server.requests)).not.toContain('fake-orchestration')
})

test.each([200, 401, 503])('returns status, headers and body of an answer with status %i', async (status) => {
  await using server = await startServer((_request, response) => {
    response.writeHead(status, { 'retry-after': '7' }).end('\ufeff{"ü":1}')
  })
  const token = endpoint(server.origin)
  const answer = await post(token, {}, PARAMETERS, soon())
  expect(answer).toMatchObject({ endpoint: token, status, headers: { 'retry-after': '7' }, body: '{"ü":1}' })
})

test.each([301, 302, 303, 307, 308])('does not follow a redirect with status %i', async (status) => {
  await using other = await startServer((_request, response) => response.end('{}'))
  await using server = await startServer((_request, response) => {
    response.writeHead(status, { location: `${other.origin}/token` }).end()
  })
  const answer = await post(endpoint(server.origin), {}, PARAMETERS, soon())
  expect(answer.status).toBe(status)
  expect(other.requests).toEqual([])
})

test('takes a body of 1 MiB and refuses one byte more', async () => {
  let bytes = 1024 * 1024
  await using server = await startServer((_request, response) => response.end('x'.repeat(bytes)))
  const answer = await post(endpoint(server.origin), {}, PARAMETERS, soon())
  expect(answer.body).toHaveLength(bytes)
  bytes += 1
  await expect(post(endpoint(server.origin), {}, PARAMETERS, soon())).rejects.toThrow(
    new Error('the answer is larger than 1 MiB. Check token-url.'),
  )
})

const RUN_AGAIN = 'Run the job again; if it fails again, look at the status page of the server.'

test('fails when the connection breaks off in the middle of the body', async () => {
  await using server = await startServer((_request, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('{"access_token":"fake', () => response.destroy())
  })
  await expect(post(endpoint(server.origin), {}, PARAMETERS, soon())).rejects.toThrow(
    new Error(`the connection broke off (ECONNRESET). ${RUN_AGAIN}`),
  )
})

test('fails when nobody listens', async () => {
  const server = await startServer(() => {})
  await server[Symbol.asyncDispose]()
  await expect(post(endpoint(server.origin), {}, PARAMETERS, soon())).rejects.toThrow(
    new Error(
      'the connection was refused (ECONNREFUSED). Check the host in token-url, and that the runner can reach it.',
    ),
  )
})

test.each([
  ['no answer comes', () => {}],
  ['the body does not end', (response: ServerResponse) => void response.write('{')],
])('fails within the time limit when %s', async (_name, answer) => {
  await using server = await startServer((_request, response) => answer(response))
  await expect(post(endpoint(server.origin), {}, PARAMETERS, soon(100))).rejects.toThrow(
    new Error(`no complete answer within 0.1 s. ${RUN_AGAIN}`),
  )
})

test('gives a request a moment even where the deadline has passed', async () => {
  await using server = await startServer(() => {})
  await expect(post(endpoint(server.origin), {}, PARAMETERS, soon(-5))).rejects.toThrow(
    new Error(`no complete answer within 0.1 s. ${RUN_AGAIN}`),
  )
})

test('names the input that leads to the server', async () => {
  await using server = await startServer((_request, response) => response.end('x'.repeat(1024 * 1024 + 1)))
  const issuer = { url: new URL(server.origin), input: 'issuer' }
  await expect(get(issuer, {}, soon())).rejects.toThrow(
    new Error('the answer is larger than 1 MiB. Check issuer.'),
  )
})

describe('a proxy', () => {
  afterEach(() => {
    delete process.env['https_proxy']
    delete process.env['HTTPS_PROXY']
    delete process.env['no_proxy']
  })

  // A name that has no address anywhere (RFC 6761).
  const behindProxy = endpoint('https://as.invalid/token')
  const UNREADABLE =
    'the proxy setting https_proxy is not an address that begins with http:// or https://. Write it as http://user:password@host:port, with special characters in the password percent-encoded.'

  test.each([
    ['https_proxy', 'localhost:3128'],
    ['https_proxy', 'socks5://localhost:1080'],
    ['https_proxy', 'http://fake-user:100%@localhost'],
    ['https_proxy', 'http://100%@localhost'],
    ['HTTPS_PROXY', 'nonsense'],
  ])('is refused where the client would go without it: %s=%s', async (variable, setting) => {
    process.env[variable] = setting
    await expect(post(behindProxy, {}, PARAMETERS, soon())).rejects.toThrow(new Error(UNREADABLE))
  })

  test.each(['http', 'https'])('is taken where its address begins with %s://', async (scheme) => {
    process.env['https_proxy'] = `${scheme}://127.0.0.1:1`
    await expect(post(behindProxy, {}, PARAMETERS, soon())).rejects.toThrow(
      'the proxy cannot be reached (ECONNREFUSED)',
    )
  })

  test('is left alone where it is not for this host', async () => {
    process.env['https_proxy'] = 'nonsense'
    process.env['no_proxy'] = 'as.invalid'
    await expect(post(behindProxy, {}, PARAMETERS, soon())).rejects.toThrow('its host name has no address')
  })

  test('is asked to connect, within the time limit, without a warning of Node', async () => {
    await using proxy = await startProxy('silent')
    process.env['https_proxy'] = `http://fake-user:fake%2Fpassword@${proxy.host}`
    const warnings: Error[] = []
    const listen = (warning: Error) => void warnings.push(warning)
    process.on('warning', listen)
    await expect(post(behindProxy, {}, PARAMETERS, soon(300))).rejects.toThrow(
      /^no complete answer within 0\.3 s\./,
    )
    process.off('warning', listen)
    expect(warnings).toEqual([])
    expect(proxy.requests).toEqual([
      {
        target: 'as.invalid:443',
        authorization: `Basic ${Buffer.from('fake-user:fake/password').toString('base64')}`,
      },
    ])
  })

  test('can have an IPv6 address', async () => {
    process.env['https_proxy'] = 'http://[::1]:1'
    await expect(post(behindProxy, {}, PARAMETERS, soon())).rejects.toThrow(
      /^the proxy cannot be reached \((ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH)\)/,
    )
  })
})

test('connects to an IPv6 address, which a URL has in brackets', async () => {
  await expect(post(endpoint('http://[::1]:1/'), {}, PARAMETERS, soon())).rejects.toThrow(
    /\((ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH)\)/,
  )
})
