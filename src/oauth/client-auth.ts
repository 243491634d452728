import * as core from '@actions/core'
import type { Send } from '../http/send.ts'
import { adviseOnAssertion, adviseOnIdToken, adviseOnNoAuthentication, adviseOnSecret } from './advice.ts'
import type { Client } from './client.ts'
import { createIdTokenSource } from './github-id-token.ts'
import type { Target } from './metadata.ts'
import type { PrivateKey } from './private-key.ts'
import type { Parameter, Proof, Prove } from './proof.ts'

/**
 * Prepares the client authentication (RFC 6749, section 2.3; RFC 7523, section 2.2). What is the same for every request
 * is created and masked at once, an assertion for each attempt.
 * @throws Failure, from the function that it returns, if there is no ID token from GitHub
 */
export function prepareClientAuth(client: Client, target: Target): Prove {
  const { clientId, credentials } = client
  switch (credentials.method) {
    case 'client_secret_basic': {
      const proof = proveByBasic(client, credentials.clientSecret, target)
      return async () => proof
    }
    case 'client_secret_post': {
      const { clientSecret } = credentials
      return async () => ({
        parameters: [
          ['client_id', clientId],
          ['client_secret', clientSecret],
        ],
        secrets: [clientSecret],
        advice: () => adviseOnSecret(client, target),
      })
    }
    case 'client_secret_jwt': {
      const { clientSecret, audience = target.audience, algorithm: alg = 'HS256' } = credentials
      const key = new TextEncoder().encode(clientSecret)
      return proveByAssertion(clientId, [clientSecret], async () => ({
        assertion: await sign(clientId, audience, { alg }, key),
        advice: () => adviseOnAssertion(client, target, { alg, audience }),
      }))
    }
    case 'private_key_jwt': {
      const { privateKey, keyId: kid, audience = target.audience } = credentials
      const { algorithm: alg = chooseAlgorithm(privateKey, target) } = credentials
      const header = { alg, kid, 'x5t#S256': privateKey.certificateThumbprint }
      return proveByAssertion(clientId, [], async () => ({
        assertion: await sign(clientId, audience, header, privateKey.key),
        advice: () => adviseOnAssertion(client, target, { alg, audience }),
      }))
    }
    case 'github_oidc': {
      const { idTokenRequest, audience = target.audience } = credentials
      const requestIdToken = createIdTokenSource(idTokenRequest, audience)
      return proveByAssertion(clientId, [idTokenRequest.requestToken], async (send) => {
        const { idToken, describeClaims } = await requestIdToken(send)
        return { assertion: idToken, advice: () => adviseOnIdToken(client, target, describeClaims()) }
      })
    }
    case 'none':
      return async () => ({
        parameters: toClientId(clientId),
        secrets: [],
        advice: () => adviseOnNoAuthentication(client, target),
      })
  }
}

function proveByBasic(client: Client, clientSecret: string, target: Target): Proof {
  const { clientId } = client
  const credential = Buffer.from(`${encodeBasic(clientId)}:${encodeBasic(clientSecret)}`).toString('base64')
  // The runner recognizes the base64 of the secret, but not of the pair.
  core.setSecret(credential)
  const values = Object.entries({ 'client-id': clientId, 'client-secret': clientSecret })
  const encoded = values.filter(([, value]) => encodeBasic(value) !== value).map(([name]) => name)
  return {
    headers: { authorization: `Basic ${credential}` },
    parameters: [],
    secrets: [clientSecret, credential],
    advice: () => adviseOnSecret(client, target, encoded),
  }
}

/**
 * Encodes one half of the Basic credential (RFC 6749, section 2.3.1), but only the characters that need it: servers that
 * decode accept the others as they are, and some servers do not decode.
 */
export function encodeBasic(value: string): string {
  return value.toWellFormed().replace(/[%+:\s\p{Cc}]|[^\x20-\x7e]/gu, encodeURIComponent)
}

/** RFC 7521, section 4.2. `client_id` is optional there, but required by many servers. */
function proveByAssertion(
  clientId: string,
  secrets: readonly string[],
  create: (send: Send) => Promise<{ assertion: string; advice: () => string }>,
): Prove {
  // Earlier assertions are still valid, and a server may echo them late.
  const created: string[] = []
  return async (send) => {
    const { assertion, advice } = await create(send)
    created.push(assertion)
    return {
      parameters: [
        ...toClientId(clientId),
        ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
        ['client_assertion', assertion],
      ],
      secrets: [...created, ...secrets],
      advice,
    }
  }
}

function toClientId(clientId: string): readonly Parameter[] {
  return clientId === '' ? [] : [['client_id', clientId]]
}

const sign: typeof import('./client-assertion.ts').signClientAssertion = async (...args) => {
  // Loaded on demand: it is a third of the code, and most steps do not use it.
  const { signClientAssertion } = await import(/* webpackChunkName: "jose" */ './client-assertion.ts')
  const assertion = await signClientAssertion(...args)
  core.setSecret(assertion)
  return assertion
}

function chooseAlgorithm({ algorithms }: PrivateKey, { signingAlgorithms }: Target): string {
  return algorithms.find((name) => signingAlgorithms.includes(name)) ?? (algorithms[0] as string)
}
