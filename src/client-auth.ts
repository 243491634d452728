import * as core from '@actions/core'
import type { AssertionTarget } from './endpoints.ts'
import { describeIdToken, requestIdToken } from './github-id-token.ts'
import { type Credentials, type Inputs, type Parameter, TOKEN_URL_OF_SPOTIFY } from './inputs.ts'
import { printable } from './printable.ts'
import type { PrivateKey } from './private-key.ts'

export interface ClientAuthentication {
  readonly headers: Readonly<Record<string, string>>
  readonly parameters: readonly Parameter[]
  /** All that must not be shown when the server sends it back, in each form that it was sent in. */
  readonly secrets: readonly string[]
  /** What to check when the server refuses the credentials, and what is odd about them. */
  readonly cure: string
}

/** Makes what one attempt needs; the deadline is by the clock of `monotonicMs()`. */
export type Authenticate = (deadline: number) => Promise<ClientAuthentication>

const CHECK_SECRET =
  'Check that client-id and client-secret belong to the same app, and that the secret was not renewed after it was stored.'
const CHECK_CLOCK = 'Check, too, that the clock of the runner is right.'

/**
 * Prepares how the client proves who it is (RFC 6749, 2.3; RFC 7523, 2.2). What stays the same is made and masked at
 * once; an assertion, which a server takes only once, is made and masked for each attempt.
 * @throws Failure, from the function that it returns, where GitHub gives no ID token
 */
export function prepareAuthentication(
  { clientId, credentials }: Pick<Inputs, 'clientId' | 'credentials'>,
  target: AssertionTarget,
): Authenticate {
  const notes = findUnlisted(credentials, target)
  switch (credentials.method) {
    case 'client_secret_basic': {
      const authentication = authenticateBasic(clientId, credentials.clientSecret, target, notes)
      return async () => authentication
    }
    case 'client_secret_post': {
      const { clientSecret } = credentials
      const authentication = {
        headers: {},
        parameters: [
          ['client_id', clientId],
          ['client_secret', clientSecret],
        ] as const,
        secrets: [clientSecret, formEncode(clientSecret)],
        cure: noteAfter(CHECK_SECRET, [...findOddities(clientId, clientSecret, target), ...notes]),
      }
      return async () => authentication
    }
    case 'client_secret_jwt': {
      const { clientSecret, audience = target.audience } = credentials
      const key = new TextEncoder().encode(clientSecret)
      const cure = noteAfter(`${CHECK_SECRET} ${CHECK_CLOCK}`, [
        ...findOddities(clientId, clientSecret, target),
        ...notes,
      ])
      return byAssertions(clientId, [clientSecret], async () => ({
        assertion: await sign(clientId, audience, { alg: 'HS256' }, key),
        cure,
      }))
    }
    case 'private_key_jwt': {
      const { privateKey, keyId, audience = target.audience } = credentials
      const header = findHeader(privateKey, keyId, target)
      const cure = noteAfter(
        `Check that the public key of private-key is registered for client-id${keyId === undefined ? '' : ', under key-id'}, and that the server expects ${header.alg} and the audience ${audience} (assertion-audience). ${CHECK_CLOCK}`,
        notes,
      )
      return byAssertions(clientId, [], async () => ({
        assertion: await sign(clientId, audience, header, privateKey.key),
        cure,
      }))
    }
    case 'github_oidc': {
      const { idTokenRequest, audience = target.audience } = credentials
      return byAssertions(clientId, [], async (deadline, earlier) => {
        const assertion = await requestIdToken(idTokenRequest, audience, earlier, deadline)
        const cure = `Check that the server trusts this workflow for client-id. Its ID token says: ${describeIdToken(assertion, [idTokenRequest.requestToken, ...earlier, assertion])}.`
        return { assertion, cure }
      })
    }
  }
}

function authenticateBasic(
  clientId: string,
  clientSecret: string,
  target: AssertionTarget,
  notes: readonly string[],
): ClientAuthentication {
  const encodedSecret = formEncode(clientSecret)
  const credential = Buffer.from(`${formEncode(clientId)}:${encodedSecret}`).toString('base64')
  // The runner knows the base64 of the secret, but not of the pair.
  core.setSecret(credential)
  return {
    headers: { Authorization: `Basic ${credential}` },
    parameters: [],
    secrets: [clientSecret, encodedSecret, credential],
    cure: noteAfter(CHECK_SECRET, [
      ...findOddities(clientId, clientSecret, target),
      ...findEncoded(clientId, clientSecret),
      ...notes,
    ]),
  }
}

/** RFC 7521, 4.2; `client_id` is optional there, but wanted by many servers. */
function byAssertions(
  clientId: string,
  secrets: readonly string[],
  make: (deadline: number, earlier: readonly string[]) => Promise<{ assertion: string; cure: string }>,
): Authenticate {
  // Of the earlier attempts, too: what a server sends back late is still valid.
  const made: string[] = []
  return async (deadline) => {
    const { assertion, cure } = await make(deadline, made)
    made.push(assertion)
    return {
      headers: {},
      parameters: [
        ['client_id', clientId],
        ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
        ['client_assertion', assertion],
      ],
      secrets: [...made, ...secrets],
      cure,
    }
  }
}

const sign: typeof import('./client-assertion.ts').signClientAssertion = async (...args) => {
  // Loaded here, for it is a third of the code, and most never need it.
  const { signClientAssertion } = await import('./client-assertion.ts')
  const assertion = await signClientAssertion(...args)
  core.setSecret(assertion)
  return assertion
}

function findHeader(
  { algorithms, certificateThumbprint }: PrivateKey,
  keyId: string | undefined,
  { signingAlgorithms }: AssertionTarget,
) {
  const alg = algorithms.find((name) => signingAlgorithms.includes(name)) ?? (algorithms[0] as string)
  return { alg, kid: keyId, 'x5t#S256': certificateThumbprint }
}

/** The `application/x-www-form-urlencoded` form of one value (RFC 6749, appendix B). */
export function formEncode(value: string): string {
  return new URLSearchParams({ '': value }).toString().slice('='.length)
}

function noteAfter(cure: string, notes: readonly string[]): string {
  return [cure, ...notes.map((note) => `Note that ${note}.`)].join(' ')
}

function findOddities(
  clientId: string,
  clientSecret: string,
  { audience: tokenUrl }: AssertionTarget,
): string[] {
  const oddities = []
  if (tokenUrl === TOKEN_URL_OF_SPOTIFY && !/^[0-9a-f]{32}$/.test(clientId)) {
    oddities.push(
      'the request went to Spotify, whose IDs look otherwise: if it is for another server, token-url is missing, or issuer came empty',
    )
  }
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

/** A server may take more than its metadata says, so it is told only when it refuses. */
function findUnlisted(credentials: Credentials, { authMethods }: AssertionTarget): string[] {
  const { method } = credentials
  if (authMethods.length === 0 || authMethods.includes(method)) return []
  const secrets = 'clientSecret' in credentials ? [credentials.clientSecret] : []
  return [`the metadata of the server lists ${printable(authMethods.join(', '), secrets)}, but not ${method}`]
}
