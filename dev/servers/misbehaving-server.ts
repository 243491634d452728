/** A server on raw sockets that violates HTTP or OAuth, with one fault for each path. */
import { createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { listen } from './listen.ts'

/** Responds to one request; `request` is its head and body as received. */
type Fault = (socket: Socket, request: string) => void

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
const answer = (...parts: Parameters<typeof http>): Fault => raw(http(...parts))
const json = (value: unknown, status = '200 OK', headers: readonly string[] = []): Fault =>
  answer(status, JSON.stringify(value), headers)
const token = (fields: object): Fault => json({ access_token: GOOD_TOKEN, token_type: 'Bearer', ...fields })
const expiring = (literal: string): Fault =>
  answer('200 OK', `{"access_token":"${GOOD_TOKEN}","token_type":"Bearer","expires_in":${literal}}`)
const oauthError = (error: string): Fault =>
  json({ error, error_description: 'Told by the server' }, '400 Bad Request')
const described = (text: string): Fault =>
  json({ error: 'invalid_request', error_description: text }, '400 Bad Request')
const redirect = (status: string, location?: string): Fault =>
  answer(status, '', location === undefined ? [] : [`Location: ${location}`])
const drip =
  (text: string): Fault =>
  (socket) => {
    const letters = [...text]
    const timer = setInterval(() => socket.write(letters.shift() ?? ' '), 100)
    socket.on('close', () => clearInterval(timer))
  }
/** The first request gets the fault, the next a token. */
const once = (fault: Fault): Fault => {
  let isFirst = true
  return (socket, request) => {
    if (isFirst) fault(socket, request)
    else token({ expires_in: 3600 })(socket, request)
    isFirst = false
  }
}
/** The credential as it was sent, and the secret in it. */
function credentialsIn(request: string) {
  const credential = /^authorization: Basic (.*)$/im.exec(request)?.[1] ?? ''
  const encoded = Buffer.from(credential, 'base64').toString().split(':')[1] ?? ''
  return { credential, encoded, secret: decodeURIComponent(encoded.replaceAll('+', ' ')) }
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
const HALF = '{"access_token":"fake-ha'

/** Created for each server, because some faults have state. */
export function createFaults(): Readonly<Record<string, Fault>> {
  return {
    // The connection
    dropped: (socket) => socket.destroy(),
    reset: (socket) => socket.resetAndDestroy(),
    'reset once': once((socket) => socket.resetAndDestroy()),
    'half-closed without an answer': (socket) => socket.end(),
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
    'ended by closing, in the middle of JSON': raw(`${HEAD}Connection: close\r\n\r\n${HALF}`),
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
    // What is not HTTP, or not the HTTP of a token endpoint
    'garbage instead of HTTP': raw(`${ESC}[31m::stop-commands::x\r\n::stop-commands::x\r\n\r\n`),
    'TLS alert': raw('\u0015\u0003\u0001\u0000\u0002\u0002\u0028'),
    'bad chunk': raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\n::stop-commands::x\r\n`),
    'two lengths': raw(`${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`),
    'an early hint before the answer': (socket, request) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n')
      token({ expires_in: 3600 })(socket, request)
    },
    'gzip that was not asked for': (socket) => {
      const body = gzipSync(JSON.stringify({ access_token: GOOD_TOKEN }))
      socket.write(`${HEAD}Content-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`)
      socket.end(body)
    },
    // Statuses
    'an upgrade that was not asked for': raw(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    ),
    '304': answer('304 Not Modified', ''),
    'a status that does not exist': json({}, '999 ::stop-commands::x'),
    '400': json({}, '400 Bad Request'),
    '401': json({}, '401 Unauthorized', ['WWW-Authenticate: Basic realm="::stop-commands::x"']),
    '403': json({}, '403 Forbidden'),
    '404': answer('404 Not Found', '<!DOCTYPE html><h1>Not found</h1>', [], 'text/html'),
    '405': answer('405 Method Not Allowed', ''),
    '407': answer('407 Proxy Authentication Required', ''),
    '408': json({}, '408 Request Timeout'),
    '413': json({}, '413 Content Too Large'),
    '429': json({}, '429 Too Many Requests'),
    '429 once': once(json({}, '429 Too Many Requests', ['Retry-After: 0'])),
    '500': json({}, '500 Internal Server Error'),
    '501': json({}, '501 Not Implemented'),
    '502 of a gateway': answer('502 Bad Gateway', '<html>::stop-commands::x</html>', [], 'text/html'),
    '503': json({}, '503 Service Unavailable'),
    '503 once': once(json({}, '503 Service Unavailable')),
    '504': json({}, '504 Gateway Timeout'),
    'a status with a reason that is an attack': json({}, '400 ::stop-commands::x'),
    '204 without a body': raw('HTTP/1.1 204 No Content\r\n\r\n'),
    // Retry-After
    'Retry-After in seconds': once(json({}, '503 Service Unavailable', ['Retry-After: 1'])),
    'Retry-After as a date': (() => {
      const inOneSecond = () => [`Retry-After: ${new Date(Date.now() + 1000).toUTCString()}`]
      return once((socket, request) => json({}, '503 Service Unavailable', inOneSecond())(socket, request))
    })(),
    'Retry-After beyond the deadline': json({}, '429 Too Many Requests', ['Retry-After: 3600']),
    'Retry-After as a date beyond the deadline': json({}, '503 Service Unavailable', [
      'Retry-After: Fri, 31 Dec 2199 23:59:59 GMT',
    ]),
    'Retry-After as nonsense': once(json({}, '503 Service Unavailable', ['Retry-After: ::stop-commands::x'])),
    'Retry-After after an error that cannot pass': json({}, '400 Bad Request', ['Retry-After: 1']),
    // Errors of OAuth
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
      { error: { status: 400, message: 'Told by the server' } },
      '400 Bad Request',
    ),
    '200 with an error': json({ error: 'invalid_scope', access_token: GOOD_TOKEN }),
    // Bodies
    'captive portal': answer('200 OK', '<html><title>Welcome to the Wi-Fi</title></html>', [], 'text/html'),
    empty: answer('200 OK', ''),
    null: answer('200 OK', 'null'),
    array: json([{ access_token: GOOD_TOKEN }]),
    'bare string': json(GOOD_TOKEN),
    'form-encoded': answer('200 OK', `access_token=${GOOD_TOKEN}&token_type=Bearer`),
    'JSON called HTML': answer(
      '200 OK',
      JSON.stringify({ access_token: GOOD_TOKEN, token_type: 'Bearer' }),
      [],
      'text/html',
    ),
    'JSON with a byte order mark': answer(
      '200 OK',
      `\ufeff${JSON.stringify({ access_token: GOOD_TOKEN, token_type: 'Bearer' })}`,
    ),
    'JSON that a parser would quote': answer('200 OK', `{"access_token":"${GOOD_TOKEN}" ::stop-commands::x`),
    'deeply nested': answer('200 OK', '['.repeat(200_000)),
    // Tokens
    'no access_token': json({ token_type: 'Bearer' }),
    'access_token that is a number': token({ access_token: 7 }),
    'access_token that is an object': token({ access_token: { toString: 'x' } }),
    'access_token that is empty': token({ access_token: '' }),
    'access_token with a line break': token({ access_token: `${GOOD_TOKEN}\n::stop-commands::x` }),
    'access_token with an escape': token({ access_token: `${ESC}[31m` }),
    'access_token of 64 kB': token({ access_token: 'x'.repeat(65_536) }),
    'no token_type': json({ access_token: GOOD_TOKEN }),
    'token_type that is an attack': token({ token_type: 'Bearer\n::stop-commands::x' }),
    'scope that is an attack': token({ scope: 'read\n::stop-commands::x' }),
    'second token': token({ refresh_token: 'fake-refresh-token' }),
    // Lifetimes
    'expires_in as a string': expiring('"3600"'),
    'expires_in as a fraction': expiring('3599.5'),
    'expires_in of 0': expiring('0'),
    'expires_in negative': expiring('-1'),
    'expires_in null': expiring('null'),
    'expires_in as words': expiring('"::stop-commands::x"'),
    'expires_in beyond the calendar': expiring('1e15'),
    'expires_in beyond every number': expiring('1e999'),
    'expires_in as an array': expiring('[3600]'),
    // Redirects
    '301': redirect('301 Moved Permanently', 'https://other.example/login?secret=1'),
    '302': redirect('302 Found', '/login'),
    '303': redirect('303 See Other', '//other.example'),
    '307': redirect('307 Temporary Redirect', 'http://127.0.0.1:1/token'),
    '308 to nowhere': redirect('308 Permanent Redirect'),
    'redirect that is an attack': redirect(
      '307 Temporary Redirect',
      'https://::stop-commands::x/##[stop-commands]x',
    ),
    'redirect to a script': redirect('302 Found', 'javascript:##[stop-commands]x'),
    // Hostile texts
    'attack in the announcement of a wait': once(
      json(
        { error: '##[stop-commands]x', error_description: '\n::stop-commands::x' },
        '503 Service Unavailable',
      ),
    ),
    'text that begins a line': described('\n::stop-commands::x'),
    'text with the older command': described('see ##[stop-commands]x'),
    'text with percent signs': described('%0A::stop-commands::x%0D'),
    'text with escape sequences': described(`${ESC}[2J${ESC}]0;x\u0007`),
    'text with separators of Unicode': described('a\u2028::stop-commands::x\u2029b\u0085c\u202ed'),
    'text of 5,000 characters': described('x'.repeat(5000)),
    'text that is an object': json(
      { error: { toString: 'x' }, error_description: { a: 1 } },
      '400 Bad Request',
    ),
    'echo of the secret': (socket, request) => {
      const { secret, encoded, credential } = credentialsIn(request)
      described(`${secret} ${encoded} ${credential}`)(socket, request)
    },
    'echo of the secret across the cut': (socket, request) => {
      const { secret } = credentialsIn(request)
      described(`${'x'.repeat(200 - secret.length / 2)}${secret}`)(socket, request)
    },
    'echo of the secret in the code, in the header and in the address': (socket, request) => {
      const { secret } = credentialsIn(request)
      json({ error: secret }, `400 ${secret}`, [`Retry-After: ${secret}`, `Location: ${secret}`])(
        socket,
        request,
      )
    },
    'redirect with the secret': (socket, request) => {
      const { secret } = credentialsIn(request)
      redirect('302 Found', `https://other.example/?${secret}`)(socket, request)
    },
  }
}

export interface MisbehavingServer extends AsyncDisposable {
  /** The token URL of a fault. */
  urlOf(fault: string): string
  /** How many requests have come for a fault. */
  requestsFor(fault: string): number
}

/** Starts the server on a free loopback port. */
export async function startMisbehavingServer(): Promise<MisbehavingServer> {
  const faults = createFaults()
  const counts = new Map<string, number>()
  const server = createServer((socket) => {
    // A client that gives up resets the connection.
    socket.on('error', () => {})
    let request = ''
    socket.on('data', (chunk) => {
      request += chunk
      if (!request.endsWith('grant_type=client_credentials')) return
      const name = decodeURIComponent(/^POST \/(\S*)/.exec(request)?.[1] ?? '')
      counts.set(name, (counts.get(name) ?? 0) + 1)
      faults[name]?.(socket, request)
    })
  })
  const { port, ...disposable } = await listen(server)
  return {
    urlOf: (fault) => `http://127.0.0.1:${port}/${encodeURIComponent(fault)}`,
    requestsFor: (fault) => counts.get(fault) ?? 0,
    ...disposable,
  }
}
