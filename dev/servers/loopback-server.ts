import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { listen } from './listen.ts'

export interface ReceivedRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface LoopbackServer extends AsyncDisposable {
  /** `http://127.0.0.1:port` (or https), without a trailing slash. */
  readonly origin: string
  readonly requests: readonly ReceivedRequest[]
}

/**
 * Starts a server on a free loopback port, with HTTPS if it has a certificate. It calls `respond` with each complete
 * request.
 */
export async function startServer(
  respond: (request: ReceivedRequest, response: ServerResponse) => void,
  tls?: { key: string; cert: string },
): Promise<LoopbackServer> {
  const requests: ReceivedRequest[] = []
  const listener: RequestListener = async (message, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of message) chunks.push(chunk)
    const { method = '', url = '', headers } = message
    const request = { method, url, headers, body: Buffer.concat(chunks).toString() }
    requests.push(request)
    respond(request, response)
  }
  const server = tls ? createTlsServer(tls, listener) : createServer(listener)
  const { port, ...disposable } = await listen(server)
  return { origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, requests, ...disposable }
}
