import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import Provider, {
  type AdapterFactory,
  type AdapterPayload,
  type ClientMetadata,
  type SigningAlgorithm,
} from 'oidc-provider'
import { listen } from './listen.ts'

export interface AuthorizationServer extends AsyncDisposable {
  /** The issuer identifier, which is the origin. */
  readonly issuer: string
  /** The received requests in order, each as `POST /token`. */
  readonly requests: readonly string[]
  /** Issues a refresh token to a client, as the authorization code grant would. */
  issueRefreshToken(clientId: string, scope: string): string
  /** Whether a token is active, by the introspection endpoint (RFC 7662). */
  isActive(token: string): Promise<boolean>
}

const LIFETIME_SECONDS = 600
const RESOURCE_SERVER = { client_id: 'fake-resource-server', client_secret: 'fake-resource-server-secret' }

/**
 * Starts a certified authorization server (`oidc-provider`) on a free loopback port: client credentials, refresh tokens,
 * metadata, introspection and revocation, for clients of any authentication method. Refresh tokens of public clients are
 * rotated (RFC 9700, section 4.14.2).
 */
export async function startAuthorizationServer(
  clients: readonly ClientMetadata[],
  { scopes, signingAlgorithms }: { scopes: string[]; signingAlgorithms: SigningAlgorithm[] },
): Promise<AuthorizationServer> {
  const http = createServer()
  const { port, ...disposable } = await listen(http)
  const issuer = `http://127.0.0.1:${port}`
  const entries = new Map<string, AdapterPayload>()
  const provider = new Provider(issuer, {
    adapter: createStore(entries, [RESOURCE_SERVER, ...clients]),
    // Without this scope, no refresh token is accepted.
    scopes: [...scopes, 'offline_access'],
    ttl: {
      ClientCredentials: LIFETIME_SECONDS,
      AccessToken: LIFETIME_SECONDS,
      RefreshToken: LIFETIME_SECONDS,
    },
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId }),
    }),
    clientAuthMethods: [
      'client_secret_basic',
      'client_secret_post',
      'client_secret_jwt',
      'private_key_jwt',
      'none',
    ],
    enabledJWA: { clientAuthSigningAlgValues: signingAlgorithms },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
    },
  })
  const requests: string[] = []
  const respond = provider.callback()
  http.on('request', (request, response) => {
    requests.push(`${request.method} ${request.url}`)
    respond(request, response)
  })
  return {
    issuer,
    requests,
    issueRefreshToken(clientId, scope) {
      const [grantId, token] = [randomUUID(), randomUUID()]
      const iat = nowSeconds()
      const common = { clientId, accountId: 'fake-account', iat, exp: iat + LIFETIME_SECONDS }
      entries.set(`Grant ${grantId}`, { ...common, kind: 'Grant', jti: grantId, openid: { scope } })
      entries.set(`RefreshToken ${token}`, { ...common, kind: 'RefreshToken', jti: token, grantId, scope })
      return token
    },
    async isActive(token) {
      const pair = `${RESOURCE_SERVER.client_id}:${RESOURCE_SERVER.client_secret}`
      const response = await fetch(`${issuer}/token/introspection`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
        body: new URLSearchParams({ token }),
      })
      return (await response.json()).active
    },
    ...disposable,
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** A store in memory, with the registered clients. */
function createStore(
  entries: Map<string, AdapterPayload>,
  clients: readonly ClientMetadata[],
): AdapterFactory {
  const grant_types = ['client_credentials', 'refresh_token']
  const flow = { grant_types, redirect_uris: [], response_types: [] }
  for (const client of clients) entries.set(`Client ${client.client_id}`, { ...flow, ...client })
  return (model) => ({
    find: async (id) => entries.get(`${model} ${id}`),
    upsert: async (id, payload) => void entries.set(`${model} ${id}`, payload),
    destroy: async (id) => void entries.delete(`${model} ${id}`),
    consume: async (...[id]: string[]) => {
      const key = `${model} ${id}`
      entries.set(key, { ...entries.get(key), consumed: nowSeconds() })
    },
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    revokeByGrantId: async () => {},
  })
}
