import * as core from '@actions/core'
import type { Inputs } from './inputs.ts'

export interface ClientAuthentication {
  readonly headers: Readonly<Record<string, string>>
  /** All that must not be shown when the server sends it back, in each form that it was sent in. */
  readonly secrets: readonly string[]
  /** What is odd about the credentials: allowed, but worth saying when the server refuses them. */
  readonly oddities: readonly string[]
}

/** The `client_secret_basic` of RFC 6749, 2.3.1; masks the credential that it makes. */
export function authenticateClient({
  clientId,
  clientSecret,
}: Pick<Inputs, 'clientId' | 'clientSecret'>): ClientAuthentication {
  const credential = Buffer.from(`${formEncode(clientId)}:${formEncode(clientSecret)}`).toString('base64')
  // The runner knows the base64 of the secret, but not of the pair.
  core.setSecret(credential)
  return {
    headers: { Authorization: `Basic ${credential}` },
    secrets: [clientSecret, formEncode(clientSecret), credential],
    oddities: findOddities(clientId, clientSecret),
  }
}

/** The `application/x-www-form-urlencoded` form of one value (RFC 6749, appendix B). */
export function formEncode(value: string): string {
  return new URLSearchParams({ '': value }).toString().slice('='.length)
}

function findOddities(clientId: string, clientSecret: string): string[] {
  const oddities = []
  if (clientId === clientSecret) oddities.push('client-id and client-secret are the same')
  for (const [name, value] of [
    ['client-id', clientId],
    ['client-secret', clientSecret],
  ] as const) {
    if (/^(["'`]).*\1$/.test(value)) oddities.push(`${name} is wrapped in quotes`)
    if (/\s/.test(value)) oddities.push(`${name} has white space inside`)
    if (formEncode(value) !== value) {
      oddities.push(
        `${name} has characters that are sent encoded (RFC 6749, 2.3.1), which some servers do not decode`,
      )
    }
  }
  return oddities
}
