import { printable } from '../http/printable.ts'
import type { Client } from './client.ts'
import { SPOTIFY_TOKEN_URL } from './endpoint.ts'
import type { Target } from './metadata.ts'

const CHECK_SECRET =
  'Check that client-id and client-secret belong to the same app and that the secret has not been rotated or expired.'

/**
 * What to check after the server rejected a client secret (RFC 6749, section 2.3.1). Many servers return the same error
 * for a wrong method as for wrong credentials.
 * @param encoded the names of the inputs that were percent-encoded
 */
export function adviseOnSecret(client: Client, target: Target, encoded: readonly string[] = []): string {
  const other =
    client.credentials.method === 'client_secret_post' ? 'client_secret_basic' : 'client_secret_post'
  return [
    CHECK_SECRET,
    `Also check auth-method: the app may require ${other} or private_key_jwt.`,
    ...findNotes(client, target).map(toNote),
    ...encoded.map((name) =>
      toNote(
        `${name} contains characters that client_secret_basic encodes (RFC 6749, section 2.3.1) but some servers do not decode; try client_secret_post`,
      ),
    ),
  ].join(' ')
}

/** What to check after the server rejected a client assertion (RFC 7523, section 3). */
export function adviseOnAssertion(
  client: Client,
  target: Target,
  { alg, audience }: { alg: string; audience: string },
): string {
  const { credentials } = client
  const isSigned = credentials.method === 'private_key_jwt'
  const withKeyId = isSigned && credentials.keyId !== undefined ? ' with this key-id' : ''
  const { tokenUrl } = target
  const alternative =
    tokenUrl === undefined || tokenUrl === audience ? '' : `; some servers require ${printable(tokenUrl)}`
  return [
    isSigned ? `Check that the public key is registered for client-id${withKeyId}.` : CHECK_SECRET,
    `Also check signing-algorithm (${alg}), assertion-audience (${printable(audience)}${alternative}), auth-method (${credentials.method}) and the runner's clock.`,
    ...findNotes(client, target).map(toNote),
  ].join(' ')
}

/** What to check after the server rejected an ID token as client assertion; it compares the claims. */
export function adviseOnIdToken(client: Client, target: Target, claims: string): string {
  return [
    `Check that the server trusts this ID token${client.clientId === '' ? '' : ' for client-id'}, and that the app uses auth-method github_oidc. Its claims: ${claims}.`,
    ...findNotes(client, target).map(toNote),
  ].join(' ')
}

/** What to check after the server rejected a client that does not authenticate. */
export function adviseOnNoAuthentication(client: Client, target: Target): string {
  const fix =
    client.clientId === ''
      ? 'Check auth-method: the server may require client-id or client authentication.'
      : 'Check client-id and auth-method: the server may require client authentication.'
  return [fix, ...findNotes(client, target).map(toNote)].join(' ')
}

function findNotes({ clientId, credentials }: Client, target: Target): readonly string[] {
  const { audience, authMethods } = target
  const { method } = credentials
  const clientSecret = 'clientSecret' in credentials ? credentials.clientSecret : ''
  const notes = []
  if (audience === SPOTIFY_TOKEN_URL && !/^[0-9a-f]{32}$/.test(clientId)) {
    notes.push(
      'client-id does not look like a Spotify client ID; for another server, set token-url or a non-empty issuer',
    )
  }
  if (clientSecret !== '' && clientId === clientSecret)
    notes.push('client-id and client-secret are identical')
  for (const [name, value] of Object.entries({ 'client-id': clientId, 'client-secret': clientSecret })) {
    if (/^(["'`]).*\1$/.test(value)) notes.push(`${name} is wrapped in quotes`)
    if (/\s/.test(value)) notes.push(`${name} contains whitespace`)
  }
  // An ID token is a JWT that is signed with a private key.
  const registered = method === 'github_oidc' ? 'private_key_jwt' : method
  if (authMethods.length > 0 && !authMethods.includes(registered)) {
    const listed = printable(authMethods.join(', '), [clientSecret])
    notes.push(`the server metadata lists ${listed} as supported, but not ${registered}`)
  }
  return notes
}

function toNote(note: string): string {
  return `Note: ${note}.`
}
