/** The built action's grants: the requests with each client authentication method, retries, masks and errors. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { jwtVerify, SignJWT } from 'jose'
import type { StepResult } from '../../dev/runner/fake-runner.ts'
import { type LoopbackServer, type ReceivedRequest, startServer } from '../../dev/servers/loopback-server.ts'
import { encodedForms, startCheckedJob } from '../leaks.ts'

const SECRET = 'fake-9f8e7d6c5b4a3210'
const REFRESH_TOKEN = 'fake-0f1e2d3c4b5a6978'
const ACCESS_TOKEN = 'fake-9c1d7a5e3b8f2046'
const REQUEST_TOKEN = 'fake-76543210fedcba98'
const BASIC = `Basic ${Buffer.from(`fake-id:${SECRET}`).toString('base64')}`

/** How the log lines start; the unit tests assert the rest of their words. */
const REQUESTING = 'Requesting an access token from'
const FAILED = '::error::Could not get an access token from'
const REPLACED = '::warning::The server returned a new refresh token'
const WAIT = /; retrying in \d+\.\d s \(attempt 2\b.*\)$/
const SUCCESS = /^Got a Bearer token/

const newRsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const app = newRsa()
const github = newRsa()

/** https://docs.github.com/en/actions/reference/security/oidc */
const CLAIMS = {
  iss: 'https://token.actions.githubusercontent.com',
  sub: 'repo:fake-org/fake-repo:ref:refs/heads/main',
  ref: 'refs/heads/main',
  sha: '0123456789abcdef0123456789abcdef01234567',
  repository: 'fake-org/fake-repo',
  repository_owner: 'fake-org',
  run_id: '1234567890',
  event_name: 'push',
  job_workflow_ref: 'fake-org/fake-repo/.github/workflows/ci.yml@refs/heads/main',
  runner_environment: 'github-hosted',
}

/** Starts GitHub's ID token endpoint (`permissions: id-token: write`). Its ID tokens are valid for 5 minutes. */
async function startGithub() {
  const idTokens: string[] = []
  const server = await startServer(async ({ url, headers }, response) => {
    if (headers.authorization !== `Bearer ${REQUEST_TOKEN}`) return response.writeHead(401).end()
    const idToken = await new SignJWT(CLAIMS)
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'fake-github-key-id' })
      .setAudience(new URL(url, 'http://localhost').searchParams.get('audience') ?? '')
      .setJti(crypto.randomUUID())
      .setIssuedAt()
      .setNotBefore('-5m')
      .setExpirationTime('5m')
      .sign(github)
    idTokens.push(idToken)
    return response.end(JSON.stringify({ count: 1, value: idToken }))
  })
  const env = {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${server.origin}/idtoken?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
  }
  return Object.assign(server, { env, idTokens })
}

type Respond = (response: ServerResponse, request: ReceivedRequest) => void
type Values = Readonly<Record<string, string>>

const json =
  (members: object, status = 200): Respond =>
  (response) =>
    response.writeHead(status).end(JSON.stringify(members))
const TOKEN = { access_token: ACCESS_TOKEN, token_type: 'Bearer', expires_in: 300 }

/** Runs main and post against a server, with one response of the token endpoint after the other. */
async function run(
  inputs: Values | ((origin: string) => Values),
  responses: readonly Respond[] = [json(TOKEN)],
  env: Values = {},
) {
  await using hub = await startGithub()
  let count = 0
  await using server: LoopbackServer = await startServer((request, response) => {
    if (request.url !== '/token') return response.end()
    const respond = responses[count]
    count += 1
    return respond ? respond(response, request) : response.writeHead(418).end()
  })
  const tokenUrl = `${server.origin}/token`
  const given = typeof inputs === 'function' ? inputs(server.origin) : inputs
  const job = startCheckedJob({ env: { ...hub.env, ...env } })
  const main = await job.runAction({ with: { 'token-url': tokenUrl, ...given } })
  const [post] = (await job.runPostSteps()) as [StepResult]
  const { host } = new URL(server.origin)
  return { main, post, requests: server.requests, idTokens: hub.idTokens, tokenUrl, host }
}

