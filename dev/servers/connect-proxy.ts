import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { listen } from './listen.ts'

export interface ConnectProxy extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly host: string
  /** What it was asked to connect to, and with which credentials. */
  readonly requests: readonly { readonly target: string; readonly authorization: string | undefined }[]
}

/**
 * Starts a proxy on a free loopback port that answers `CONNECT` (RFC 9110, 9.3.6) to any host.
 * @param behaviour a port of this machine, to which it connects whatever it is asked for; a status, with which it
 *   refuses; `silent`: it never answers
 */
export async function startProxy(
  behaviour: { port: number } | { status: number } | 'silent',
): Promise<ConnectProxy> {
  const requests: { target: string; authorization: string | undefined }[] = []
  const server = createServer()
  server.on('connect', (request, socket: Socket) => {
    requests.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] })
    socket.on('error', () => {})
    if (behaviour === 'silent') return
    if ('status' in behaviour) {
      socket.end(`HTTP/1.1 ${behaviour.status} Refused ::stop-commands::x\r\n\r\n`)
      return
    }
    const upstream = connect(behaviour.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    upstream.on('error', () => socket.destroy())
  })
  const { port, ...disposable } = await listen(server)
  return { host: `127.0.0.1:${port}`, requests, ...disposable }
}
