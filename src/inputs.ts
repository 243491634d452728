import * as core from '@actions/core'
import { parseEndpoint } from './endpoints.ts'

export interface Inputs {
  readonly clientId: string
  readonly credentials: Credentials
  readonly tokenUrl: URL
  /** Space-separated names (RFC 6749, 3.3); empty for what the server gives by default. */
  readonly scope: string
  /** What the token request has beside the grant and the scope, in the order of the inputs. */
  readonly parameters: readonly Parameter[]
  /** For the whole step. */
  readonly timeoutMs: number
  /** Further attempts after the first. */
  readonly retries: number
}

/** By its name in the registry of token endpoint authentication methods (RFC 7591, 4.2). */
export interface Credentials {
  readonly method: AuthMethod
  readonly clientSecret: string
}

const AUTH_METHODS = ['client_secret_basic', 'client_secret_post'] as const
export type AuthMethod = (typeof AUTH_METHODS)[number]

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
  if (clientSecret !== '') core.setSecret(clientSecret)
  const clientId = core.getInput('client-id')
  const tokenUrl = core.getInput('token-url')

  requireValue('client-id', clientId, WHERE_VALUES_COME_FROM)
  requireValue('client-secret', clientSecret, WHERE_VALUES_COME_FROM)
  requireValue(
    'token-url',
    tokenUrl,
    'Give the address of the token endpoint, or leave the input out for Spotify.',
  )
  for (const [name, value] of [
    ['client-id', clientId],
    ['client-secret', clientSecret],
  ] as const) {
    if (/[\p{Cc}\u2028\u2029]/u.test(value)) {
      throw new Error(
        `${name} has a line break or another control character inside. Store it again, as one line and without anything around it.`,
      )
    }
  }
  return {
    clientId,
    credentials: { method: readAuthMethod(), clientSecret },
    tokenUrl: parseEndpoint('token-url', tokenUrl),
    scope: readOptional('scope').replace(/\s*[\r\n]+\s*/g, ' '),
    parameters: [...readAudience(), ...readResources(), ...readExtraParameters()],
    timeoutMs: 1000 * readWholeNumber('timeout', 1, 3600),
    retries: readWholeNumber('retries', 0, 10),
  }
}

function requireValue(name: string, value: string, cure: string): void {
  if (value === '') throw new Error(`${name} is empty. ${cure}`)
  refuseExpression(name, value)
}

function readAuthMethod(): AuthMethod {
  const method = core.getInput('auth-method')
  const known = AUTH_METHODS.find((name) => name === method)
  if (known === undefined) {
    throw new Error(`auth-method is none of ${AUTH_METHODS.join(', ')}. Correct it, or leave the input out.`)
  }
  return known
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
  const audience = readOptional('audience')
  return audience === '' ? [] : [['audience', audience]]
}

/** One parameter for each line (RFC 8707, 2). */
function readResources(): Parameter[] {
  return readLines('resource').map((uri) => {
    if (!URL.canParse(uri) || uri.includes('#')) {
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
