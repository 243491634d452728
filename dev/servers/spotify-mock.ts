import { randomBytes } from 'node:crypto'
import { type LoopbackServer, type ReceivedRequest, startServer } from './loopback-server.ts'

const TOKEN_LIFETIME_SECONDS = 3600

const TRACKS = [
  { id: '4cOdK2wGLETKBW3PvgPWqT', name: 'Never Gonna Give You Up', artists: [{ name: 'Rick Astley' }] },
  { id: '7tFiyTwD0nx5a1eklYtX2J', name: 'Bohemian Rhapsody', artists: [{ name: 'Queen' }] },
]

export interface SpotifyMock extends LoopbackServer {
  /** In place of https://accounts.spotify.com/api/token. */
  readonly tokenUrl: string
  /** In place of https://api.spotify.com. */
  readonly apiUrl: string
}

interface Reply {
  readonly status: number
  readonly body?: object
}

/**
 * Starts a mock server for Spotify's token endpoint and Web API, with one registered app.
 * @param now the clock by which tokens expire, in milliseconds
 */
export async function startSpotify(
  app: { clientId: string; clientSecret: string },
  now: () => number = Date.now,
  tls?: { key: string; cert: string },
): Promise<SpotifyMock> {
  const expirationTimes = new Map<string, number>()

  function replyWithToken({ method, headers, body }: ReceivedRequest): Reply {
    if (method !== 'POST') return { status: 405 }
    if (headers['content-type']?.split(';')[0] !== 'application/x-www-form-urlencoded') return { status: 415 }
    const credential = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1]
    if (credential === undefined) return oauthError('invalid_client')
    const [id, ...secret] = Buffer.from(credential, 'base64').toString().split(':')
    if (id !== app.clientId) return oauthError('invalid_client', 'Invalid client')
    if (secret.join(':') !== app.clientSecret) return oauthError('invalid_client', 'Invalid client secret')
    const grantType = new URLSearchParams(body).get('grant_type')
    if (grantType === null) return oauthError('unsupported_grant_type', 'grant_type parameter is missing')
    if (grantType !== 'client_credentials') {
      return oauthError('unsupported_grant_type', `grant_type ${grantType} is not supported`)
    }
    const token = `BQ${randomBytes(60).toString('base64url')}`
    expirationTimes.set(token, now() + TOKEN_LIFETIME_SECONDS * 1000)
    return {
      status: 200,
      body: { access_token: token, token_type: 'Bearer', expires_in: TOKEN_LIFETIME_SECONDS },
    }
  }

  function replyWithData({ method, headers }: ReceivedRequest, { pathname, searchParams }: URL): Reply {
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
    if (token === undefined) return apiError(401, 'No token provided')
    const expiresAt = expirationTimes.get(token)
    if (expiresAt === undefined) return apiError(401, 'Invalid access token')
    if (now() >= expiresAt) return apiError(401, 'The access token expired')
    if (method !== 'GET') return apiError(405, 'Method not allowed')

    const id = /^\/v1\/tracks\/([^/]+)$/.exec(pathname)?.[1]
    if (id !== undefined) return replyWithTrack(id)
    if (pathname === '/v1/search') return replyWithFound(searchParams)
    return apiError(404, 'Service not found')
  }

  const server = await startServer((request, response) => {
    const url = new URL(request.url, 'http://localhost')
    const { status, body } =
      url.pathname === '/api/token' ? replyWithToken(request) : replyWithData(request, url)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(body && JSON.stringify(body))
  }, tls)
  return Object.assign(server, { tokenUrl: `${server.origin}/api/token`, apiUrl: server.origin })
}

function replyWithTrack(id: string): Reply {
  if (!/^[0-9A-Za-z]{22}$/.test(id)) return apiError(400, 'Invalid base62 id')
  const track = TRACKS.find((candidate) => candidate.id === id)
  return track ? { status: 200, body: track } : apiError(404, 'Resource not found')
}

function replyWithFound(query: URLSearchParams): Reply {
  const text = query.get('q')?.toLowerCase()
  if (!text) return apiError(400, 'No search query')
  if (!query.get('type')) return apiError(400, 'Missing parameter type')
  const items = TRACKS.filter(({ name }) => name.toLowerCase().includes(text))
  return { status: 200, body: { tracks: { items, total: items.length } } }
}

/** The error format of the token endpoint, which returns 400 even for a wrong client. */
function oauthError(error: string, description?: string): Reply {
  return { status: 400, body: { error, error_description: description } }
}

/** The error format of the Web API. */
function apiError(status: number, message: string): Reply {
  return { status, body: { error: { status, message } } }
}
