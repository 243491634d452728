import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { generate } from 'selfsigned'
import { startProxy } from '../../dev/servers/connect-proxy.ts'
import { listen } from '../../dev/servers/listen.ts'
import { startServer } from '../../dev/servers/loopback-server.ts'
import { monotonicMs } from '../../src/http/clock.ts'
import { explainConnectionError, explainProxyError, RE_RUN } from '../../src/http/connection-error.ts'
import { Failure } from '../../src/http/failure.ts'
import { createSend, type Request, trustCertificates } from '../../src/http/send.ts'

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
const INCOMPLETE = 'the response is incomplete'
const endpoint = (url: string) => ({ url: new URL(url), source: 'token-url' })
const FORM = new URLSearchParams({ grant_type: 'client_credentials' })

/** Sends within 10 s. */
const send = (request: Request) => createSend(monotonicMs() + 10_000)(request)
const get = (url: string, ms = 10_000) => createSend(monotonicMs() + ms)({ endpoint: endpoint(url) })

/** The Failure that a request ends with. */
async function failureOf(sending: Promise<unknown>): Promise<Failure> {
  const error = await sending.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof Failure)) throw new Error('There is no Failure', { cause: error })
  return error
}

interface Identity {
  readonly key: string
  readonly cert: string
}

/** A self-signed certificate, which is its own CA. */
async function createIdentity(hosts: readonly string[], ips: readonly string[]): Promise<Identity> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: `Fake ${hosts} ${ips}` }], {
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          ...hosts.map((value) => ({ type: 2 as const, value })),
          ...ips.map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  })
  return { key, cert }
}

// A name without an address (RFC 6761) and an address without a host (RFC 3849): only a proxy leads to them.
let identity: Identity
beforeAll(async () => {
  identity = await createIdentity(['as.invalid'], ['127.0.0.1', '2001:db8::1'])
})

const defaultCertificates = tls.getCACertificates('default')
afterEach(() => tls.setDefaultCACertificates(defaultCertificates))

/**
 * Starts a server on bytes.
 * @param respond called with each connection once its request is there: the stream of its bytes, and the TCP connection
 *   below, which is the same without TLS
 */
async function startRaw(respond: (stream: Duplex, tcp: Socket) => void, identity?: Identity) {
  const server = createServer((tcp) => {
    const stream = identity ? new tls.TLSSocket(tcp, { isServer: true, ...identity }) : tcp
    // Clients reset the connections that they give up.
    for (const socket of [tcp, stream]) socket.on('error', () => {})
    stream.once('data', () => respond(stream, tcp))
  })
  const { port, ...disposable } = await listen(server)
  return { port, origin: `${identity ? 'https' : 'http'}://127.0.0.1:${port}`, ...disposable }
}

describe('the request', () => {
  test('is a POST of the form', async () => {
    await using server = await startServer((_request, response) => response.end('{}'))
    const { host } = new URL(server.origin)
    const headers = { authorization: 'Basic ZmFrZTpmYWtl' }
    await send({ endpoint: endpoint(`${server.origin}/api/token?tenant=1`), headers, body: FORM })
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
          host,
          'user-agent': `client-credentials-token/${version}`,
        },
        body: 'grant_type=client_credentials',
      },
    ])
  })

  test('is a POST of a JSON object', async () => {
    await using server = await startServer((_request, response) => response.end('{}'))
    const { host } = new URL(server.origin)
    const headers = { authorization: 'Basic ZmFrZTpmYWtl' }
    const body = { grant_type: 'client_credentials', resource: ['urn:a', 'urn:ü'], x: '"' }
    await send({ endpoint: endpoint(`${server.origin}/token`), headers, body })
    expect(server.requests).toEqual([
      {
        method: 'POST',
        url: '/token',
        headers: {
          accept: 'application/json',
          authorization: 'Basic ZmFrZTpmYWtl',
          connection: 'close',
          // In bytes.
          'content-length': '74',
          'content-type': 'application/json',
          host,
          'user-agent': `client-credentials-token/${version}`,
        },
        body: '{"grant_type":"client_credentials","resource":["urn:a","urn:ü"],"x":"\\""}',
      },
    ])
  })

  test('is a GET without a body', async () => {
    await using server = await startServer((_request, response) => response.end('{}'))
    const { host } = new URL(server.origin)
    await get(`${server.origin}/.well-known/x`)
    expect(server.requests).toEqual([
      {
        method: 'GET',
        url: '/.well-known/x',
        headers: {
          accept: 'application/json',
          connection: 'close',
          host,
          'user-agent': `client-credentials-token/${version}`,
        },
        body: '',
      },
    ])
  })

  test("does not contain the runner's orchestration ID", async () => {
    await using server = await startServer((_request, response) => response.end('{}'))
    jest.replaceProperty(process, 'env', { ACTIONS_ORCHESTRATION_ID: 'fake-orchestration' })
    await get(server.origin)
    jest.restoreAllMocks()
    expect(server.requests).toHaveLength(1)
    expect(JSON.stringify(server.requests)).not.toContain('fake-orchestration')
  })

  test('can go to an IPv6 address', async () => {
    const failure = await failureOf(get('http://[::1]:1/'))
    expect(failure.reason).toMatch(/\((ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH)\)$/)
  })
})

