import { expect, test } from '@jest/globals'
import { parseEndpoint } from '../src/endpoints.ts'

test.each([
  ['https', 'https://accounts.spotify.com/api/token'],
  ['a query (RFC 6749, 3.2)', 'https://as.example/token?tenant=1'],
  ['http to localhost', 'http://localhost:8080/token'],
  ['http to 127.0.0.1', 'http://127.0.0.1:8080/token'],
  ['http to IPv6 loopback', 'http://[::1]:8080/token'],
])('accepts %s', (_name, text) => {
  expect(parseEndpoint('token-url', text).href).toBe(text)
})

const NO_URL = 'token-url is not a URL. Give the whole address, from https:// on.'
const NO_HTTPS =
  'token-url does not begin with https://. Credentials are sent there, so only https is allowed (http only to localhost).'
const USER_INFO =
  'token-url has a user name or password before its host. Take it out: the credentials go into client-id and client-secret.'
const FRAGMENT = 'token-url has a fragment (#...), which an endpoint cannot have. Take it out.'

test.each([
  ['a host alone', 'accounts.spotify.com', NO_URL],
  ['a path', '/api/token', NO_URL],
  ['http to another machine', 'http://as.example/token', NO_HTTPS],
  ['http to a name that only begins like loopback', 'http://127.0.0.1.as.example/token', NO_HTTPS],
  ['http to a name that only ends like localhost', 'http://notlocalhost/token', NO_HTTPS],
  ['another scheme', 'ftp://localhost/token', NO_HTTPS],
  ['a user name', 'https://user@as.example/token', USER_INFO],
  ['a password', 'https://:fake@as.example/token', USER_INFO],
  ['a fragment', 'https://as.example/token#top', FRAGMENT],
  ['an empty fragment', 'https://as.example/token#', FRAGMENT],
])('refuses %s', (_name, text, message) => {
  expect(() => parseEndpoint('token-url', text)).toThrow(new Error(message))
})
