import type { Credentials } from '../oauth/client.ts'
import { parseEndpoint, parseIssuer, SPOTIFY_TOKEN_URL } from '../oauth/endpoint.ts'
import type { Revocation, Server } from '../oauth/metadata.ts'
import type { RequestFormat } from '../oauth/request-body.ts'
import { type GrantType, sendsIdToken } from './grant.ts'
import { readBoolean, readNameOr, readText, requireText } from './values.ts'

/**
 * Reads which authorization server to use.
 * @throws Error if an input is invalid, or not supported by Spotify, the default server
 */
export function readServer(method: Credentials['method'], grantType: GrantType): Server {
  const issuer = readText('issuer')
  const tokenUrl = readText('token-url')
  if (issuer !== '') {
    if (tokenUrl !== '' && tokenUrl !== SPOTIFY_TOKEN_URL) {
      throw new Error('issuer and token-url cannot both be set. Remove one of them.')
    }
    return { issuer: parseIssuer('issuer', issuer) }
  }
  requireText('token-url', 'Set it to the URL of the token endpoint, or remove the input to use Spotify.')
  if (tokenUrl === SPOTIFY_TOKEN_URL) rejectForSpotify(method, grantType)
  return { token: parseEndpoint('token-url', tokenUrl) }
}

/** If another server is meant, its URL is missing, and the credentials would go to the wrong one. */
function rejectForSpotify(method: Credentials['method'], grantType: GrantType): void {
  const unsupported = [
    ...['audience', 'resource', 'revocation-url'].filter((name) => readText(name) !== ''),
    ...(sendsIdToken(grantType) ? [`grant-type ${grantType}`] : []),
    ...(readRequestFormat() === 'json' ? ['request-format json'] : []),
    ...(/^(client_secret_(basic|post)|none)$/.test(method) ? [] : [`auth-method ${method}`]),
  ][0]
  if (unsupported === undefined) return
  throw new Error(
    `${unsupported} is not supported by Spotify, the default server. Set token-url or issuer; if issuer is already set, check that its value is not empty.`,
  )
}

/** @throws Error if it is neither `form` nor `json` */
export function readRequestFormat(): RequestFormat {
  return readNameOr('form', 'request-format', ['form', 'json'])
}

/**
 * Reads where to revoke the token at the end of the job.
 * @throws Error if an input is invalid
 */
export function readRevocation(grantType: GrantType): Revocation {
  const isOn = readBoolean('revoke')
  const url = readText('revocation-url')
  const revocation = url === '' ? 'discover' : parseEndpoint('revocation-url', url)
  // Many servers would also revoke the refresh token (RFC 7009, section 2.1).
  return isOn && grantType !== 'refresh_token' ? revocation : 'off'
}
