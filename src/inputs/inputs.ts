import * as core from '@actions/core'
import type { Client } from '../oauth/client.ts'
import { SPOTIFY_TOKEN_URL } from '../oauth/endpoint.ts'
import type { Grant } from '../oauth/grant.ts'
import type { Revocation, Server } from '../oauth/metadata.ts'
import { findKeyLines } from '../oauth/private-key.ts'
import type { Parameter } from '../oauth/proof.ts'
import type { RequestFormat } from '../oauth/request-body.ts'
import { readCaCertificates } from './ca-certificate.ts'
import { readClient } from './client.ts'
import { readGrant, readGrantType } from './grant.ts'
import { readParameters, readScope } from './parameters.ts'
import { readRequestFormat, readRevocation, readServer } from './server.ts'
import { readSharing, type Sharing } from './sharing.ts'
import { readInteger, readText } from './values.ts'

/** What the token request consists of. */
export interface RequestInputs {
  readonly client: Client
  readonly grant: Grant
  readonly server: Server
  /** Names separated by spaces (RFC 6749, section 3.3); empty for the server's default. */
  readonly scope: string
  readonly parameters: readonly Parameter[]
  /** Of the token request. */
  readonly format: RequestFormat
  /** In PEM, one certificate each. */
  readonly caCertificates: readonly string[]
  /** For the whole step, in milliseconds. */
  readonly timeoutMs: number
  readonly retries: number
  readonly revocation: Revocation
}

/** The inputs of the step, valid and in valid combinations: a step without a request uses the token of another job. */
export type Inputs =
  | { readonly request: RequestInputs; readonly sharing: Sharing | undefined }
  | { readonly request: undefined; readonly sharing: Sharing & { readonly token: string } }

/** A step that sets any of these requests a token. */
const REQUESTING_INPUTS = [
  'client-id',
  'client-secret',
  'private-key',
  'refresh-token',
  'grant-type',
  'auth-method',
]
/** What else a request consists of. A shared token has been requested without it. */
const OTHER_REQUEST_INPUTS = [
  'token-url',
  'issuer',
  'scope',
  'audience',
  'resource',
  'extra-params',
  'request-format',
  'key-id',
  'signing-algorithm',
  'assertion-audience',
  'revocation-url',
  'ca-certificate',
]

/**
 * Reads all inputs. Secrets are masked before anything is checked.
 * @throws Error that starts with the name of an input
 */
export function readInputs(): Inputs {
  const secrets = [
    core.getInput('client-secret'),
    core.getInput('refresh-token'),
    core.getInput('share-key'),
    ...findKeyLines(core.getInput('private-key')),
  ]
  for (const secret of secrets) if (secret !== '') core.setSecret(secret)
  const sharing = readSharing()
  const isRequesting =
    isSet(REQUESTING_INPUTS) || (sharing?.token === undefined && isSet(OTHER_REQUEST_INPUTS))
  if (sharing === undefined || isRequesting) return { request: readRequest(sharing), sharing }
  const { token } = sharing
  if (token === undefined) {
    throw new Error(
      "shared-token is empty. Check that the job in needs sets this output; if its log says Skip output 'shared-token' since it may contain secret, remove secrets of two or three characters from that job.",
    )
  }
  const unused = OTHER_REQUEST_INPUTS.find((name) => isSet([name]))
  if (unused !== undefined) {
    throw new Error(
      `${unused} cannot be used with shared-token unless client-id is set. Remove it, or set client-id and its credentials.`,
    )
  }
  return { request: undefined, sharing: { ...sharing, token } }
}

function isSet(names: readonly string[]): boolean {
  return names.map(readText).some((value) => value !== '' && value !== SPOTIFY_TOKEN_URL)
}

function readRequest(sharing: Sharing | undefined): RequestInputs {
  const grantType = readGrantType()
  const client = readClient(grantType)
  const isShared = sharing !== undefined && sharing.token === undefined
  const revocation = readRevocation(grantType)
  return {
    client,
    grant: readGrant(grantType),
    server: readServer(client.credentials.method, grantType),
    format: readRequestFormat(),
    scope: readScope(),
    parameters: readParameters(),
    caCertificates: readCaCertificates(),
    timeoutMs: 1000 * readInteger('timeout', 1, 3600),
    retries: readInteger('retries', 0, 10),
    // Other jobs still use a shared token when this job ends.
    revocation: isShared ? 'off' : revocation,
  }
}