describe('the response', () => {
  test.each([200, 401, 503])('has status %i, headers and body', async (status) => {
    await using server = await startServer((_request, response) => {
      response.writeHead(status, { 'Retry-After': '7' }).end('{"ü":1}')
    })
    const token = endpoint(server.origin)
    expect(await send({ endpoint: token, body: FORM })).toEqual({
      endpoint: token,
      status,
      headers: expect.objectContaining({ 'retry-after': '7' }),
      body: '{"ü":1}',
    })
  })

  test.each([301, 302, 303, 307, 308])('is a redirect with status %i, not followed', async (status) => {
    await using other = await startServer((_request, response) => response.end('{}'))
    await using server = await startServer((_request, response) => {
      response.writeHead(status, { location: other.origin }).end()
    })
    expect(await send({ endpoint: endpoint(server.origin), body: FORM })).toMatchObject({ status })
    expect(other.requests).toEqual([])
  })

  test('can be a 101 without an upgrade, which is not a success', async () => {
    await using server = await startRaw((stream) => stream.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
    expect(await get(server.origin)).toMatchObject({ status: 101, body: '' })
  })

  test('can have a body of 1 MiB', async () => {
    const body = 'x'.repeat(1024 * 1024)
    await using server = await startServer((_request, response) => response.end(body))
    expect(await get(server.origin)).toMatchObject({ body })
  })

  test('cannot have a larger body', async () => {
    await using server = await startServer((_request, response) => response.end('x'.repeat(1024 * 1024 + 1)))
    const failure = await failureOf(get(server.origin))
    expect(failure.message).toBe('the response is larger than 1 MiB. Check token-url.')
    expect(failure.transient).toBeUndefined()
  })

  test('can have characters across the chunks of its body', async () => {
    await using server = await startRaw((stream) => {
      const [start, end] = [Buffer.from('{"').toString('hex'), Buffer.from('":1}').toString('hex')]
      stream.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      for (const hex of [`${start}c3`, `bc${end}`]) {
        stream.write(`${hex.length / 2}\r\n`)
        stream.write(Buffer.from(hex, 'hex'))
        stream.write('\r\n')
      }
      stream.end('0\r\n\r\n')
    })
    expect(await get(server.origin)).toMatchObject({ body: '{"ü":1}' })
  })

  test.each([
    ['\ufeff{}\ufeff', '{}\ufeff'],
    ['{}\ufeff', '{}\ufeff'],
  ])('can have a byte order mark at its start, which is removed: %j', async (sent, body) => {
    await using server = await startServer((_request, response) => response.end(sent))
    expect(await get(server.origin)).toMatchObject({ body })
  })
})

const HEAD = 'HTTP/1.1 200 OK\r\n'
const HALF = ' {"access_token":"fake'

describe.each([
  ['http', () => undefined],
  ['https', () => identity],
])('a response over %s', (_scheme, findIdentity) => {
  /** Requests something that a server responds to with bytes, for at most this time. */
  async function getRaw(respond: (stream: Duplex, tcp: Socket) => void, ms?: number) {
    const identity = findIdentity()
    trustCertificates(identity ? [identity.cert] : [])
    await using server = await startRaw(respond, identity)
    return await get(server.origin, ms)
  }

  test.each([
    ['JSON', '{"a":"}"}'],
    ['JSON with white space', ' \n{} \n'],
    ['JSON with a byte order mark', '\ufeff{}', '{}'],
    ['HTML', '<style>a{b:c}</style>'],
    ['JSON other than an object', '[]'],
    ['nothing', ''],
  ])('ends when the connection is closed, without a length: %s', async (_name, sent, body = sent) => {
    const respond = (stream: Duplex) => stream.end(`${HEAD}\r\n${sent}`)
    expect(await getRaw(respond)).toMatchObject({ status: 200, body })
  })

  test.each<[name: string, head: string, cut: (stream: Duplex, tcp: Socket) => void]>([
    ['without a length, by close', '', (stream) => stream.end()],
    ['without a length, by close of the TCP connection', '', (_stream, tcp) => tcp.end()],
    ['without a length, by reset', '', (_stream, tcp) => tcp.resetAndDestroy()],
    ['with a length, by close', 'Content-Length: 100\r\n', (stream) => stream.end()],
    ['with a length, by reset', 'Content-Length: 100\r\n', (_stream, tcp) => tcp.resetAndDestroy()],
    ['in chunks, by close', 'Transfer-Encoding: chunked\r\n', (stream) => stream.end()],
  ])('is incomplete if it is cut %s', async (_name, head, cut) => {
    const body = head.startsWith('T') ? `${HALF.length.toString(16)}\r\n${HALF}\r\n` : HALF
    const failure = await failureOf(
      getRaw((stream, tcp) => stream.write(`${HEAD}${head}\r\n${body}`, () => cut(stream, tcp))),
    )
    expect(failure.reason).toMatch(new RegExp(`^${INCOMPLETE}(: .* \\(ECONNRESET\\))?$`))
    expect(failure.advice).toBe(RE_RUN)
    expect(failure.transient).toEqual({})
  })

  test.each([
    ['without a length', ''],
    ['with a length', 'Content-Length: 100\r\n'],
  ])('is incomplete if it stops %s', async (_name, head) => {
    const failure = await failureOf(getRaw((stream) => stream.write(`${HEAD}${head}\r\n${HALF}`), 200))
    expect(failure.reason).toMatch(new RegExp(`^${INCOMPLETE}: timed out`))
    expect(failure.transient).toEqual({})
  })

  test.each([
    ['with a length', 'Content-Length: 1\r\n\r\n{'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n\r\n'],
  ])('can be complete %s without being valid JSON', async (_name, rest) => {
    expect(await getRaw((stream) => stream.end(`${HEAD}${rest}`))).toMatchObject({ body: '{' })
  })

  test('is not incomplete if it becomes invalid HTTP', async () => {
    const respond = (stream: Duplex) => stream.end(`${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\nx\r\n`)
    expect({ ...(await failureOf(getRaw(respond))) }).toEqual({
      ...explainConnectionError({ code: 'HPE_INVALID_CHUNK_SIZE' }, 'token-url'),
    })
  })

  test('stays complete if the connection is reset after it', async () => {
    const respond = (stream: Duplex, tcp: Socket) =>
      stream.write(`${HEAD}Content-Length: 2\r\n\r\n{}`, () => tcp.resetAndDestroy())
    expect(await getRaw(respond)).toMatchObject({ body: '{}' })
  })
})

describe('no response', () => {
  test.each([
    ['after the deadline', 100],
    ['if the deadline has already passed', -5],
  ])('times out %s', async (_name, ms) => {
    await using server = await startServer(() => {})
    const failure = await failureOf(get(server.origin, ms))
    expect(failure.message).toBe(`timed out after 0.1 s. ${RE_RUN}`)
    expect(failure.transient).toEqual({})
  })

  test('times out after the seconds that were left', async () => {
    const limit = jest.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort())
    const failure = await failureOf(get('http://127.0.0.1:1/', 12_345))
    const [[ms] = [0]] = limit.mock.calls
    limit.mockRestore()
    expect(failure.reason).toBe('timed out after 12.3 s')
    expect(ms).toBeGreaterThan(12_300)
    expect(ms).toBeLessThanOrEqual(12_345)
  })

  test('comes if nothing listens', async () => {
    const { port, ...server } = await startRaw(() => {})
    await server[Symbol.asyncDispose]()
    expect({ ...(await failureOf(get(server.origin))) }).toEqual({
      ...explainConnectionError({ code: 'ECONNREFUSED' }, 'token-url'),
    })
  })

  test.each<[name: string, code: string, respond: (stream: Duplex, tcp: Socket) => void]>([
    ['closes the connection', 'ECONNRESET', (stream) => stream.end()],
    ['resets the connection', 'ECONNRESET', (_stream, tcp) => tcp.resetAndDestroy()],
    ['closes within the head', 'ECONNRESET', (stream) => stream.end('HTTP/1.1 200 OK\r\nContent-')],
    ['closes after a hint', 'ECONNRESET', (stream) => stream.end('HTTP/1.1 103 Early Hints\r\n\r\n')],
    ['does not speak HTTP', 'HPE_INVALID_CONSTANT', (stream) => stream.end('::error::x\r\n\r\n')],
    [
      'sends an endless head',
      'HPE_HEADER_OVERFLOW',
      (stream) => stream.write(`${HEAD}X: ${'x'.repeat(20_000)}`),
    ],
  ])('comes from a server that %s', async (_name, code, respond) => {
    await using server = await startRaw(respond)
    expect({ ...(await failureOf(get(server.origin))) }).toEqual({
      ...explainConnectionError({ code }, 'token-url'),
    })
  })

  test('comes from a server without TLS', async () => {
    await using server = await startRaw((stream) => stream.end(`${HEAD}\r\n{}`))
    expect({ ...(await failureOf(get(server.origin.replace('http:', 'https:')))) }).toEqual({
      ...explainConnectionError({ code: 'EPROTO' }, 'token-url'),
    })
  })

  test('comes if the server switches protocols', async () => {
    const { promise: isClosed, resolve } = Promise.withResolvers<void>()
    await using server = await startRaw((stream) => {
      stream.once('close', resolve)
      stream.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
    })
    const failure = await failureOf(get(server.origin))
    expect(failure.message).toBe('HTTP 101 with an unexpected protocol upgrade. Check token-url.')
    expect(failure.transient).toBeUndefined()
    await isClosed
  })
})

describe('a proxy', () => {
  const BEHIND = 'https://as.invalid/token'
  const useProxy = (settings: Record<string, string>) => {
    jest.replaceProperty(process, 'env', settings)
  }
  afterEach(() => {
    jest.restoreAllMocks()
  })

  const startTarget = () => startServer((_request, response) => response.end('{}'), identity)
  const portOf = ({ origin }: { origin: string }) => Number(new URL(origin).port)

  test.each(['https_proxy', 'HTTPS_PROXY'])('in %s connects to the host, by its name', async (name) => {
    await using server = await startTarget()
    await using proxy = await startProxy({ port: portOf(server) })
    useProxy({ [name]: `http://${proxy.host}` })
    trustCertificates([identity.cert])
    expect(await get(BEHIND)).toMatchObject({ status: 200, body: '{}' })
    expect(proxy.requests).toEqual([{ target: 'as.invalid:443', authorization: undefined }])
    expect(server.requests).toMatchObject([{ url: '/token', headers: { host: 'as.invalid' } }])
  })

  test('connects to an IPv6 address in brackets, with a port', async () => {
    await using server = await startTarget()
    await using proxy = await startProxy({ port: portOf(server) })
    useProxy({ https_proxy: `http://${proxy.host}` })
    trustCertificates([identity.cert])
    expect(await get('https://[2001:db8::1]:8443/')).toMatchObject({ status: 200 })
    expect(proxy.requests).toEqual([{ target: '[2001:db8::1]:8443', authorization: undefined }])
    expect(server.requests).toMatchObject([{ headers: { host: '[2001:db8::1]:8443' } }])
  })

  test('receives the credentials in its URL, decoded, and the server does not', async () => {
    await using server = await startTarget()
    await using proxy = await startProxy({ port: portOf(server) })
    useProxy({ https_proxy: `http://fake-user:fake%2Fp%40ssword@${proxy.host}` })
    trustCertificates([identity.cert])
    await get(BEHIND)
    const authorization = `Basic ${Buffer.from('fake-user:fake/p@ssword').toString('base64')}`
    expect(proxy.requests).toEqual([{ target: 'as.invalid:443', authorization }])
    expect(server.requests).toHaveLength(1)
    expect(server.requests[0]?.headers).not.toHaveProperty('proxy-authorization')
  })

  test.each([
    ['no_proxy', 'other.example,as.invalid'],
    ['NO_PROXY', '.invalid'],
  ])('is not used for a host in %s, even if it is unreadable', async (name, hosts) => {
    useProxy({ https_proxy: 'nonsense', [name]: hosts })
    expect((await failureOf(get(BEHIND))).reason).toMatch(/\((ENOTFOUND|EAI_AGAIN)\)$/)
  })

  test.each([
    ['https://localhost:1/', 'ECONNREFUSED'],
    ['http://127.0.0.1:1/', 'ECONNREFUSED'],
  ])('is not used for %s', async (url, code) => {
    useProxy({ https_proxy: 'http://proxy.invalid', http_proxy: 'http://proxy.invalid' })
    expect({ ...(await failureOf(get(url))) }).toEqual({ ...explainConnectionError({ code }, 'token-url') })
  })

  test.each([
    ['https_proxy', 'localhost:3128'],
    ['https_proxy', 'nonsense'],
    ['https_proxy', 'socks5://localhost:1080'],
    ['https_proxy', 'http://fake-user:100%@localhost'],
    ['https_proxy', 'http://100%@localhost'],
    ['HTTPS_PROXY', 'nonsense'],
    ['HTTPS_PROXY', 'socks5://localhost:1080'],
  ])('with a URL that Node.js cannot use is an error: %s=%s', async (name, value) => {
    const other = name === 'https_proxy' ? 'HTTPS_PROXY' : 'https_proxy'
    for (const settings of [{}, { [other]: 'http://127.0.0.1:1' }]) {
      useProxy({ ...settings, [name]: value })
      const failure = await failureOf(get(BEHIND))
      expect(failure.message).toBe(
        `${name} is not a valid http:// or https:// URL. Use http://user:password@host:port, with special characters percent-encoded.`,
      )
      expect(failure.transient).toBeUndefined()
    }
  })

  test.each(['http://127.0.0.1:1', 'https://127.0.0.1:1', 'http://[::1]:1'])(
    'that does not listen is an error: %s',
    async (url) => {
      useProxy({ https_proxy: url })
      const { reason } = await failureOf(get(BEHIND))
      const codes = ['ECONNREFUSED', 'EADDRNOTAVAIL', 'ENETUNREACH']
      expect(codes.map((code) => explainProxyError({ code }).reason)).toContain(reason)
    },
  )

  test.each<[name: string, statusCode: number | undefined, respond: (stream: Duplex) => void]>([
    ['refuses', 403, (stream) => stream.end('HTTP/1.1 403 ::error::x\r\n\r\n')],
    ['is not a proxy', Number.NaN, (stream) => stream.end('::error::x\r\n\r\n')],
    ['closes the connection', undefined, (stream) => stream.end()],
    ['closes within its response', undefined, (stream) => stream.end('HTTP/1.1 200')],
  ])('that %s is an error', async (_name, statusCode, respond) => {
    await using proxy = await startRaw(respond)
    useProxy({ https_proxy: proxy.origin })
    expect({ ...(await failureOf(get(BEHIND))) }).toEqual({
      ...explainProxyError({ code: 'ERR_PROXY_TUNNEL', statusCode }),
    })
  })

  test('that resets the connection is an error', async () => {
    await using proxy = await startRaw((_stream, tcp) => tcp.resetAndDestroy())
    useProxy({ https_proxy: proxy.origin })
    expect({ ...(await failureOf(get(BEHIND))) }).toEqual({ ...explainProxyError({ code: 'ECONNRESET' }) })
  })

  test.each<[name: string, scheme: string, respond: (stream: Duplex) => void]>([
    ['does not respond to CONNECT', 'http', () => {}],
    ['does not respond to the TLS handshake', 'https', () => {}],
    ['connects to nothing', 'http', (stream) => stream.write(`${HEAD}\r\n`)],
  ])(
    'that %s times out',
    async (_name, scheme, respond) => {
      const { promise: isClosed, resolve } = Promise.withResolvers<void>()
      await using proxy = await startRaw((stream) => {
        stream.once('close', resolve)
        respond(stream)
      })
      useProxy({ https_proxy: `${scheme}://127.0.0.1:${proxy.port}` })
      expect((await failureOf(get(BEHIND, 200))).reason).toMatch(/^timed out/)
      // An open connection would keep the process alive.
      await isClosed
    },
    5000,
  )

  test.each([
    ['does not respond', '/', /^timed out/],
    ['stops within its response', '/stop', new RegExp(`^${INCOMPLETE}: timed out`)],
  ])('times out if the server behind it %s', async (_name, path, reason) => {
    await using server = await startServer(({ url }, response) => {
      if (url === '/stop') response.write('{')
    }, identity)
    await using proxy = await startProxy({ port: portOf(server) })
    useProxy({ https_proxy: `http://${proxy.host}` })
    trustCertificates([identity.cert])
    expect((await failureOf(get(`https://as.invalid${path}`, 300))).reason).toMatch(reason)
  })

  test('that rejects the request and keeps the connection open does not keep the process alive', async () => {
    let isClosed: Promise<unknown> = Promise.reject(new Error('no connection'))
    isClosed.catch(() => {})
    const proxy = await startRaw((stream) => {
      isClosed = once(stream, 'close')
      stream.write('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    })
    await using _disposable = proxy
    useProxy({ https_proxy: `http://127.0.0.1:${proxy.port}` })
    expect((await failureOf(get(BEHIND))).reason).toContain('(HTTP 407)')
    await isClosed
  })

  test('reports an untrusted server certificate as the server certificate', async () => {
    await using server = await startTarget()
    await using proxy = await startProxy({ port: portOf(server) })
    useProxy({ https_proxy: `http://${proxy.host}` })
    expect({ ...(await failureOf(get(BEHIND))) }).toEqual({
      ...explainConnectionError({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'token-url'),
    })
  })

  test('that closes the connection during the TLS handshake with the server is not to blame', async () => {
    await using server = await startRaw((stream) => stream.end())
    await using proxy = await startProxy({ port: server.port })
    useProxy({ https_proxy: `http://${proxy.host}` })
    expect({ ...(await failureOf(get(BEHIND))) }).toEqual({
      ...explainConnectionError({ code: 'ECONNRESET' }, 'token-url'),
    })
  })

  describe('over TLS', () => {
    let proxyIdentity: Identity
    beforeAll(async () => {
      proxyIdentity = await createIdentity(['localhost'], [])
    })

    /** A TLS server in front of a proxy. */
    async function startTlsProxy(port: number) {
      const proxy = await startProxy({ port })
      const server = tls.createServer(proxyIdentity, (client) => {
        const upstream = connect(Number(proxy.host.split(':')[1]), '127.0.0.1')
        for (const socket of [client, upstream]) socket.on('error', () => {})
        client.pipe(upstream).pipe(client)
      })
      const { port: tlsPort, ...disposable } = await listen(server)
      return {
        origin: `https://localhost:${tlsPort}`,
        requests: proxy.requests,
        async [Symbol.asyncDispose]() {
          await disposable[Symbol.asyncDispose]()
          await proxy[Symbol.asyncDispose]()
        },
      }
    }

    test('can have a certificate of another CA than the server', async () => {
      await using server = await startTarget()
      await using proxy = await startTlsProxy(portOf(server))
      useProxy({ https_proxy: proxy.origin })
      trustCertificates([identity.cert, proxyIdentity.cert])
      expect(await get(BEHIND)).toMatchObject({ status: 200, body: '{}' })
      expect(proxy.requests).toEqual([{ target: 'as.invalid:443', authorization: undefined }])
    })

    test('must have a trusted certificate', async () => {
      await using server = await startTarget()
      await using proxy = await startTlsProxy(portOf(server))
      useProxy({ https_proxy: proxy.origin })
      trustCertificates([identity.cert])
      expect({ ...(await failureOf(get(BEHIND))) }).toEqual({
        ...explainProxyError({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
      })
      expect(proxy.requests).toEqual([])
    })
  })
})

describe('the Node.js version', () => {
  const UPDATE = 'Update the runner to version 2.328.0 or later.'

  const { versions } = process
  const setVersion = (node: string) => {
    Object.defineProperty(process, 'versions', { value: { ...versions, node }, configurable: true })
  }
  afterEach(() => {
    setVersion(versions.node)
    jest.restoreAllMocks()
  })

  test.each(['20.19.0', '23.11.1', '24.4.1', 'v'])(
    '%s has neither proxies nor ca-certificate',
    async (node) => {
      setVersion(node)
      jest.replaceProperty(process, 'env', { https_proxy: 'http://127.0.0.1:1' })
      const failure = await failureOf(get('https://as.invalid/'))
      const text = `requires Node.js 24.5, but this runner has ${node}. ${UPDATE}`
      expect(failure.message).toBe(`https_proxy ${text}`)
      expect(failure.transient).toBeUndefined()
      expect(() => trustCertificates([identity.cert])).toThrow(new Error(`ca-certificate ${text}`))
    },
  )

  test.each(['24.5.0', '24.21.0', '25.0.0', '100.1.0'])('%s has both', async (node) => {
    setVersion(node)
    jest.replaceProperty(process, 'env', { https_proxy: 'http://127.0.0.1:1' })
    const failure = await failureOf(get('https://as.invalid/'))
    expect(failure.reason).toBe(explainProxyError({ code: 'ECONNREFUSED' }).reason)
    trustCertificates([identity.cert])
  })

  test.each<Record<string, string>>([{}, { https_proxy: 'http://127.0.0.1:1', no_proxy: 'as.invalid' }])(
    'does not matter without them: %j',
    async (env) => {
      setVersion('20.0.0')
      jest.replaceProperty(process, 'env', env)
      expect((await failureOf(get('https://as.invalid/'))).reason).toMatch(/\((ENOTFOUND|EAI_AGAIN)\)$/)
      trustCertificates([])
    },
  )
})

describe('trusted certificates', () => {
  test('are added to the default ones', async () => {
    const other = await createIdentity(['localhost'], [])
    tls.setDefaultCACertificates([other.cert])
    await using server = await startServer((_request, response) => response.end('{}'), other)
    await using privateServer = await startServer((_request, response) => response.end('{}'), identity)
    const url = server.origin.replace('127.0.0.1', 'localhost')
    await failureOf(get(privateServer.origin))
    trustCertificates([identity.cert])
    expect(await get(privateServer.origin)).toMatchObject({ status: 200 })
    expect(await get(url)).toMatchObject({ status: 200 })
  })

  test('can be none', () => {
    const set = jest.spyOn(tls, 'setDefaultCACertificates')
    trustCertificates([])
    expect(set).not.toHaveBeenCalled()
    set.mockRestore()
  })
})
