import * as core from '@actions/core'
import type { Client } from '../oauth/client.ts'
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
import { readInteger } from './values.ts'

/** The inputs of the step, valid and in valid combinations. */
export interface Inputs {
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

/**
 * Reads all inputs. Secrets are masked before anything is checked.
 * @throws Error that starts with the name of an input
 */
export function readInputs(): Inputs {
  const secrets = [
    core.getInput('client-secret'),
    core.getInput('refresh-token'),
    ...findKeyLines(core.getInput('private-key')),
  ]
  for (const secret of secrets) if (secret !== '') core.setSecret(secret)
  const grantType = readGrantType()
  const client = readClient(grantType)
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
    revocation: readRevocation(grantType),
  }
}
