import * as core from '@actions/core'
import { parseEndpoint, parseIssuer, type Revocation, type Server } from './endpoints.ts'
import type { IdTokenRequest } from './github-id-token.ts'
import { findKeyLines, type PrivateKey, parsePrivateKey } from './private-key.ts'

export interface Inputs {
  readonly clientId: string
  readonly credentials: Credentials
  readonly server: Server
  /** Space-separated names (RFC 6749, 3.3); empty for what the server gives by default. */
  readonly scope: string
  /** What the token request has beside the grant and the scope, in the order of the inputs. */
  readonly parameters: readonly Parameter[]
  /** For the whole step. */
  readonly timeoutMs: number
  /** Further attempts after the first. */
  readonly retries: number
  /** Of the token, when the job ends. */
  readonly revocation: Revocation
}

/** By the names in the registry of token endpoint authentication methods (RFC 7591, 4.2), and `github_oidc`. */
export type Credentials =
  | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly clientSecret: string }
  | ({ readonly method: 'client_secret_jwt'; readonly clientSecret: string } & AssertionAudience)
  | ({
      readonly method: 'private_key_jwt'
      readonly privateKey: PrivateKey
      readonly keyId: string | undefined
    } & AssertionAudience)
  | ({ readonly method: 'github_oidc'; readonly idTokenRequest: IdTokenRequest } & AssertionAudience)

interface AssertionAudience {
  /** `undefined` for the one that the server has by itself. */
  readonly audience: string | undefined
}

/** The inputs that each method has for itself. */
const INPUTS_OF_METHOD = {
  client_secret_basic: ['client-secret'],
  client_secret_post: ['client-secret'],
  client_secret_jwt: ['client-secret', 'assertion-audience'],
  private_key_jwt: ['private-key', 'key-id', 'assertion-audience'],
  github_oidc: ['assertion-audience'],
} as const satisfies Record<Credentials['method'], readonly string[]>

/** As in action.yml, where it stands lest an input that turned out empty send credentials to the wrong server. */
export const TOKEN_URL_OF_SPOTIFY = 'https://accounts.spotify.com/api/token'

export type Parameter = readonly [name: string, value: string]

/** Set by the action itself or by an input of their own. */
const RESERVED_PARAMETERS = [
  'grant_type',
  'scope',
  'audience',
  'resource',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
]

const WHERE_VALUES_COME_FROM =
  'Check that the workflow sets it, and the name of the secret or variable behind it; if that belongs to an environment, the job must name the environment. Workflows started from forks and by Dependabot do not get the secrets of the repository.'

/**
 * Reads and checks every input; masks those that are secret before it checks them.
 * @throws Error that names the input first and says the cure
 */
export function readInputs(): Inputs {
  const clientSecret = core.getInput('client-secret')
  const privateKey = core.getInput('private-key')
  for (const secret of [clientSecret, ...findKeyLines(privateKey)]) {
    if (secret !== '') core.setSecret(secret)
  }
  const clientId = requireLine('client-id', core.getInput('client-id'))
  const credentials = readCredentials(clientSecret, privateKey)
  return {
    clientId,
    credentials,
    server: readServer(credentials),
    scope: readOptional('scope').replace(/\s*[\t\r\n]+\s*/g, ' '),
    parameters: [...readAudience(), ...readResources(), ...readExtraParameters()],
    timeoutMs: 1000 * readWholeNumber('timeout', 1, 3600),
    retries: readWholeNumber('retries', 0, 10),
    revocation: readRevocation(),
  }
}

function readCredentials(clientSecret: string, privateKey: string): Credentials {
  const method = readAuthMethod()
  const keyId = readLine('key-id')
  const audience = readLine('assertion-audience')
  refuseUnused(method, {
    'client-secret': clientSecret,
    'private-key': privateKey,
    'key-id': keyId,
    'assertion-audience': audience,
  })
  switch (method) {
    case 'client_secret_basic':
    case 'client_secret_post':
      return { method, clientSecret: requireLine('client-secret', clientSecret) }
    case 'client_secret_jwt':
      return { method, clientSecret: requireLine('client-secret', clientSecret), audience }
    case 'private_key_jwt':
      requireValue('private-key', privateKey, WHERE_VALUES_COME_FROM)
      return { method, privateKey: parsePrivateKey(privateKey), keyId, audience }
    case 'github_oidc':
      return { method, idTokenRequest: readIdTokenRequest(), audience }
  }
}

function readAuthMethod(): Credentials['method'] {
  const method = core.getInput('auth-method')
  const names = Object.keys(INPUTS_OF_METHOD) as Credentials['method'][]
  const known = names.find((name) => name === method)
  if (known === undefined) {
    throw new Error(`auth-method is none of ${names.join(', ')}. Correct it, or leave the input out.`)
  }
  return known
}

function refuseUnused(method: Credentials['method'], values: Readonly<Record<string, string | undefined>>) {
  const used: readonly string[] = INPUTS_OF_METHOD[method]
  const unused = Object.keys(values).find((name) => values[name] && !used.includes(name))
  if (unused === undefined) return
  const others = Object.entries<readonly string[]>(INPUTS_OF_METHOD).filter(([, names]) =>
    names.includes(unused),
  )
  throw new Error(
    `${unused} is not used by the auth-method ${method}. Take it out, or set auth-method to ${others.map(([name]) => name).join(' or ')}.`,
  )
}

