import * as core from '@actions/core'
import type { Inputs, Parameter } from './inputs.ts'

export interface ClientAuthentication {
  readonly headers: Readonly<Record<string, string>>
  readonly parameters: readonly Parameter[]
  /** All that must not be shown when the server sends it back, in each form that it was sent in. */
  readonly secrets: readonly string[]
  /** What is odd about the credentials: allowed, but worth saying when the server refuses them. */
  readonly oddities: readonly string[]
}

/** How the client proves who it is (RFC 6749, 2.3.1); masks what it makes of the secret. */
export function authenticateClient({
  clientId,
  credentials: { method, clientSecret },
}: Pick<Inputs, 'clientId' | 'credentials'>): ClientAuthentication {
  const oddities = findOddities(clientId, clientSecret)
  const encodedSecret = formEncode(clientSecret)
  switch (method) {
    case 'client_secret_basic': {
      const credential = Buffer.from(`${formEncode(clientId)}:${encodedSecret}`).toString('base64')
      // The runner knows the base64 of the secret, but not of the pair.
      core.setSecret(credential)
      return {
        headers: { Authorization: `Basic ${credential}` },
        parameters: [],
        secrets: [clientSecret, encodedSecret, credential],
        oddities: [...oddities, ...findEncoded(clientId, clientSecret)],
      }
    }
    case 'client_secret_post':
      return {
        headers: {},
        parameters: [
          ['client_id', clientId],
          ['client_secret', clientSecret],
        ],
        secrets: [clientSecret, encodedSecret],
        oddities,
      }
  }
}

/** The `application/x-www-form-urlencoded` form of one value (RFC 6749, appendix B). */
export function formEncode(value: string): string {
  return new URLSearchParams({ '': value }).toString().slice('='.length)
}

function findOddities(clientId: string, clientSecret: string): string[] {
  const oddities = []
  if (clientId === clientSecret) oddities.push('client-id and client-secret are the same')
  for (const [name, value] of Object.entries({ 'client-id': clientId, 'client-secret': clientSecret })) {
    if (/^(["'`]).*\1$/.test(value)) oddities.push(`${name} is wrapped in quotes`)
    if (/\s/.test(value)) oddities.push(`${name} has white space inside`)
  }
  return oddities
}

function findEncoded(clientId: string, clientSecret: string): string[] {
  return Object.entries({ 'client-id': clientId, 'client-secret': clientSecret })
    .filter(([, value]) => formEncode(value) !== value)
    .map(
      ([name]) =>
        `${name} has characters that are sent encoded (RFC 6749, 2.3.1), which some servers do not decode: try auth-method client_secret_post`,
    )
}
