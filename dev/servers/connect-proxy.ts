import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import { listen } from './listen.ts'

export interface ConnectProxy extends AsyncDisposable {
  /** `127.0.0.1:port`, or `localhost:port` with TLS. */
  readonly host: string
  /** The target and the credentials of each CONNECT request. */
  readonly requests: readonly { readonly target: string; readonly authorization: string | undefined }[]
}

/** `silent`: never responds; `closing`: closes the connection; `garbage`: responds with something that is not HTTP. */
type Behavior = { port: number } | { status: number } | 'silent' | 'closing' | 'garbage'

/**
 * Starts a proxy on a free loopback port that accepts `CONNECT` (RFC 9110, section 9.3.6) to any host.
 * @param behavior a port on localhost to which it connects, whatever the target; a status with which it rejects; or
 *   one of the faults
 * @param tls for an https:// proxy, with a certificate for `localhost`
 */
export async function startProxy(
  behavior: Behavior,
  tls?: { key: string; cert: string },
): Promise<ConnectProxy> {
  const requests: { target: string; authorization: string | undefined }[] = []
  const server = tls ? createTlsServer(tls) : createServer()
  server.on('connect', (request, socket: Socket) => {
    requests.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] })
    socket.on('error', () => {})
    if (behavior === 'silent') return
    if (behavior === 'closing') {
      socket.end()
      return
    }
    if (behavior === 'garbage') {
      socket.end('::stop-commands::x\r\n\r\n')
      return
    }
    if ('status' in behavior) {
      socket.end(`HTTP/1.1 ${behavior.status} Refused ::stop-commands::x\r\n\r\n`)
      return
    }
    const upstream = connect(behavior.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    upstream.on('error', () => socket.destroy())
  })
  const { port, ...disposable } = await listen(server)
  return { host: `${tls ? 'localhost' : '127.0.0.1'}:${port}`, requests, ...disposable }
}
