import { expect, test } from '@jest/globals'
import { parseEndpoint, parseIssuer } from '../../src/oauth/endpoint.ts'

test.each([
  ['https', 'https://accounts.spotify.com/api/token'],
  ['a query string', 'https://as.example/token?tenant=1'],
  ['http to localhost', 'http://localhost:8080/token'],
  ['http to 127.0.0.1', 'http://127.0.0.1:8080/token'],
  ['http to another loopback address', 'http://127.10.20.30:8080/token'],
  ['http to the IPv6 loopback address', 'http://[::1]:8080/token'],
  ['a URL of 2000 characters', `https://as.example/${'a'.repeat(1981)}`],
  ['a host name of 253 characters', `https://${'a'.repeat(253)}/token`],
])('accepts %s', (_name, text) => {
  expect(parseEndpoint('token-url', text)).toEqual({ url: new URL(text), source: 'token-url' })
})

const NOT_A_URL = 'is not a valid URL. Use a full URL that starts with https://.'
const NOT_HTTPS = 'must use https. Plain http is allowed only for localhost.'
const USER_INFO = 'must not contain a user name or password. Use client-id and client-secret instead.'
const TOO_LONG = 'is too long for a URL. Check the value.'
const FRAGMENT = 'must not contain a fragment (#). Remove it.'

test.each([
  ['a host alone', 'accounts.spotify.com', NOT_A_URL],
  ['a path', '/api/token', NOT_A_URL],
  ['two lines', 'https://as.example\nhttps://as.example/token', NOT_A_URL],
  ['a space', 'https://as.example/a b', NOT_A_URL],
  ['a control character', 'https://as.example/\u0001', NOT_A_URL],
  ['one slash', 'https:/as.example/token', NOT_A_URL],
  ['backslashes', 'https:\\\\as.example\\token', NOT_A_URL],
  ['a backslash before the host', 'https://\\as.example/token', NOT_A_URL],
  ['an invalid port', 'https://as.example:x/token', NOT_A_URL],
  ['http to another host', 'http://as.example/token', NOT_HTTPS],
  ['http to a host name that starts like loopback', 'http://127.0.0.1.as.example/token', NOT_HTTPS],
  ['http to a host name that ends like localhost', 'http://notlocalhost/token', NOT_HTTPS],
  ['another scheme', 'ftp://localhost/token', NOT_HTTPS],
  ['a user name', 'https://user@as.example/token', USER_INFO],
  ['a password', 'https://:fake@as.example/token', USER_INFO],
  ['a fragment', 'https://as.example/token#top', FRAGMENT],
  ['an empty fragment', 'https://as.example/token#', FRAGMENT],
  ['a host name of 254 characters', `https://${'a'.repeat(254)}/token`, TOO_LONG],
  ['a URL of 2001 characters', `https://as.example/${'a'.repeat(1982)}`, TOO_LONG],
])('rejects %s', (_name, text, message) => {
  expect(() => parseEndpoint('token-url', text)).toThrow(new Error(`token-url ${message}`))
})

test('keeps an issuer as it is written', () => {
  const text = 'https://As.example/tenant/'
  expect(parseIssuer('issuer', text)).toEqual({ url: new URL(text), source: 'issuer', identifier: text })
})

test('rejects an issuer that is not an endpoint URL', () => {
  expect(() => parseIssuer('issuer', 'as.example')).toThrow(/^issuer /)
})

test.each([
  [
    'a query string',
    'https://as.example/?tenant=1',
    'issuer must not contain a query string (RFC 8414, section 2). Remove it.',
  ],
  [
    'an empty query string',
    'https://as.example/?',
    'issuer must not contain a query string (RFC 8414, section 2). Remove it.',
  ],
  [
    'the URL of the metadata',
    'https://as.example/t/.well-known/openid-configuration',
    'issuer must be the issuer, not the URL of its metadata. Remove /.well-known/openid-configuration or /.well-known/oauth-authorization-server.',
  ],
])('rejects an issuer with %s', (_name, text, message) => {
  expect(() => parseIssuer('issuer', text)).toThrow(new Error(message))
})
