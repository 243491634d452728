import type { Endpoint } from '../http/send.ts'

/** The default in action.yml: an input that turned out empty must not send credentials to another server. */
export const SPOTIFY_TOKEN_URL = 'https://accounts.spotify.com/api/token'

/** An issuer identifier (RFC 8414, section 2), as it is written: it is compared character by character. */
export interface Issuer extends Endpoint {
  readonly identifier: string
}

/** What is wrong with a URL, worded to follow its source, and how to fix it. */
interface UrlProblem {
  readonly problem: string
  readonly fix: string
}

const MAX_URL_CHARACTERS = 2000
const MAX_HOST_CHARACTERS = 253
const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * Parses an endpoint URL (RFC 6749, section 3.2): https, or http to localhost, without user info and fragment.
 * @param source what the error calls it
 * @throws Error without the URL, which may contain a password
 */
export function parseEndpoint(source: string, text: string): Endpoint {
  const found = findUrlProblem(text)
  if (found !== undefined) throw new Error(`${source} ${found.problem}. ${found.fix}`)
  return { url: new URL(text), source }
}

/**
 * Parses an issuer identifier (RFC 8414, section 2): an endpoint URL without a query string.
 * @throws Error without the URL
 */
export function parseIssuer(source: string, text: string): Issuer {
  const endpoint = parseEndpoint(source, text)
  if (text.includes('?')) {
    throw new Error(`${source} must not contain a query string (RFC 8414, section 2). Remove it.`)
  }
  if (text.includes('/.well-known/')) {
    throw new Error(
      `${source} must be the issuer, not the URL of its metadata. Remove /.well-known/openid-configuration or /.well-known/oauth-authorization-server.`,
    )
  }
  return { ...endpoint, identifier: text }
}

/** Finds what makes a URL unusable as an endpoint (RFC 6749, section 3.2); `undefined` if nothing does. */
export function findUrlProblem(text: string): UrlProblem | undefined {
  // Without what URL would drop or change: a line break could separate two URLs.
  const isPlain = /^[a-z]+:\/\/[^\s\p{Cc}\\]+$/iu.test(text)
  if (!isPlain || !URL.canParse(text)) {
    return { problem: 'is not a valid URL', fix: 'Use a full URL that starts with https://.' }
  }
  const url = new URL(text)
  if (text.length > MAX_URL_CHARACTERS || url.hostname.length > MAX_HOST_CHARACTERS) {
    return { problem: 'is too long for a URL', fix: 'Check the value.' }
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK_HOST.test(url.hostname))) {
    return { problem: 'must use https', fix: 'Plain http is allowed only for localhost.' }
  }
  if (url.username !== '' || url.password !== '') {
    return {
      problem: 'must not contain a user name or password',
      fix: 'Use client-id and client-secret instead.',
    }
  }
  if (text.includes('#')) return { problem: 'must not contain a fragment (#)', fix: 'Remove it.' }
  return undefined
}