const ID_TOKEN_GRANTS = ['token_exchange', 'jwt_bearer']

/** For each grant the inputs, and the parameters in the request. */
const GRANTS: Readonly<Record<string, { inputs: Values; form: string }>> = {
  client_credentials: {
    inputs: {},
    form: 'grant_type=client_credentials',
  },
  token_exchange: {
    inputs: { 'grant-type': 'token_exchange' },
    form: 'grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=<ID-token>&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt',
  },
  jwt_bearer: {
    inputs: { 'grant-type': 'jwt_bearer' },
    form: 'grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=<ID-token>',
  },
  refresh_token: {
    inputs: { 'grant-type': 'refresh_token', 'refresh-token': REFRESH_TOKEN },
    form: `grant_type=refresh_token&refresh_token=${REFRESH_TOKEN}`,
  },
}

const ASSERTION_TYPE =
  'client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer'
const ID = { 'client-id': 'fake-id' }
const ID_AND_SECRET = { ...ID, 'client-secret': SECRET }

/** For each client authentication method the inputs, the header, and the parameters in the request. */
const METHODS: Readonly<Record<string, { inputs: Values; authorization?: string; form: string }>> = {
  client_secret_basic: {
    inputs: ID_AND_SECRET,
    authorization: BASIC,
    form: '',
  },
  client_secret_post: {
    inputs: { ...ID_AND_SECRET, 'auth-method': 'client_secret_post' },
    form: `client_id=fake-id&client_secret=${SECRET}`,
  },
  client_secret_jwt: {
    inputs: { ...ID_AND_SECRET, 'auth-method': 'client_secret_jwt' },
    form: `client_id=fake-id&${ASSERTION_TYPE}&client_assertion=<assertion>`,
  },
  private_key_jwt: {
    inputs: {
      ...ID,
      'auth-method': 'private_key_jwt',
      'private-key': app.export({ format: 'pem', type: 'pkcs8' }) as string,
    },
    form: `client_id=fake-id&${ASSERTION_TYPE}&client_assertion=<assertion>`,
  },
  github_oidc: {
    inputs: { ...ID, 'auth-method': 'github_oidc' },
    form: `client_id=fake-id&${ASSERTION_TYPE}&client_assertion=<ID-token>`,
  },
  none: {
    inputs: { ...ID, 'auth-method': 'none' },
    form: 'client_id=fake-id',
  },
  'github_oidc without a client-id': {
    inputs: { 'auth-method': 'github_oidc' },
    form: `${ASSERTION_TYPE}&client_assertion=<ID-token>`,
  },
  'none without a client-id': {
    inputs: {},
    form: '',
  },
}

/** The action refuses the other combinations. */
function isSupported(grant: string, method: string): boolean {
  if (ID_TOKEN_GRANTS.includes(grant)) return true
  return !method.includes('without') && !(grant === 'client_credentials' && method === 'none')
}

const ROWS = Object.keys(GRANTS).flatMap((grant) =>
  Object.keys(METHODS)
    .filter((method) => isSupported(grant, method))
    .map((method) => [grant, method] as const),
)

const JWT = /\bey[\w-]+\.[\w-]+\.[\w-]+/g

/** The keys of the JWTs, with their placeholders and their lifetimes in seconds. */
const KEYS = [
  { placeholder: '<ID-token>', key: createPublicKey(github), lifetime: 300 },
  { placeholder: '<assertion>', key: createPublicKey(app), lifetime: 90 },
  { placeholder: '<assertion>', key: new TextEncoder().encode(SECRET), lifetime: 90 },
]

/** The body with a placeholder for each JWT, whose signature, audience and lifetime are verified. */
async function hideJwts(body: string, audience: string): Promise<string> {
  let text = body
  for (const [jwt] of body.matchAll(JWT)) {
    const verifying = KEYS.map(async ({ placeholder, key, lifetime }) => {
      const { payload } = await jwtVerify(jwt, key, { audience })
      return { placeholder, lifetime, payload }
    })
    const { placeholder, lifetime, payload } = await Promise.any(verifying)
    expect(Number(payload.exp) - Number(payload.iat)).toBe(lifetime)
    text = text.replace(jwt, placeholder)
  }
  return text
}

