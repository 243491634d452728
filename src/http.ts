import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http'
import { HttpClient, type HttpClientResponse } from '@actions/http-client'
import type { RequestHandler } from '@actions/http-client/lib/interfaces'
import { checkBypass } from '@actions/http-client/lib/proxy'
import { monotonicMs } from './clock.ts'
import { explainConnectionError, RUN_AGAIN } from './connection-error.ts'
import type { Endpoint } from './endpoints.ts'
import { Failure } from './failure.ts'

const USER_AGENT = 'client-credentials-token/1.0.0'
const MAX_BODY_BYTES = 1024 * 1024

export interface Answer {
  readonly endpoint: Endpoint
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

type Headers = Readonly<Record<string, string>>

/**
 * Sends one form (RFC 6749, 4.4.2) and reads the whole answer, whatever its status. Redirects are not
 * followed, for they would carry the credentials to another host.
 * @param deadline for connection, request and answer together, by the clock of `monotonicMs()`
 * @throws Failure with what kept the answer from coming, or if its body is beyond 1 MiB
 */
export function post(
  endpoint: Endpoint,
  headers: Headers,
  parameters: URLSearchParams,
  deadline: number,
): Promise<Answer> {
  const formHeaders = { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' }
  return exchange(endpoint, formHeaders, deadline, (client, url, allHeaders) =>
    client.post(url, parameters.toString(), allHeaders),
  )
}

/**
 * Reads one document (RFC 8414, 3.1), as `post` does an answer.
 * @param deadline by the clock of `monotonicMs()`
 * @throws Failure as `post` does
 */
export function get(endpoint: Endpoint, headers: Headers, deadline: number): Promise<Answer> {
  return exchange(endpoint, headers, deadline, (client, url, allHeaders) => client.get(url, allHeaders))
}

async function exchange(
  endpoint: Endpoint,
  headers: Headers,
  deadline: number,
  send: (client: HttpClient, url: string, headers: Headers) => Promise<HttpClientResponse>,
): Promise<Answer> {
  const { url, input } = endpoint
  refuseUnreadableProxy(url)
  const timeoutMs = Math.max(1, Math.floor(deadline - monotonicMs()))
  const signal = AbortSignal.timeout(timeoutMs)
  const client = new HttpClient(undefined, [finishRequest(signal)], { allowRedirects: false })
  try {
    const { message } = await send(client, url.href, { ...headers, Accept: 'application/json' })
    const body = await readBody(message, input)
    return { endpoint, status: Number(message.statusCode), headers: message.headers, body }
  } catch (error) {
    if (error instanceof Failure) throw error
    if (!signal.aborted) throw explainConnectionError(error, input)
    const seconds = Math.max(1, Math.round(timeoutMs / 100)) / 10
    throw new Failure(`no complete answer within ${seconds} s`, RUN_AGAIN, {})
  }
}

/** The client takes a setting that it cannot read for none, and would go without the proxy. */
function refuseUnreadableProxy(url: URL): void {
  const setting = process.env['https_proxy'] || process.env['HTTPS_PROXY']
  if (!setting || checkBypass(url)) return
  try {
    const { protocol, username, password } = new URL(setting)
    decodeURIComponent(username + password)
    if (protocol === 'http:' || protocol === 'https:') return
  } catch {
    // Not shown: the message would quote the password.
  }
  throw new Failure(
    'the proxy setting https_proxy is not an address that begins with http:// or https://',
    'Write it as http://user:password@host:port, with special characters in the password percent-encoded.',
  )
}

/** The handler that is the client's only way to the options of the request itself. */
function finishRequest(signal: AbortSignal): RequestHandler {
  const handler: Partial<RequestHandler> = {
    prepareRequest(options: RequestOptions) {
      // Bounds connection, head and body; the client's own socketTimeout is for idle sockets only.
      options.signal = signal
      // The client leaves the brackets of an IPv6 address, which no resolver knows.
      options.host = withoutBrackets(options.host)
      const { proxyOptions } = options.agent as { proxyOptions?: RequestOptions }
      if (proxyOptions) {
        // The request to the proxy is another one, which would outlive ours and keep the process from ending.
        proxyOptions.signal = signal
        proxyOptions.host = withoutBrackets(proxyOptions.host)
        // The package `tunnel` encodes credentials by the old Buffer(), of which Node would warn in the log.
        process.noDeprecation = true
      }
      // Here, because the client would append the runner's orchestration ID, which is no business of the server.
      options.headers = { ...options.headers, 'user-agent': USER_AGENT }
    },
    // Then the client asks for no more of a handler.
    canHandleAuthentication: () => false,
  }
  return handler as RequestHandler
}

function withoutBrackets(host: string | null | undefined): string {
  return `${host}`.replace(/^\[|\]$/g, '')
}

async function readBody(message: IncomingMessage, input: string): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Iterated, for the client's readBody() never settles when the connection breaks off in the middle.
  for await (const chunk of message) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new Failure('the answer is larger than 1 MiB', `Check ${input}.`)
    chunks.push(chunk)
  }
  // A decoder and not toString(): it drops a byte order mark, which JSON.parse would refuse.
  return new TextDecoder().decode(Buffer.concat(chunks))
}
