import * as core from '@actions/core'
import { type Client, type Credentials, HMAC_ALGORITHMS } from '../oauth/client.ts'
import { parseEndpoint } from '../oauth/endpoint.ts'
import type { IdTokenRequest } from '../oauth/github-id-token.ts'
import { parsePrivateKey } from '../oauth/private-key.ts'
import { readLine, readName, readText, requireLine, requireText } from './values.ts'

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
}

/**
 * Reads the client and its authentication.
 * @throws Error if an input is missing, invalid, or cannot be combined with `auth-method`
 */
export function readClient(): Client {
  const clientId = requireLine('client-id')
  const method = readName('auth-method', Object.keys(METHODS) as Method[])
  const { inputs, read } = METHODS[method]
  const others = Object.values(METHODS).flatMap((other) => other.inputs)
  const unused = others.find((name) => !inputs.includes(name) && readText(name) !== '')
  if (unused !== undefined) throw new Error(describeUnused(unused, method))
  return { clientId, credentials: read() }
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

/** What the runner provides to a job that may request ID tokens. */
function readIdTokenRequest(subject: string): IdTokenRequest {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken } = process.env
  if (!url || !requestToken) {
    throw new Error(
      `${subject} requires permissions: id-token: write. Add it to the job; workflows triggered from forks cannot get it.`,
    )
  }
  core.setSecret(requestToken)
  return { endpoint: parseEndpoint('ACTIONS_ID_TOKEN_REQUEST_URL', url), requestToken }
}