const joinForms = (...forms: readonly string[]) => forms.filter((form) => form !== '').join('&')

/** A form as JSON. */
const toJson = (form: string) => JSON.stringify(Object.fromEntries(new URLSearchParams(form)))

describe.each(['form', 'json'])('the request as %s', (format) => {
  test.each(ROWS)('of %s with %s, and its revocation', async (grantName, methodName) => {
    const grant = GRANTS[grantName] as (typeof GRANTS)[string]
    const method = METHODS[methodName] as (typeof METHODS)[string]
    const isRevoked = grantName !== 'refresh_token'
    const { main, post, requests, tokenUrl, host } = await run((origin) => ({
      ...grant.inputs,
      ...method.inputs,
      ...(isRevoked && { 'revocation-url': `${origin}/revoke` }),
      'request-format': format,
    }))
    expect(main).toMatchObject({ exitCode: 0, outputs: { 'access-token': ACCESS_TOKEN } })
    expect(main.log.filter(({ kind }) => kind === 'warning' || kind === 'error')).toEqual([])
    expect(post.exitCode).toBe(0)
    expect(post.printed.filter((line) => !line.startsWith('::add-mask::'))).toEqual(
      isRevoked ? [`Revoked the access token at ${host}`] : [],
    )

    const { authorization } = method
    const form = joinForms(grant.form, method.form)
    const sent = requests.map(async ({ method, url, headers, body }) => ({
      line: `${method} ${url}`,
      authorization: headers.authorization,
      type: headers['content-type'],
      body: await hideJwts(body, tokenUrl),
    }))
    const FORM = 'application/x-www-form-urlencoded'
    expect(await Promise.all(sent)).toEqual([
      {
        line: 'POST /token',
        authorization,
        ...(format === 'form'
          ? { type: FORM, body: form }
          : { type: 'application/json', body: toJson(form) }),
      },
      ...(isRevoked
        ? [
            {
              line: 'POST /revoke',
              authorization,
              type: FORM,
              body: joinForms(`token=${ACCESS_TOKEN}&token_type_hint=access_token`, method.form),
            },
          ]
        : []),
    ])
  })
})

