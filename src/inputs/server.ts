import type { Credentials } from '../oauth/client.ts'
import { parseEndpoint, parseIssuer, SPOTIFY_TOKEN_URL } from '../oauth/endpoint.ts'
import type { Revocation, Server } from '../oauth/metadata.ts'
import { readBoolean, readText, requireText } from './values.ts'

/**
 * Reads which authorization server to use.
 * @throws Error if an input is invalid, or not supported by Spotify, the default server
 */
export function readServer(method: Credentials['method']): Server {
  const issuer = readText('issuer')
  const tokenUrl = readText('token-url')
  if (issuer !== '') {
    if (tokenUrl !== '' && tokenUrl !== SPOTIFY_TOKEN_URL) {
      throw new Error('issuer and token-url cannot both be set. Remove one of them.')
    }
    return { issuer: parseIssuer('issuer', issuer) }
  }
  requireText('token-url', 'Set it to the URL of the token endpoint, or remove the input to use Spotify.')
  if (tokenUrl === SPOTIFY_TOKEN_URL) rejectForSpotify(method)
  return { token: parseEndpoint('token-url', tokenUrl) }
}

/** If another server is meant, its URL is missing, and the credentials would go to the wrong one. */
function rejectForSpotify(method: Credentials['method']): void {
  const input = ['audience', 'resource', 'revocation-url'].find((name) => readText(name) !== '')
  const isSupported = method === 'client_secret_basic' || method === 'client_secret_post'
  const unsupported = input ?? (isSupported ? undefined : `auth-method ${method}`)
  if (unsupported === undefined) return
  throw new Error(
    `${unsupported} is not supported by Spotify, the default server. Set token-url or issuer; if issuer is already set, check that its value is not empty.`,
  )
}

/**
 * Reads where to revoke the token at the end of the job.
 * @throws Error if an input is invalid
 */
export function readRevocation(): Revocation {
  const isOn = readBoolean('revoke')
  const url = readText('revocation-url')
  const revocation = url === '' ? 'discover' : parseEndpoint('revocation-url', url)
  return isOn ? revocation : 'off'
}
