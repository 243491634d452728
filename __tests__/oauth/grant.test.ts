import { expect, test } from '@jest/globals'
import { startServer } from '../../dev/servers/loopback-server.ts'
import { monotonicMs } from '../../src/http/clock.ts'
import type { Failure } from '../../src/http/failure.ts'
import { createSend, type Send } from '../../src/http/send.ts'
import { type Grant, prepareGrant } from '../../src/oauth/grant.ts'
import type { Target } from '../../src/oauth/metadata.ts'
import { recordPrinted } from '../stdout.ts'

const TARGET: Target = {
  audience: 'https://as.example',
  tokenUrl: 'https://as.example/token',
  authMethods: [],
  signingAlgorithms: [],
}
const REQUEST_TOKEN = 'fake-request-token'

const sendNothing: Send = () => Promise.reject(new Error('There is nothing to send'))

const ENABLE_CLIENT_CREDENTIALS =
  'Check that the client credentials grant is enabled for this app (in Keycloak: service account).'

test.each<[Grant, [string, string][], string[], string | undefined, string]>([
  [
    { type: 'client_credentials' },
    [['grant_type', 'client_credentials']],
    [],
    // Nothing but the client authentication can be rejected.
    undefined,
    ENABLE_CLIENT_CREDENTIALS,
  ],
  [
    { type: 'refresh_token', refreshToken: 'fake&refresh' },
    [
      ['grant_type', 'refresh_token'],
      ['refresh_token', 'fake&refresh'],
    ],
    ['fake&refresh'],
    'The refresh token may have expired (Spotify: after 6 months), been revoked, or been replaced by a newer one. Obtain a new one and store it again.',
    'Check that the refresh token grant is enabled for this app.',
  ],
])(
  'adds parameters, secrets and advice without a request: %j',
  async (grant, parameters, secrets, advice, enable) => {
    const { advice: actual, ...proof } = await prepareGrant(grant, TARGET)(sendNothing)
    // No codes: servers reject these grants with the standard ones.
    expect(proof).toEqual({ parameters, secrets, codes: [], enable })
    expect(actual?.()).toBe(advice)
  },
)

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Starts GitHub's ID token endpoint with a different ID token for each request. */
async function startIdTokens() {
  const idTokens: string[] = []
  const server = await startServer(({ url }, response) => {
    const aud = new URL(url, 'http://localhost').searchParams.get('audience')
    const jti = idTokens.length
    const claims = { iss: 'https://github.example', sub: `repo:x ${REQUEST_TOKEN}`, aud, jti }
    idTokens.push(`${encode({ alg: 'RS256' })}.${encode(claims)}.fake`)
    response.end(JSON.stringify({ value: idTokens.at(-1) }))
  })
  const endpoint = { url: new URL(`${server.origin}/?x=1`), source: 'ACTIONS_ID_TOKEN_REQUEST_URL' }
  return Object.assign(server, { idTokens, idTokenRequest: { endpoint, requestToken: REQUEST_TOKEN } })
}

const send: Send = (request) => createSend(monotonicMs() + 10_000)(request)

const exchange = (idToken: string) => [
  ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
  ['subject_token', idToken],
  ['subject_token_type', 'urn:ietf:params:oauth:token-type:jwt'],
]
const bearer = (idToken: string) => [
  ['grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
  ['assertion', idToken],
]

test.each<['token_exchange' | 'jwt_bearer', string | undefined, string, (idToken: string) => string[][]]>([
  ['token_exchange', undefined, 'https://as.example', exchange],
  ['token_exchange', 'urn:x', 'urn:x', exchange],
  ['jwt_bearer', undefined, 'https://as.example', bearer],
  ['jwt_bearer', 'api://x y', 'api://x y', bearer],
])(
  'adds a new ID token for each attempt: %s with assertion-audience %s',
  async (type, audience, expected, toParameters) => {
    await using github = await startIdTokens()
    const printed = recordPrinted()
    try {
      const prove = prepareGrant({ type, idTokenRequest: github.idTokenRequest, audience }, TARGET)
      // Nothing is requested before it is used.
      expect(github.requests).toEqual([])
      const { advice: firstAdvice, ...first } = await prove(send)
      const { advice, ...second } = await prove(send)
      const [one, two] = github.idTokens as [string, string]
      const codes = ['invalid_request', 'access_denied']
      const name = type === 'token_exchange' ? 'token exchange' : 'JWT bearer'
      const rest = { codes, enable: `Check that the ${name} grant is enabled for this app.` }
      expect(first).toEqual({ parameters: toParameters(one), secrets: [REQUEST_TOKEN, one], ...rest })
      expect(second).toEqual({ parameters: toParameters(two), secrets: [REQUEST_TOKEN, one, two], ...rest })
      expect(printed.lines()).toEqual([`::add-mask::${one}`, `::add-mask::${two}`])
      for (const advise of [firstAdvice, advice]) {
        expect(advise?.()).toBe(
          `Check that the server trusts this ID token and that the grant is enabled for it. Its claims: iss=https://github.example, sub=repo:x ***, aud=${expected} (assertion-audience).`,
        )
      }
      expect(github.requests.map(({ url }) => url)).toEqual(
        [1, 2].map(() => `/?${new URLSearchParams({ x: '1', audience: expected })}`),
      )
    } finally {
      printed.restore()
    }
  },
)

test.each<['token_exchange' | 'jwt_bearer']>([['token_exchange'], ['jwt_bearer']])(
  'throws a Failure without an ID token: %s',
  async (type) => {
    await using github = await startServer((_request, response) => response.writeHead(403).end('{}'))
    const endpoint = { url: new URL(github.origin), source: 'ACTIONS_ID_TOKEN_REQUEST_URL' }
    const idTokenRequest = { endpoint, requestToken: REQUEST_TOKEN }
    const proving = prepareGrant({ type, idTokenRequest, audience: undefined }, TARGET)(send)
    const reason = await proving.catch((failure: Failure) => failure.reason)
    expect(reason).toMatch(/^the ID token request to /)
  },
)
