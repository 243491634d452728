/** What the stand-ins that verify assertions take, and what they refuse. */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'
import { generate } from 'selfsigned'
import {
  GITHUB_SUBJECT,
  ID_TOKEN_REQUEST,
  type ProviderStandIns,
  startProviders,
} from '../../../dev/servers/provider-stand-ins.ts'

const OKTA_TOKEN_URL = 'https://your-org.okta.com/oauth2/v1/token'
const ENTRA_TOKEN_URL = 'https://login.microsoftonline.com/fake-entra-tenant-id/oauth2/v2.0/token'
const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com'

const okta = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const github = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
let entra: KeyObject
let thumbprint: string
let providers: ProviderStandIns

beforeAll(async () => {
  const app = generateKeyPairSync('rsa', { modulusLength: 2048 })
  entra = app.privateKey
  const pem = (key: KeyObject, type: 'pkcs8' | 'spki') => key.export({ type, format: 'pem' }).toString()
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'Fake app' }], {
    keyPair: { privateKey: pem(app.privateKey, 'pkcs8'), publicKey: pem(app.publicKey, 'spki') },
  })
  thumbprint = createHash('sha256').update(new X509Certificate(cert).raw).digest('base64url')
  const keys = { okta: createPublicKey(okta), entraCertificate: cert, github }
  providers = await startProviders(keys, { key, cert })
})

afterAll(async () => await providers[Symbol.asyncDispose]())

/** Sends a request to one of the providers, wherever its host would be. */
async function send(url: string, form?: Record<string, string>, authorization = '') {
  const { host, pathname, search } = new URL(url)
  const headers = { host, authorization, 'content-type': 'application/x-www-form-urlencoded' }
  const method = form ? 'POST' : 'GET'
  const { port } = new URL(providers.origin)
  return await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const options = { port, method, path: pathname + search, headers, rejectUnauthorized: false }
    request(options, async (message) => {
      resolve({ status: message.statusCode ?? 0, body: await text(message) })
    })
      .on('error', reject)
      .end(form && new URLSearchParams(form).toString())
  })
}

interface Assertion {
  readonly header?: Partial<JWTHeaderParameters>
  readonly claims?: JWTPayload
  readonly key?: () => KeyObject
}

const now = Math.floor(Date.now() / 1000)

async function askWith(
  url: string,
  clientId: string,
  scope: string,
  header: JWTHeaderParameters,
  claims: JWTPayload,
  key: KeyObject,
) {
  const times = { iat: now, nbf: now, exp: now + 60, jti: 'fake-jti' }
  const assertion = await new SignJWT({ ...times, ...claims }).setProtectedHeader(header).sign(key)
  return await send(url, {
    grant_type: 'client_credentials',
    scope,
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  })
}

test.each<[name: string, assertion: Assertion, told: string]>([
  ['the assertion as it should be', {}, '"access_token":"fake-token-'],
  ['one that is over', { claims: { exp: now - 1 } }, 'The client_assertion token is expired.'],
  ['one for two hours', { claims: { exp: now + 7200 } }, 'too far into the future'],
  ['another audience', { claims: { aud: 'https://your-org.okta.com' } }, 'must be the endpoint invoked'],
  ['another issuer', { claims: { iss: 'fake-other-client' } }, 'invalid iss'],
  ['another key ID', { header: { kid: 'fake-other-key' } }, 'signature is invalid'],
  ['another key', { key: () => stranger }, 'signature is invalid'],
  ['PS256', { header: { alg: 'PS256' } }, 'signature is invalid'],
])('Okta: %s', async (_name, { header, claims, key = () => okta }, told) => {
  const id = 'fake-okta-client-id'
  const { body } = await askWith(
    OKTA_TOKEN_URL,
    id,
    'okta.users.read',
    { alg: 'RS256', kid: 'fake-okta-key-id', ...header },
    { iss: id, sub: id, aud: OKTA_TOKEN_URL, ...claims },
    key(),
  )
  expect(body).toContain(told)
})

test.each<[name: string, assertion: Assertion, told: string]>([
  ['the assertion as it should be', {}, '"access_token":"fake-token-'],
  ['one that is over', { claims: { exp: now - 1 } }, 'AADSTS700024: '],
  [
    'the issuer as audience',
    { claims: { aud: 'https://login.microsoftonline.com/x/v2.0' } },
    'AADSTS700023: ',
  ],
  ['two audiences', { claims: { aud: [ENTRA_TOKEN_URL, 'https://other.example'] } }, 'AADSTS5002741: '],
  ['no thumbprint', { header: { 'x5t#S256': undefined } }, 'AADSTS700027: The certificate'],
  ['another thumbprint', { header: { 'x5t#S256': 'fake' } }, 'AADSTS700027: The certificate'],
  ['RS256', { header: { alg: 'RS256' } }, 'AADSTS700027: Client assertion failed'],
  ['another key', { key: () => stranger }, 'AADSTS700027: Client assertion failed'],
])('Entra ID: %s', async (_name, { header, claims, key = () => entra }, told) => {
  const id = 'fake-entra-client-id'
  const { body } = await askWith(
    ENTRA_TOKEN_URL,
    id,
    'https://graph.microsoft.com/.default',
    { alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint, ...header },
    { iss: id, sub: id, aud: ENTRA_TOKEN_URL, ...claims },
    key(),
  )
  expect(body).toContain(told)
})

test.each<[name: string, assertion: Assertion, told: string]>([
  ['the ID token as it should be', {}, '"access_token":"fake-token-'],
  ['another audience', { claims: { aud: ENTRA_TOKEN_URL } }, 'AADSTS700212: '],
  [
    'another branch',
    { claims: { sub: GITHUB_SUBJECT.replace('main', 'other') } },
    'AADSTS700213: No matching federated identity record found for presented assertion subject',
  ],
  ['one that GitHub did not sign', { key: () => stranger }, 'AADSTS700027: '],
])('Entra ID, with an ID token: %s', async (_name, { claims, key = () => github }, told) => {
  const { body } = await askWith(
    ENTRA_TOKEN_URL,
    'fake-entra-client-id',
    'https://graph.microsoft.com/.default',
    { alg: 'RS256', typ: 'JWT' },
    { iss: GITHUB_ISSUER, sub: GITHUB_SUBJECT, aud: 'api://AzureADTokenExchange', ...claims },
    key(),
  )
  expect(body).toContain(told)
})

test('GitHub gives an ID token to whom the runner gave the right to ask', async () => {
  const url = `${ID_TOKEN_REQUEST.url}&audience=fake-audience`
  expect(await send(url)).toEqual({ status: 401, body: '' })
  const { status, body } = await send(url, undefined, `Bearer ${ID_TOKEN_REQUEST.token}`)
  expect(status).toBe(200)
  const [, claims = ''] = JSON.parse(body).value.split('.')
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
    iss: GITHUB_ISSUER,
    sub: GITHUB_SUBJECT,
    aud: 'fake-audience',
  })
})
