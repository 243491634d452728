import { type ReceivedRequest, startServer } from './loopback-server.ts'

export const ACCESS_TOKEN = 'fake-9c1d7a5e3b8f2046'

/** What GitHub's runner passes to a job with `permissions: id-token: write`, for a step's environment. */
export const ID_TOKEN_VARIABLES = {
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://run-actions.actions.githubusercontent.com/idtoken?api-version=2.0',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'fake-id-token-request-token',
}

export const ID_TOKEN_HEADER = { alg: 'RS256', typ: 'JWT', kid: 'fake-github-key-id' }
/** The claims of the ID token beside its audience. */
export const ID_TOKEN_CLAIMS = {
  iss: 'https://token.actions.githubusercontent.com',
  sub: 'repo:fake-org@123456/fake-repo@456789:ref:refs/heads/main',
}

export interface RecordedRequest {
  /** Method and URL, as in `POST https://server.example/token`. */
  readonly to: string
  /** As in `Basic id:secret`, decoded. */
  readonly authorization?: string
  /** The form's parameters, an array if one is repeated. JWTs are decoded into header and claims. */
  readonly form?: Readonly<Record<string, unknown>>
  /** The members of a JSON body, with JWTs decoded as well. */
  readonly json?: Readonly<Record<string, unknown>>
}

export interface RecordingServer extends AsyncDisposable {
  readonly port: number
  readonly requests: readonly RecordedRequest[]
}

/**
 * Starts a mock server for any host that accepts every request and records it. It returns the same token from every
 * token endpoint, OpenID Connect metadata for every issuer, ID tokens like GitHub, and 200 to every revocation.
 */
export async function startRecordingServer(tls: { key: string; cert: string }): Promise<RecordingServer> {
  const requests: RecordedRequest[] = []
  const server = await startServer((request, response) => {
    requests.push(recordRequest(request))
    const body = createBody(new URL(request.url, `https://${request.headers.host}`))
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body ?? {}))
  }, tls)
  return {
    port: Number(new URL(server.origin).port),
    requests,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** The body of the response, or `undefined` for 404. */
function createBody({ origin, pathname, searchParams }: URL): object | undefined {
  if (pathname.endsWith('/.well-known/openid-configuration')) {
    const issuer = origin + pathname.replace('/.well-known/openid-configuration', '')
    return { issuer, token_endpoint: `${issuer}/token`, revocation_endpoint: `${issuer}/revoke` }
  }
  if (pathname.includes('/.well-known/')) return undefined
  if (pathname === '/idtoken') {
    const claims = { ...ID_TOKEN_CLAIMS, aud: searchParams.get('audience') }
    return { value: [ID_TOKEN_HEADER, claims, 'fake-signature'].map(encodePart).join('.') }
  }
  if (pathname.endsWith('/revoke')) return {}
  return { access_token: ACCESS_TOKEN, token_type: 'Bearer', expires_in: 3600 }
}

function encodePart(part: object | string): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

function recordRequest({ method, url, headers, body }: ReceivedRequest): RecordedRequest {
  const type = headers['content-type']?.startsWith('application/json') ? 'json' : 'form'
  const parameters = type === 'json' ? JSON.parse(body) : parseForm(body)
  return {
    to: `${method} https://${headers.host}${url}`,
    ...(headers.authorization && { authorization: decodeAuthorization(headers.authorization) }),
    ...(body && { [type]: decodeJwts(parameters) }),
  }
}

function parseForm(body: string): Record<string, string | string[]> {
  const form = new URLSearchParams(body)
  return Object.fromEntries(
    [...new Set(form.keys())].map((name) => {
      const [value = '', ...others] = form.getAll(name)
      return [name, others.length > 0 ? [value, ...others] : value]
    }),
  )
}

function decodeJwts(parameters: Record<string, string | string[]>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      /^(client_assertion|subject_token|assertion)$/.test(name) ? decodeJwt(`${value}`) : value,
    ]),
  )
}

function decodeAuthorization(header: string): string {
  const [scheme, credential = ''] = header.split(' ')
  return scheme === 'Basic' ? `Basic ${Buffer.from(credential, 'base64')}` : header
}

function decodeJwt(jwt: string): { header: object; claims: object } {
  const [header, claims] = jwt
    .split('.', 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  return { header, claims }
}
