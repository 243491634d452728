/** A server on raw sockets that violates HTTP, TLS or OAuth: one fault per path. */

import { createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { listen } from './listen.ts'

/**
 * Responds to one request.
 * @param request head and body as received
 * @param transport the TCP socket; the same as `socket` unless the server uses TLS
 */
type Fault = (socket: Socket, request: string, transport: Socket) => void

const ESC = '\u001b'
export const GOOD_TOKEN = 'fake-0123456789abcdefghij'

function http(
  status: string,
  body: string,
  headers: readonly string[] = [],
  type = 'application/json',
): string {
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  return [
    `HTTP/1.1 ${status}`,
    `Content-Type: ${type}`,
    length,
    'Connection: close',
    ...headers,
    '',
    body,
  ].join('\r\n')
}

const raw =
  (text: string): Fault =>
  (socket) =>
    socket.end(text)
const respond = (...parts: Parameters<typeof http>): Fault => raw(http(...parts))
const json = (value: unknown, status = '200 OK', headers: readonly string[] = []): Fault =>
  respond(status, JSON.stringify(value), headers)
const token = (fields: object): Fault => json({ access_token: GOOD_TOKEN, token_type: 'Bearer', ...fields })
const expiring = (literal: string): Fault =>
  respond('200 OK', `{"access_token":"${GOOD_TOKEN}","token_type":"Bearer","expires_in":${literal}}`)
const oauthError = (error: string): Fault =>
  json({ error, error_description: 'Description from the server' }, '400 Bad Request')
const described = (text: string): Fault =>
  json({ error: 'invalid_request', error_description: text }, '400 Bad Request')
const redirect = (status: string, location?: string): Fault =>
  respond(status, '', location === undefined ? [] : [`Location: ${location}`])
const drip =
  (text: string): Fault =>
  (socket) => {
    const letters = [...text]
    const timer = setInterval(() => socket.write(letters.shift() ?? ' '), 100)
    socket.on('close', () => clearInterval(timer))
  }
/** One fault per request; a token after the last one. */
const inTurn = (...faults: Fault[]): Fault => {
  const left = [...faults]
  return (...request) => (left.shift() ?? token({ expires_in: 3600 }))(...request)
}
const once = (fault: Fault): Fault => inTurn(fault)
const reset: Fault = (_socket, _request, transport) => transport.resetAndDestroy()
/** Sends the text, then resets the connection; the delay lets the client read the text first. */
const resetAfter =
  (text: string): Fault =>
  (socket, _request, transport) =>
    socket.write(text, () => setTimeout(() => transport.resetAndDestroy(), 200))
/** Over TLS, `destroy` closes the connection without close_notify, and `end` with it. */
const dropAfter =
  (text: string): Fault =>
  (socket) =>
    socket.write(text, () => socket.destroy())
/** 503 with a Retry-After date, from a server whose clock is wrong. */
const busyUntil = (clockOffsetSeconds: number, waitSeconds: number): Fault => {
  return (...request) => {
    const serverTime = Date.now() + clockOffsetSeconds * 1000
    const headers = [
      `Date: ${new Date(serverTime).toUTCString()}`,
      `Retry-After: ${new Date(serverTime + waitSeconds * 1000).toUTCString()}`,
    ]
    json({}, '503 Service Unavailable', headers)(...request)
  }
}
/** The credential as received, and the secret in it. */
function credentialsIn(request: string) {
  const credential = /^authorization: Basic (.*)$/im.exec(request)?.[1] ?? ''
  const encoded = Buffer.from(credential, 'base64').toString().split(':')[1] ?? ''
  return { credential, encoded, secret: decodeURIComponent(encoded.replaceAll('+', ' ')) }
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
const HALF = '{"access_token":"fake-ha'
/** A head without Content-Length and chunking: only the end of the connection ends the body. */
const UNKNOWN_LENGTH = `${HEAD}Connection: close\r\n\r\n`
const HOUR_SECONDS = 3600

/** The faults by name; new ones for each server, because some have state. */
export function createFaults(): Readonly<Record<string, Fault>> {
  return Object.assign({}, ...Object.values(createFaultGroups()))
}

/** The faults by name in groups, in the order of `createFaults`. */
export function createFaultGroups(): Readonly<Record<string, Readonly<Record<string, Fault>>>> {
  return {
    Connection: {
      dropped: (socket) => socket.destroy(),
      reset,
      'reset once': once(reset),
      'half-closed without a response': (socket) => socket.end(),
      silent: () => {},
      'dripping head': drip(`${HEAD}X-Long: ${'x'.repeat(500)}`),
      'dripping body': drip(`${HEAD}Content-Length: 500\r\n\r\n${' '.repeat(500)}`),
      'cut in the middle of the head': raw('HTTP/1.1 200 OK\r\nContent-Le'),
      'cut in the middle of the body': raw(`${HEAD}Content-Length: 100\r\n\r\n${HALF}`),
      'cut once in the middle of the body': once(raw(`${HEAD}Content-Length: 100\r\n\r\n${HALF}`)),
      'reset in the middle of the body': (socket) =>
        socket.write(`${HEAD}Content-Length: 100\r\n\r\n${HALF}`, () => socket.resetAndDestroy()),
      'cut in the middle of a chunk': raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\nff\r\n${HALF}`),
      'cut between two chunks': raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\n18\r\n${HALF}\r\n`),
      'closed in a body of unknown length': raw(`${UNKNOWN_LENGTH}${HALF}`),
      'closed once in a body of unknown length': once(raw(`${UNKNOWN_LENGTH}${HALF}`)),
      'dropped in a body of unknown length': dropAfter(`${UNKNOWN_LENGTH}${HALF}`),
      'reset in a body of unknown length': resetAfter(`${UNKNOWN_LENGTH}${HALF}`),
      'reset before a body of unknown length': resetAfter(UNKNOWN_LENGTH),
      'silent in a body of unknown length': (socket) => socket.write(`${UNKNOWN_LENGTH}${HALF}`),
      'closed after a body of unknown length': raw(`${UNKNOWN_LENGTH}{"access_token":"${GOOD_TOKEN}"}`),
      'closed after an HTML page of unknown length': raw(`${UNKNOWN_LENGTH}<html></html>`),
      flood: (socket) => {
        socket.write(`${HEAD}\r\n`)
        const pour = () => {
          while (socket.writable && socket.write('x'.repeat(65_536))) {}
        }
        socket.on('drain', pour)
        pour()
      },
      'announced flood': (socket) =>
        socket.write(`${HEAD}Content-Length: 99999999999\r\n\r\n${'x'.repeat(2 ** 20)}x`),
      'head without an end': (socket) =>
        socket.write(`HTTP/1.1 200 OK\r\n${`X-Long: ${'x'.repeat(1000)}\r\n`.repeat(100)}`),
    },
    'Invalid or unexpected HTTP': {
      'garbage instead of HTTP': raw(`${ESC}[31m::stop-commands::x\r\n::stop-commands::x\r\n\r\n`),
      'TLS alert': raw('\u0015\u0003\u0001\u0000\u0002\u0002\u0028'),
      'bad chunk': raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\n::stop-commands::x\r\n`),
      'two lengths': raw(`${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`),
      'early hint before the response': (socket, request, transport) => {
        socket.write('HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n')
        token({ expires_in: 3600 })(socket, request, transport)
      },
      'unexpected gzip': (socket) => {
        const body = gzipSync(JSON.stringify({ access_token: GOOD_TOKEN }))
        socket.write(`${HEAD}Content-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`)
        socket.end(body)
      },
    },
    'Status codes': {
      '101': raw('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
      '101 without an upgrade': raw('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
      '304': respond('304 Not Modified', ''),
      '999': json({}, '999 ::stop-commands::x'),
      '400': json({}, '400 Bad Request'),
      '401': json({}, '401 Unauthorized', ['WWW-Authenticate: Basic realm="::stop-commands::x"']),
      '403': json({}, '403 Forbidden'),
      '404': respond('404 Not Found', '<!DOCTYPE html><h1>Not found</h1>', [], 'text/html'),
      '405': respond('405 Method Not Allowed', ''),
      '407': respond('407 Proxy Authentication Required', ''),
      '408': json({}, '408 Request Timeout'),
      '413': json({}, '413 Content Too Large'),
      '429': json({}, '429 Too Many Requests'),
      '429 once': once(json({}, '429 Too Many Requests', ['Retry-After: 0'])),
      '500': json({}, '500 Internal Server Error'),
      '501': json({}, '501 Not Implemented'),
      '502 of a gateway': respond('502 Bad Gateway', '<html>::stop-commands::x</html>', [], 'text/html'),
      '503': json({}, '503 Service Unavailable'),
      '503 once': once(json({}, '503 Service Unavailable')),
      // Only the reset uses up a retry.
      'busy twice, then reset': inTurn(
        json({}, '503 Service Unavailable'),
        json({}, '429 Too Many Requests'),
        reset,
      ),
      '504': json({}, '504 Gateway Timeout'),
      'status line with a workflow command': json({}, '400 ::stop-commands::x'),
      '204 without a body': raw('HTTP/1.1 204 No Content\r\n\r\n'),
    },
    'Retry-After': {
      'Retry-After in seconds': once(json({}, '503 Service Unavailable', ['Retry-After: 1'])),
      'Retry-After as a date': (() => {
        const inOneSecond = () => [`Retry-After: ${new Date(Date.now() + 1000).toUTCString()}`]
        return once((socket, request, transport) =>
          json({}, '503 Service Unavailable', inOneSecond())(socket, request, transport),
        )
      })(),
      "Retry-After as a date by the server's fast clock": once(busyUntil(HOUR_SECONDS, 1)),
      "Retry-After as a date by the server's slow clock, beyond the deadline": busyUntil(
        -HOUR_SECONDS,
        HOUR_SECONDS,
      ),
      'Retry-After beyond the deadline': json({}, '429 Too Many Requests', ['Retry-After: 3600']),
      'Retry-After as a date beyond the deadline': json({}, '503 Service Unavailable', [
        'Retry-After: Fri, 31 Dec 2199 23:59:59 GMT',
      ]),
      'Retry-After that is invalid': once(
        json({}, '503 Service Unavailable', ['Retry-After: ::stop-commands::x']),
      ),
      'Retry-After with a permanent error': json({}, '400 Bad Request', ['Retry-After: 1']),
    },
    'OAuth errors': {
      'unauthorized_client with 401': json({ error: 'unauthorized_client' }, '401 Unauthorized'),
      invalid_request: oauthError('invalid_request'),
      invalid_client: oauthError('invalid_client'),
      invalid_grant: oauthError('invalid_grant'),
      unauthorized_client: oauthError('unauthorized_client'),
      unsupported_grant_type: oauthError('unsupported_grant_type'),
      invalid_scope: oauthError('invalid_scope'),
      invalid_target: oauthError('invalid_target'),
      temporarily_unavailable: json({ error: 'temporarily_unavailable' }, '503 Service Unavailable'),
      "error of Spotify's API": json(
        { error: { status: 400, message: 'Description from the server' } },
        '400 Bad Request',
      ),
      '200 with an error': json({ error: 'invalid_scope', access_token: GOOD_TOKEN }),
    },
    'Response bodies': {
      'captive portal': respond(
        '200 OK',
        '<html><title>Welcome to the Wi-Fi</title></html>',
        [],
        'text/html',
      ),
      empty: respond('200 OK', ''),
      null: respond('200 OK', 'null'),
      array: json([{ access_token: GOOD_TOKEN }]),
      'bare string': json(GOOD_TOKEN),
      'form-encoded': respond('200 OK', `access_token=${GOOD_TOKEN}&token_type=Bearer`),
      'JSON called HTML': respond(
        '200 OK',
        JSON.stringify({ access_token: GOOD_TOKEN, token_type: 'Bearer' }),
        [],
        'text/html',
      ),
      'JSON with a byte order mark': respond(
        '200 OK',
        `\ufeff${JSON.stringify({ access_token: GOOD_TOKEN, token_type: 'Bearer' })}`,
      ),
      'invalid JSON with a workflow command': respond(
        '200 OK',
        `{"access_token":"${GOOD_TOKEN}" ::stop-commands::x`,
      ),
      'deeply nested': respond('200 OK', '['.repeat(200_000)),
    },
    'Tokens and scope': {
      'no access_token': json({ token_type: 'Bearer' }),
      'access_token that is a number': token({ access_token: 7 }),
      'access_token that is an object': token({ access_token: { toString: 'x' } }),
      'access_token that is empty': token({ access_token: '' }),
      'access_token with a line break': token({ access_token: `${GOOD_TOKEN}\n::stop-commands::x` }),
      'access_token with an escape': token({ access_token: `${ESC}[31m` }),
      'access_token of 7 characters': token({ access_token: 'fake-7c' }),
      'access_token of 64 kB': token({ access_token: 'x'.repeat(65_536) }),
      'no token_type': json({ access_token: GOOD_TOKEN }),
      'token_type with a workflow command': token({ token_type: 'Bearer\n::stop-commands::x' }),
      'scope with a workflow command': token({ scope: 'read\n::stop-commands::x' }),
      'scope of 1 MiB of blanks': token({ scope: ' '.repeat(2 ** 20 - 200) }),
      'second token': token({ refresh_token: 'fake-refresh-token' }),
      'second token too short to mask': token({ refresh_token: '0', id_token: 'fake-7c' }),
      'second token just long enough to mask': token({ refresh_token: 'fake-8ch' }),
      '100 more tokens': token(
        Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`n${n}_token`, `fake-more-${n}`])),
      ),
    },
    Lifetimes: {
      'expires_in as a string': expiring('"3600"'),
      'expires_in as a fraction': expiring('3599.5'),
      'expires_in of 0': expiring('0'),
      'expires_in negative': expiring('-1'),
      'expires_in null': expiring('null'),
      'expires_in as words': expiring('"::stop-commands::x"'),
      'expires_in beyond the last date': expiring('1e15'),
      'expires_in that overflows': expiring('1e999'),
      'expires_in as an array': expiring('[3600]'),
    },
    Redirects: {
      '301': redirect('301 Moved Permanently', 'https://other.example/login?secret=1'),
      '302': redirect('302 Found', '/login'),
      '303': redirect('303 See Other', '//other.example'),
      '307': redirect('307 Temporary Redirect', 'http://127.0.0.1:1/token'),
      '308 to nowhere': redirect('308 Permanent Redirect'),
      'redirect with workflow commands': redirect(
        '307 Temporary Redirect',
        'https://::stop-commands::x/##[stop-commands]x',
      ),
      'redirect to a script': redirect('302 Found', 'javascript:##[stop-commands]x'),
    },
    'Untrusted text': {
      'workflow commands in the reason for a retry': once(
        json(
          { error: '##[stop-commands]x', error_description: '\n::stop-commands::x' },
          '503 Service Unavailable',
        ),
      ),
      'description with a line break and a workflow command': described('\n::stop-commands::x'),
      'description with an older workflow command': described('see ##[stop-commands]x ##[error]y'),
      'description with percent signs': described('%0A::stop-commands::x%0D'),
      'description with escape sequences': described(`${ESC}[2J${ESC}]0;x\u0007`),
      'description with Unicode separators': described('a\u2028::stop-commands::x\u2029b\u0085c\u202ed'),
      'description of 5,000 characters': described('x'.repeat(5000)),
      'description that is an object': json(
        { error: { toString: 'x' }, error_description: { a: 1 } },
        '400 Bad Request',
      ),
      'echo of the secret': (socket, request, transport) => {
        const { secret, encoded, credential } = credentialsIn(request)
        described(`${secret} ${encoded} ${credential}`)(socket, request, transport)
      },
      'echo of a part of the secret': (socket, request, transport) => {
        const { secret } = credentialsIn(request)
        described(secret.slice(0, 14))(socket, request, transport)
      },
      'echo of the secret across the truncation': (socket, request, transport) => {
        const { secret } = credentialsIn(request)
        described(`${'x'.repeat(200 - secret.length / 2)}${secret}`)(socket, request, transport)
      },
      'echo of the secret in the error code, the headers and the status line': (
        socket,
        request,
        transport,
      ) => {
        const { secret } = credentialsIn(request)
        json({ error: secret }, `400 ${secret}`, [`Retry-After: ${secret}`, `Location: ${secret}`])(
          socket,
          request,
          transport,
        )
      },
      'redirect with the secret': (socket, request, transport) => {
        const { secret } = credentialsIn(request)
        redirect('302 Found', `https://other.example/?${secret}`)(socket, request, transport)
      },
    },
  }
}

export interface MisbehavingServer extends AsyncDisposable {
  /** The token URL of a fault. */
  urlOf(fault: string): string
  /** The number of requests received for a fault. */
  requestsFor(fault: string): number
}

/**
 * Starts the server on a free loopback port.
 * @param tls for HTTPS, with a certificate for `localhost`
 */
export async function startMisbehavingServer(tls?: {
  key: string
  cert: string
}): Promise<MisbehavingServer> {
  const faults = createFaults()
  const counts = new Map<string, number>()
  const serve = (socket: Socket, transport: Socket) => {
    // A client that times out resets the connection.
    socket.on('error', () => {})
    let request = ''
    socket.on('data', (chunk) => {
      request += chunk
      if (!request.endsWith('grant_type=client_credentials')) return
      const name = decodeURIComponent(/^POST \/(\S*)/.exec(request)?.[1] ?? '')
      counts.set(name, (counts.get(name) ?? 0) + 1)
      faults[name]?.(socket, request, transport)
    })
  }
  const secureContext = tls && createSecureContext(tls)
  const server = createServer((transport) => {
    if (secureContext === undefined) return serve(transport, transport)
    transport.on('error', () => {})
    serve(new TLSSocket(transport, { isServer: true, secureContext }), transport)
  })
  const { port, ...disposable } = await listen(server)
  const origin = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`
  return {
    urlOf: (fault) => `${origin}/${encodeURIComponent(fault)}`,
    requestsFor: (fault) => counts.get(fault) ?? 0,
    ...disposable,
  }
}
