const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * An endpoint's URL (RFC 6749, 3.2): https, or http to this machine, without user info and fragment.
 * @throws Error that names the input and the cure; the URL itself is not shown, it may hold a password
 */
export function parseEndpoint(input: string, text: string): URL {
  if (!URL.canParse(text)) {
    throw new Error(`${input} is not a URL. Give the whole address, from https:// on.`)
  }
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK_HOST.test(url.hostname))) {
    throw new Error(
      `${input} does not begin with https://. Credentials are sent there, so only https is allowed (http only to localhost).`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new Error(
      `${input} has a user name or password before its host. Take it out: the credentials go into client-id and client-secret.`,
    )
  }
  if (text.includes('#')) {
    throw new Error(`${input} has a fragment (#...), which an endpoint cannot have. Take it out.`)
  }
  return url
}