/** What the runner gives to a job that may ask for an ID token. */
function readIdTokenRequest(): IdTokenRequest {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken } = process.env
  if (!url || !requestToken) {
    throw new Error(
      'auth-method github_oidc needs an ID token of GitHub, which this job may not ask for. Add permissions: id-token: write to the job. Workflows started from forks do not get that permission.',
    )
  }
  core.setSecret(requestToken)
  return { endpoint: parseEndpoint('ACTIONS_ID_TOKEN_REQUEST_URL', url), requestToken }
}

function readServer(credentials: Credentials): Server {
  const issuer = readOptional('issuer')
  const tokenUrl = readOptional('token-url')
  if (issuer !== '') {
    if (tokenUrl !== '' && tokenUrl !== TOKEN_URL_OF_SPOTIFY) {
      throw new Error(
        'issuer and token-url are both given. Take one of them out: issuer finds the token endpoint by itself.',
      )
    }
    return { issuer: parseIssuer('issuer', issuer) }
  }
  requireValue(
    'token-url',
    tokenUrl,
    'Give the address of the token endpoint, or leave the input out for Spotify.',
  )
  refuseForSpotify(tokenUrl, credentials)
  return { token: parseEndpoint('token-url', tokenUrl) }
}

/** Refuses what Spotify cannot take: then it is some other server's address that is missing. */
function refuseForSpotify(tokenUrl: string, credentials: Credentials): void {
  if (tokenUrl !== TOKEN_URL_OF_SPOTIFY) return
  const { method } = credentials
  const foreign = ['audience', 'resource', 'revocation-url'].find((name) => core.getInput(name) !== '')
  const unknown =
    foreign ?? (/^client_secret_(basic|post)$/.test(method) ? undefined : `auth-method ${method}`)
  if (unknown === undefined) return
  throw new Error(
    `token-url is that of Spotify, which does not know ${unknown}. Give token-url or issuer; if the workflow gives issuer, check the variable behind it, for it came empty.`,
  )
}

function readRevocation(): Revocation {
  const text = core.getInput('revoke')
  if (!/^(true|false)$/i.test(text)) {
    throw new Error('revoke is neither true nor false. Correct it, or leave the input out.')
  }
  const url = readOptional('revocation-url')
  const endpoint = url === '' ? 'if known' : parseEndpoint('revocation-url', url)
  return text.toLowerCase() === 'true' ? endpoint : 'off'
}

function requireValue(name: string, value: string, cure: string): void {
  if (value === '') throw new Error(`${name} is empty. ${cure}`)
  refuseExpression(name, value)
}

function requireLine(name: string, value: string): string {
  requireValue(name, value, WHERE_VALUES_COME_FROM)
  refuseControls(name, value)
  return value
}

function readLine(name: string): string | undefined {
  const value = readOptional(name)
  refuseControls(name, value)
  return value === '' ? undefined : value
}

function refuseControls(name: string, value: string): void {
  if (/[\p{Cc}\u2028\u2029]/u.test(value)) {
    throw new Error(
      `${name} has a line break or another control character inside. Store it again, as one line and without anything around it.`,
    )
  }
}

function readOptional(name: string): string {
  const value = core.getInput(name)
  refuseExpression(name, value)
  return value
}

function readLines(name: string): string[] {
  return readOptional(name)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function readAudience(): Parameter[] {
  const audience = readLine('audience')
  return audience === undefined ? [] : [['audience', audience]]
}

/** One parameter for each line (RFC 8707, 2). */
function readResources(): Parameter[] {
  return readLines('resource').map((uri) => {
    if (!URL.canParse(uri) || /[#\s\\]/.test(uri)) {
      throw new Error(
        'resource has a line that is not an absolute URI without a fragment (RFC 8707, 2). Write one URI on each line, as in https://api.example.com.',
      )
    }
    return ['resource', uri]
  })
}

function readExtraParameters(): Parameter[] {
  return readLines('extra-params').map((line) => {
    const [, name, value = ''] = /^([^=\s]+)\s*=\s*(.*)$/.exec(line) ?? []
    if (name === undefined) {
      throw new Error('extra-params has a line that is not name=value. Write one parameter on each line.')
    }
    if (RESERVED_PARAMETERS.includes(name)) {
      throw new Error(
        `extra-params has ${name}, which the action sets. Take it out, or use the input for it.`,
      )
    }
    return [name, value]
  })
}

function refuseExpression(name: string, value: string): void {
  if (value.includes('${{')) {
    throw new Error(
      `${name} holds an expression that was not evaluated: it still has \${{ in it. Write the expression into the workflow file itself, as in \${{ secrets.NAME }}.`,
    )
  }
}

function readWholeNumber(name: string, min: number, max: number): number {
  const text = core.getInput(name)
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new Error(
      `${name} is not a whole number from ${min} to ${max}. Correct it, or leave the input out.`,
    )
  }
  return value
}