test('sends every parameter as JSON, an array for a repeated one', async () => {
  const { requests } = await run({
    ...METHODS['client_secret_post']?.inputs,
    'grant-type': 'token_exchange',
    'request-format': 'json',
    scope: 'read\nwrite',
    audience: 'https://api.example',
    resource: 'urn:a\nurn:b',
    'extra-params': 'subject_token_type=urn:x\ntenant="ü"',
  })
  const [{ headers, body } = { headers: {}, body: '' }] = requests
  expect(body.replaceAll(JWT, '<ID-token>')).toBe(
    `{"grant_type":"urn:ietf:params:oauth:grant-type:token-exchange","subject_token":"<ID-token>","scope":"read write","audience":"https://api.example","resource":["urn:a","urn:b"],"subject_token_type":"urn:x","tenant":"\\"ü\\"","client_id":"fake-id","client_secret":"${SECRET}"}`,
  )
  expect(headers).toEqual({
    accept: 'application/json',
    connection: 'close',
    'content-length': String(Buffer.byteLength(body)),
    'content-type': 'application/json',
    host: expect.any(String),
    'user-agent': expect.stringMatching(/^client-credentials-token\//),
  })
})

test.each(ID_TOKEN_GRANTS)(
  'requests ID tokens for assertion-audience, that of the client authentication, too: %s',
  async (grant) => {
    const { main, idTokens } = await run({
      'grant-type': grant,
      'auth-method': 'github_oidc',
      'assertion-audience': 'api://x y',
    })
    expect(main.exitCode).toBe(0)
    for (const idToken of idTokens) {
      const { payload } = await jwtVerify(idToken, createPublicKey(github), { audience: 'api://x y' })
      expect(payload).toMatchObject(CLAIMS)
    }
    expect(idTokens).toHaveLength(2)
  },
)

/** Prints the path of each request before it is sent. */
const HOOK = `
  const { ClientRequest } = require('http')
  const { end } = ClientRequest.prototype
  ClientRequest.prototype.end = function (...args) {
    console.log('sending ' + this.path.split('?')[0])
    return end.apply(this, args)
  }
`
const BUSY = json({}, 503)
const mask = (secret: string | undefined) => `::add-mask::${secret}`

describe('masks before use, and retries', () => {
  let folder: string
  let env: Values

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sending-'))
    writeFileSync(join(folder, 'hook.cjs'), HOOK)
    env = { NODE_OPTIONS: `--require=${join(folder, 'hook.cjs')}` }
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  const assertionIn = ({ body }: ReceivedRequest) => new URLSearchParams(body).get('assertion')
  const tokensIn = ({ body }: ReceivedRequest) => {
    const form = new URLSearchParams(body)
    return [form.get('subject_token'), form.get('client_assertion')]
  }

  test('a new ID token for each attempt', async () => {
    const { main, idTokens, requests, host } = await run(
      { 'grant-type': 'jwt_bearer' },
      [BUSY, json(TOKEN)],
      env,
    )
    const [first, second] = idTokens
    expect(new Set(idTokens).size).toBe(2)
    expect(requests.map(assertionIn)).toEqual([first, second])
    expect(main.printed).toEqual([
      mask(REQUEST_TOKEN),
      `${REQUESTING} ${host}`,
      'sending /idtoken',
      mask(first),
      'sending /token',
      expect.stringMatching(WAIT),
      'sending /idtoken',
      mask(second),
      'sending /token',
      mask(ACCESS_TOKEN),
      expect.stringMatching(SUCCESS),
    ])
  })

  test('a new ID token for each attempt of the grant and of github_oidc', async () => {
    const { main, idTokens, requests, host } = await run(
      { ...ID, 'grant-type': 'token_exchange', 'auth-method': 'github_oidc' },
      [BUSY, json(TOKEN)],
      env,
    )
    expect(new Set(idTokens).size).toBe(4)
    expect(requests.flatMap(tokensIn)).toEqual(idTokens)
    const attempt = (tokens: readonly string[]) => [
      ...tokens.flatMap((idToken) => ['sending /idtoken', mask(idToken)]),
      'sending /token',
    ]
    expect(main.printed).toEqual([
      mask(REQUEST_TOKEN),
      mask(REQUEST_TOKEN),
      `${REQUESTING} ${host}`,
      ...attempt(idTokens.slice(0, 2)),
      expect.stringMatching(WAIT),
      ...attempt(idTokens.slice(2)),
      mask(ACCESS_TOKEN),
      expect.stringMatching(SUCCESS),
    ])
  })

  test('a refresh token, which is the same in each attempt, and the one that replaces it', async () => {
    const { main, requests, host } = await run(
      { ...ID_AND_SECRET, 'grant-type': 'refresh_token', 'refresh-token': `${REFRESH_TOKEN}\n` },
      [BUSY, json({ ...TOKEN, refresh_token: 'fake-1122334455667788' })],
      env,
    )
    expect(new Set(requests.map(({ body }) => body))).toEqual(
      new Set([`grant_type=refresh_token&refresh_token=${REFRESH_TOKEN}`]),
    )
    expect(main.printed).toEqual([
      mask(SECRET),
      mask(REFRESH_TOKEN),
      mask(BASIC.replace('Basic ', '')),
      `${REQUESTING} ${host}`,
      'sending /token',
      expect.stringMatching(WAIT),
      'sending /token',
      mask(ACCESS_TOKEN),
      mask('fake-1122334455667788'),
      expect.stringContaining(REPLACED),
      expect.stringMatching(SUCCESS),
    ])
    expect(main.outputs).toEqual({
      'access-token': ACCESS_TOKEN,
      'shared-token': '',
      'token-type': 'Bearer',
      'expires-in': '300',
      'expires-at': expect.any(String),
      scope: '',
    })
  })
})

test('retries, with new ID tokens, if the ID token endpoint is busy', async () => {
  await using hub = await startGithub()
  let count = 0
  await using busy = await startServer(async ({ url, headers }, response) => {
    count += 1
    if (count === 2) return response.writeHead(503).end()
    const { authorization = '' } = headers
    const source = await fetch(`${hub.origin}${url}`, { headers: { authorization } })
    return response.end(await source.text())
  })
  const { main, requests } = await run(
    { ...ID, 'grant-type': 'token_exchange', 'auth-method': 'github_oidc' },
    [json(TOKEN)],
    { ACTIONS_ID_TOKEN_REQUEST_URL: `${busy.origin}/idtoken?api-version=2.0` },
  )
  expect(main.exitCode).toBe(0)
  // The ID token of the failed attempt is not used again.
  const { body } = requests[0] as ReceivedRequest
  const form = new URLSearchParams(body)
  expect([form.get('subject_token'), form.get('client_assertion')]).toEqual(hub.idTokens.slice(1))
  expect(hub.idTokens).toHaveLength(3)
})

test.each([
  ['token_exchange', 400, 'invalid_grant'],
  ['jwt_bearer', 400, 'invalid_grant'],
  // RFC 8693, section 2.2.2.
  ['token_exchange', 400, 'invalid_request'],
  // Keycloak.
  ['jwt_bearer', 403, 'access_denied'],
])('shows the claims of an ID token of %s that is rejected by %i %s', async (grant, status, error) => {
  const body = { error, error_description: 'Token reuse detected' }
  const { main, requests, tokenUrl, host } = await run({ 'grant-type': grant }, [json(body, status)])
  expect(main).toMatchObject({ exitCode: 1, outputs: {} })
  const errors = main.printed.filter((line) => line.startsWith('::error::'))
  expect(errors).toEqual([
    expect.stringContaining(`${FAILED} ${host}: HTTP ${status} ${error} (Token reuse detected). `),
  ])
  expect(errors[0]).toContain(`iss=${CLAIMS.iss}, sub=${CLAIMS.sub}, aud=${tokenUrl} (assertion-audience)`)
  expect(requests).toHaveLength(1)
})

test('fails with one error if the server rejects a refresh token', async () => {
  const { main, requests, host } = await run({ ...ID_AND_SECRET, ...GRANTS['refresh_token']?.inputs }, [
    json({ error: 'invalid_grant', error_description: 'Refresh token revoked' }, 400),
  ])
  expect(main).toMatchObject({ exitCode: 1, outputs: {} })
  expect(main.printed.slice(3)).toEqual([
    `${REQUESTING} ${host}`,
    expect.stringContaining(`${FAILED} ${host}: HTTP 400 invalid_grant (Refresh token revoked). `),
  ])
  expect(requests).toHaveLength(1)
})

test.each([
  ['form', 'json'],
  ['json', 'form'],
])('advises to change the request-format %s if the server returns 415', async (format, other) => {
  const { main } = await run({ ...ID_AND_SECRET, 'request-format': format }, [json({}, 415)])
  expect(main.exitCode).toBe(1)
  expect(main.printed.at(-1)).toContain(`HTTP 415. Set request-format to ${other}`)
})

test.each(['<id>', '"quotes"'])('passes on a token that is not an access token: %s', async (more) => {
  const { main } = await run({ 'grant-type': 'token_exchange' }, [
    json({
      access_token: `${ACCESS_TOKEN}${more}`,
      token_type: 'N_A',
      issued_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    }),
  ])
  expect(main).toMatchObject({
    exitCode: 0,
    outputs: { 'access-token': `${ACCESS_TOKEN}${more}`, 'token-type': 'N_A', 'expires-in': '' },
  })
  expect(main.printed.at(-1)).toMatch(/^Got a token of type id_token;/)
})

const SPECIAL_REFRESH_TOKEN = 'fake/Zk7&xQ2+"<9876543210>=='

test.each(encodedForms(SPECIAL_REFRESH_TOKEN))(
  'redacts the refresh token if the server echoes it as %s',
  async (form) => {
    const { main } = await run(
      { ...ID_AND_SECRET, 'grant-type': 'refresh_token', 'refresh-token': SPECIAL_REFRESH_TOKEN },
      [json({ error: 'invalid_grant', error_description: `${'x'.repeat(485)} (${form})` }, 400)],
    )
    expect(main).toMatchObject({ exitCode: 1, outputs: {} })
    // Redacted before it is truncated: a part of the word would be readable otherwise.
    expect(main.printed.at(-1)).toContain('x ***). ')
  },
)

test('redacts the ID tokens of all attempts if the server echoes a part of each', async () => {
  const sent: string[] = []
  const echo: Respond = (response, { body }) => {
    for (const [jwt] of body.matchAll(JWT)) sent.push(jwt)
    // A part of the signatures, because the ID tokens start alike.
    const error_description = `${sent.map((jwt) => jwt.slice(-100)).join(' ')} x`
    const status = sent.length < 4 ? 503 : 400
    response.writeHead(status).end(JSON.stringify({ error: 'invalid_grant', error_description }))
  }
  const { main, idTokens } = await run(
    { ...ID, 'grant-type': 'token_exchange', 'auth-method': 'github_oidc' },
    [echo, echo],
  )
  expect(sent).toEqual(idTokens)
  expect(main.printed.at(-1)).toContain('(*** *** *** *** x)')
})

const NO_PERMISSION = { ACTIONS_ID_TOKEN_REQUEST_TOKEN: '' }
const REFRESH = { ...ID_AND_SECRET, ...GRANTS['refresh_token']?.inputs }

test.each<[string, Values, Values]>([
  ['grant-type must', { 'grant-type': 'password' }, {}],
  ['grant-type token_exchange requires', { 'grant-type': 'token_exchange' }, NO_PERMISSION],
  ['grant-type jwt_bearer requires', { 'grant-type': 'jwt_bearer' }, NO_PERMISSION],
  ['refresh-token cannot', { ...ID_AND_SECRET, 'refresh-token': REFRESH_TOKEN }, {}],
  ['refresh-token is empty', { ...REFRESH, 'refresh-token': '' }, {}],
  ['revocation-url cannot', { ...REFRESH, 'revocation-url': 'https://as.example/revoke' }, {}],
  ['client-secret cannot', { ...REFRESH, 'auth-method': 'none' }, {}],
  ['client-id is empty', { ...REFRESH, 'client-id': '' }, {}],
  ['auth-method none cannot', { ...ID, 'auth-method': 'none' }, {}],
  ['extra-params cannot', { 'grant-type': 'jwt_bearer', 'extra-params': 'assertion=x' }, {}],
  ['request-format must', { ...ID_AND_SECRET, 'request-format': 'xml' }, {}],
])('sends nothing if %s', async (start, inputs, env) => {
  const { main, post, requests, idTokens } = await run(inputs, [], env)
  expect(main).toMatchObject({ exitCode: 1, outputs: {} })
  expect(main.printed.filter((line) => !line.startsWith('::add-mask::'))).toEqual([
    expect.stringMatching(new RegExp(`^::error::${start}\\b`)),
  ])
  expect(post).toMatchObject({ exitCode: 0, printed: [] })
  expect({ requests, idTokens }).toEqual({ requests: [], idTokens: [] })
})

test('revokes nothing with a refresh token, even with a forged state', async () => {
  const { post, requests } = await run(
    REFRESH,
    [json(TOKEN)],
    // An earlier step can set the variable through GITHUB_ENV.
    { STATE_revocation: JSON.stringify({ accessToken: ACCESS_TOKEN, metadata: {} }) },
  )
  expect(post).toMatchObject({ exitCode: 0, printed: [] })
  expect(requests.map(({ url }) => url)).toEqual(['/token'])
})
