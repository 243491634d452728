import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { listen } from './listen.ts'

export interface ConnectProxy extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly host: string
  /** The target and the credentials of each CONNECT request. */
  readonly requests: readonly { readonly target: string; readonly authorization: string | undefined }[]
}

/**
 * Starts a proxy on a free loopback port for `CONNECT` requests (RFC 9110, section 9.3.6) to any host.
 * @param behavior a local port, to which it connects every request; a status, with which it rejects every request;
 *   `silent`: it never responds
 */
export async function startProxy(
  behavior: { port: number } | { status: number } | 'silent',
): Promise<ConnectProxy> {
  const requests: { target: string; authorization: string | undefined }[] = []
  const server = createServer()
  server.on('connect', (request, socket: Socket) => {
    requests.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] })
    socket.on('error', () => {})
    if (behavior === 'silent') return
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
  return { host: `127.0.0.1:${port}`, requests, ...disposable }
}
