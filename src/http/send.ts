import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import https from 'node:https'
import tls from 'node:tls'
import { HttpClient } from '@actions/http-client'
import { checkBypass, getProxyUrl } from '@actions/http-client/lib/proxy'
import { monotonicMs } from './clock.ts'
import { explainConnectionError, explainProxyError, RE_RUN } from './connection-error.ts'
import { Failure } from './failure.ts'
import { type JsonObject, parseJsonObject } from './json-object.ts'

const USER_AGENT = 'client-credentials-token/1.0.0'
const MAX_BODY_BYTES = 1024 * 1024

export interface Endpoint {
  readonly url: URL
  /** What errors call it: the input that it comes from, or its name in the server metadata. */
  readonly source: string
}

export interface Request {
  readonly endpoint: Endpoint
  readonly headers?: Readonly<Record<string, string>>
  /** Sent by POST, as a form (RFC 6749, section 4.4.2) or as JSON. Without a body, the request is a GET. */
  readonly body?: URLSearchParams | JsonObject
}

export interface Response {
  readonly endpoint: Endpoint
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/**
 * Sends one request and reads the whole response, whatever its status. Redirects are not followed, because they could
 * leak the credentials to another host.
 * @throws Failure if there is no complete response, or if its body is larger than 1 MiB
 */
export type Send = (request: Request) => Promise<Response>

/**
 * Creates a `Send` for one attempt.
 * @param deadline for connection, request and response together, in milliseconds of `monotonicMs()`
 * @throws Failure, from the function that it returns
 */
export function createSend(deadline: number): Send {
  return async (request) => {
    const { endpoint } = request
    const timeoutMs = Math.max(1, Math.floor(deadline - monotonicMs()))
    const signal = AbortSignal.timeout(timeoutMs)
    const { agent, didProxyFail } = createAgent(endpoint.url, signal)
    let message: IncomingMessage | undefined
    try {
      message = await requestHead(request, { agent, signal })
      const { statusCode, headers } = message
      return { endpoint, status: Number(statusCode), headers, body: await readBody(message, endpoint.source) }
    } catch (error) {
      if (error instanceof Failure) throw error
      const failure = signal.aborted
        ? new Failure(`timed out after ${Math.max(1, Math.round(timeoutMs / 100)) / 10} s`, RE_RUN, {})
        : didProxyFail()
          ? explainProxyError(error)
          : explainConnectionError(error, endpoint.source)
      if (message === undefined || failure.transient === undefined) throw failure
      throw new Failure(`the response is incomplete: ${failure.reason}`, failure.advice, failure.transient)
    }
  }
}

/**
 * Trusts CA certificates in addition to the default ones of Node.js, for every connection of the process, those to a
 * proxy included.
 * @param certificates in PEM
 * @throws Failure if Node.js is too old
 */
export function trustCertificates(certificates: readonly string[]): void {
  // Reading the default ones takes a while.
  if (certificates.length === 0) return
  requireNode24_5('ca-certificate')
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), ...certificates])
}

/** Older versions ignore `proxyEnv` silently, and have no API to add to the default certificates. */
function requireNode24_5(subject: string): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 24 || (major === 24 && minor >= 5)) return
  throw new Failure(
    `${subject} requires Node.js 24.5, but this runner has ${process.versions.node}`,
    'Update the runner to version 2.328.0 or later.',
  )
}

function createAgent(url: URL, signal: AbortSignal) {
  // Plain http goes to localhost only, which never goes through a proxy.
  if (url.protocol === 'http:') return { agent: new http.Agent(), didProxyFail: () => false }
  const proxy = findProxy(url)
  // Any step could set it for the next ones, and the agent's options do not reach the connection to the proxy.
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  const agent = new https.Agent(proxy && { proxyEnv: { https_proxy: proxy.href } })
  let hasProxyFailed = false
  const { createConnection } = agent
  if (proxy) {
    agent.createConnection = (options, callback) => {
      const toProxy = createConnection.call(agent, options, (error, socket) => {
        // The socket to the server is a different one, tunneled through this.
        hasProxyFailed = error !== null && socket === toProxy
        // A proxy that rejects the request and keeps the connection open would keep the process alive.
        if (hasProxyFailed) socket.destroy()
        callback?.(error, socket)
      })
      // The request's signal does not reach the CONNECT request, and without its error the request would never settle.
      signal.addEventListener('abort', () => toProxy?.destroy(signal.reason))
      return toProxy
    }
  }
  return { agent, didProxyFail: () => hasProxyFailed }
}

