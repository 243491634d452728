import { type Client, type Credentials, HMAC_ALGORITHMS } from '../oauth/client.ts'
import { parsePrivateKey } from '../oauth/private-key.ts'
import { type GrantType, readIdTokenRequest, sendsIdToken } from './grant.ts'
import { readLine, readNameOr, readText, requireLine, requireText } from './values.ts'

type Method = Credentials['method']

/** For each method the inputs that it can be combined with, and how to read them. All others must be empty. */
const METHODS: {
  readonly [M in Method]: {
    readonly inputs: readonly string[]
    readonly read: () => Credentials & { method: M }
  }
} = {
  client_secret_basic: {
    inputs: ['client-secret'],
    read: () => ({ method: 'client_secret_basic', clientSecret: requireLine('client-secret') }),
  },
  client_secret_post: {
    inputs: ['client-secret'],
    read: () => ({ method: 'client_secret_post', clientSecret: requireLine('client-secret') }),
  },
  client_secret_jwt: {
    inputs: ['client-secret', 'signing-algorithm', 'assertion-audience'],
    read: () => ({
      method: 'client_secret_jwt',
      clientSecret: requireLine('client-secret'),
      algorithm: readAlgorithm('client_secret_jwt supports', HMAC_ALGORITHMS),
      audience: readLine('assertion-audience'),
    }),
  },
  private_key_jwt: {
    inputs: ['private-key', 'key-id', 'signing-algorithm', 'assertion-audience'],
    read: () => {
      const privateKey = parsePrivateKey(requireText('private-key'))
      return {
        method: 'private_key_jwt',
        privateKey,
        keyId: readLine('key-id'),
        algorithm: readAlgorithm('private-key supports', privateKey.algorithms),
        audience: readLine('assertion-audience'),
      }
    },
  },
  github_oidc: {
    inputs: ['assertion-audience'],
    read: () => ({
      method: 'github_oidc',
      idTokenRequest: readIdTokenRequest('auth-method github_oidc'),
      audience: readLine('assertion-audience'),
    }),
  },
  none: { inputs: [], read: () => ({ method: 'none' }) },
}

/**
 * Reads the client and its authentication.
 * @throws Error if an input is missing, invalid, or cannot be combined with `auth-method`
 */
export function readClient(grantType: GrantType): Client {
  const method = readMethod(grantType)
  const { inputs, read } = METHODS[method]
  const isIdOptional = sendsIdToken(grantType) && (method === 'none' || method === 'github_oidc')
  const clientId = isIdOptional ? (readLine('client-id') ?? '') : requireLine('client-id')
  const allowed = sendsIdToken(grantType) ? [...inputs, 'assertion-audience'] : inputs
  const others = Object.values(METHODS).flatMap((other) => other.inputs)
  const unused = others.find((name) => !allowed.includes(name) && readText(name) !== '')
  if (unused !== undefined) throw new Error(describeUnused(unused, method))
  return { clientId, credentials: read() }
}

function readMethod(grantType: GrantType): Method {
  const hasNoSecret = sendsIdToken(grantType) && readText('client-secret') === ''
  const method = readNameOr(
    hasNoSecret ? 'none' : 'client_secret_basic',
    'auth-method',
    Object.keys(METHODS) as Method[],
  )
  if (method === 'none' && grantType === 'client_credentials') {
    throw new Error(
      'auth-method none cannot be used with grant-type client_credentials, which requires client authentication. Remove it, or set grant-type.',
    )
  }
  return method
}

function describeUnused(name: string, method: Method): string {
  const methods = Object.entries(METHODS).filter(([, { inputs }]) => inputs.includes(name))
  return `${name} cannot be used with auth-method ${method}. Remove it, or set another auth-method (${methods.map(([other]) => other).join(', ')}).`
}

function readAlgorithm(subject: string, algorithms: readonly string[]): string | undefined {
  const algorithm = readLine('signing-algorithm')
  if (algorithm !== undefined && !algorithms.includes(algorithm)) {
    throw new Error(`signing-algorithm is not supported. ${subject} ${algorithms.join(', ')}.`)
  }
  return algorithm
}
