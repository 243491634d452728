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
  /** Whether a token is active, by the introspection endpoint (RFC 7662). */
  isActive(token: string): Promise<boolean>
}

const RESOURCE_SERVER = { client_id: 'fake-resource-server', client_secret: 'fake-resource-server-secret' }

/**
 * Starts a certified authorization server (`oidc-provider`) on a free loopback port: client credentials, metadata,
 * introspection and revocation, for clients of any authentication method.
 */
export async function startAuthorizationServer(
  clients: readonly ClientMetadata[],
  { scopes, signingAlgorithms }: { scopes: string[]; signingAlgorithms: SigningAlgorithm[] },
): Promise<AuthorizationServer> {
  const http = createServer()
  const { port, ...disposable } = await listen(http)
  const issuer = `http://127.0.0.1:${port}`
  const provider = new Provider(issuer, {
    adapter: createStore([RESOURCE_SERVER, ...clients]),
    scopes,
    ttl: { ClientCredentials: 600 },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt'],
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

/** A store in memory with the registered clients. */
function createStore(clients: readonly ClientMetadata[]): AdapterFactory {
  const flow = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }
  const entries = new Map<string, AdapterPayload>(
    clients.map((client) => [`Client ${client.client_id}`, { ...flow, ...client }]),
  )
  return (model) => ({
    find: async (id) => entries.get(`${model} ${id}`),
    upsert: async (id, payload) => void entries.set(`${model} ${id}`, payload),
    destroy: async (id) => void entries.delete(`${model} ${id}`),
    consume: async () => {},
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    revokeByGrantId: async () => {},
  })
}