/** Checks both spellings, because Node.js ignores a value that it cannot parse and would bypass the proxy. */
function findProxy(url: URL): URL | undefined {
  if (checkBypass(url)) return undefined
  for (const name of ['https_proxy', 'HTTPS_PROXY']) {
    const value = process.env[name]
    if (!value || isProxyUrl(value)) continue
    throw new Failure(
      `${name} is not a valid http:// or https:// URL`,
      'Use http://user:password@host:port, with special characters percent-encoded.',
    )
  }
  const proxy = getProxyUrl(url)
  if (proxy) requireNode24_5('https_proxy')
  return proxy
}

function isProxyUrl(value: string): boolean {
  try {
    const { protocol, username, password } = new URL(value)
    decodeURIComponent(username + password)
    return protocol === 'http:' || protocol === 'https:'
  } catch {
    // The parser's message is dropped because it quotes the password.
    return false
  }
}

/** Sends the request and waits for the head of the response. */
async function requestHead(
  { endpoint: { url, source }, headers, body }: Request,
  { agent, signal }: { agent: http.Agent; signal: AbortSignal },
): Promise<IncomingMessage> {
  const node = url.protocol === 'https:' ? https : http
  const isForm = body instanceof URLSearchParams
  const options = {
    method: body ? 'POST' : 'GET',
    // Without the brackets of an IPv6 address, which no resolver accepts.
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    path: `${url.pathname}${url.search}`,
    headers: {
      accept: 'application/json',
      'user-agent': USER_AGENT,
      ...headers,
      ...(body && { 'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json' }),
    },
    agent,
    signal,
  }
  const request = (options: https.RequestOptions, onResponse: (message: IncomingMessage) => void) =>
    watch(node.request(options, onResponse), source)
  // Its `post()` and `get()` would choose the agent, add the orchestration ID to the User-Agent, and follow redirects.
  const { message } = await new HttpClient().requestRaw(
    { options, parsedUrl: url, httpModule: { request } as unknown as typeof https },
    // Undefined without a body, so that there is no Content-Length.
    (isForm ? body.toString() : JSON.stringify(body)) as string,
  )
  return message
}

/** Turns what Node.js drops silently into errors. */
function watch(request: ClientRequest, source: string): ClientRequest {
  request.once('upgrade', ({ statusCode }, socket) => {
    socket.destroy()
    request.emit(
      'error',
      new Failure(`HTTP ${statusCode} with an unexpected protocol upgrade`, `Check ${source}.`),
    )
  })
  request.once('response', (message) => {
    // A reset of the connection would look like the end of a body without a length.
    request.on('error', (error) => message.complete || message.destroy(error))
  })
  return request
}

async function readBody(message: IncomingMessage, source: string): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  // The client's readBody() never settles if the connection closes mid-body.
  for await (const chunk of message) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new Failure('the response is larger than 1 MiB', `Check ${source}.`)
    chunks.push(chunk)
  }
  // Without a byte order mark, which JSON.parse rejects.
  const body = Buffer.concat(chunks)
    .toString()
    .replace(/^\uFEFF/, '')
  const hasLength = 'content-length' in message.headers || 'transfer-encoding' in message.headers
  // A body without a length ends with the connection, wherever that was cut.
  if (!hasLength && /^\s*\{/.test(body) && parseJsonObject(body) === undefined) {
    throw new Failure('the response is incomplete', RE_RUN, {})
  }
  return body
}
