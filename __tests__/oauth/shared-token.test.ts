import { randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from '@jest/globals'
import { CompactEncrypt, type CompactJWEHeaderParameters, jwtDecrypt } from 'jose'
import { decryptToken, encryptToken } from '../../src/oauth/shared-token.ts'
import type { Token } from '../../src/oauth/token.ts'

const KEY = randomBytes(32)
const RUN = 'https://github.com/fake/repository/actions/runs/42'
const CONTEXT = { key: KEY, run: RUN }
const REQUEST = {
  server: 'https://as.example/token',
  'client-id': 'fake-id',
  'grant-type': 'client_credentials',
  scope: 'read write',
  audience: 'urn:a',
  resource: 'urn:b urn:c',
}
/** When the token was requested. */
const START = Date.parse('2026-11-23T18:00:00Z')
const START_SECONDS = START / 1000
const TOKEN: Token = {
  accessToken: 'fake-token',
  tokenType: 'Bearer',
  scope: 'read',
  lifetime: { seconds: 3600, expiresAt: new Date(START + 3_600_000) },
}
const HEADER = { alg: 'dir', enc: 'A256GCM', typ: 'JWT' }
const CLAIMS = {
  aud: RUN,
  access_token: 'fake-token',
  token_type: 'Bearer',
  scope: 'read',
  iat: START_SECONDS,
  exp: START_SECONDS + 3600,
  request: REQUEST,
}

const withLifetime = (seconds: number): Token => ({
  ...TOKEN,
  lifetime: { seconds, expiresAt: new Date(START + seconds * 1000) },
})

/** Encrypts what the action itself would not. */
async function encryptText(text: string, header: CompactJWEHeaderParameters = HEADER): Promise<string> {
  return await new CompactEncrypt(new TextEncoder().encode(text)).setProtectedHeader(header).encrypt(KEY)
}

let text: string

beforeAll(async () => {
  text = await encryptToken(TOKEN, REQUEST, CONTEXT, new Date(START))
})

test('encrypts a JWT that only the key decrypts (RFC 7516, section 3.1)', async () => {
  const options = { audience: RUN, currentDate: new Date(START) }
  const { protectedHeader, payload } = await jwtDecrypt(text, KEY, options)
  expect(protectedHeader).toEqual(HEADER)
  expect(payload).toEqual(CLAIMS)
  await expect(jwtDecrypt(text, randomBytes(32), options)).rejects.toThrow('decryption operation failed')
})

test('encrypts a token without a lifetime as a JWT without exp', async () => {
  const { payload } = await jwtDecrypt(
    await encryptToken({ ...TOKEN, lifetime: undefined }, REQUEST, CONTEXT, new Date(START)),
    KEY,
  )
  const { exp, ...claims } = CLAIMS
  expect(payload).toEqual(claims)
})

test('rounds the expiration time down to a second', async () => {
  const expiresAt = new Date(START + 3_600_999)
  const lifetime = { seconds: 3600, expiresAt }
  const { payload } = await jwtDecrypt(
    await encryptToken({ ...TOKEN, lifetime }, REQUEST, CONTEXT, new Date(START)),
    KEY,
    {
      currentDate: new Date(START),
    },
  )
  expect(payload).toMatchObject({ iat: START_SECONDS, exp: START_SECONDS + 3600 })
})

// A nonce that is used twice with one key reveals both texts (NIST SP 800-38D, section 8).
test('encrypts the same token with a new nonce of 96 bits each time', async () => {
  const texts = await Promise.all(
    Array.from({ length: 1000 }, () => encryptToken(TOKEN, REQUEST, CONTEXT, new Date(START))),
  )
  const nonces = texts.map((text) => text.split('.')[2] ?? '')
  expect(new Set(nonces).size).toBe(1000)
  for (const nonce of nonces) expect(Buffer.from(nonce, 'base64url')).toHaveLength(12)
})

test.each<[string, Token, object]>([
  ['with its remaining lifetime', TOKEN, { seconds: 3540, expiresAt: TOKEN.lifetime?.expiresAt }],
  ['of another type, without a scope', { ...TOKEN, tokenType: 'N_A', scope: '' }, { seconds: 3540 }],
])('decrypts a token %s', async (_name, token, lifetime) => {
  const encrypted = await encryptToken(token, REQUEST, CONTEXT, new Date(START))
  expect(await decryptToken(encrypted, REQUEST, CONTEXT, new Date(START + 60_000))).toEqual({
    ...token,
    lifetime: expect.objectContaining(lifetime),
  })
})

test('uses a token without a lifetime for an hour', async () => {
  const token = { ...TOKEN, lifetime: undefined }
  const encrypted = await encryptToken(token, REQUEST, CONTEXT, new Date(START))
  const decryptAfter = (seconds: number) =>
    decryptToken(encrypted, REQUEST, CONTEXT, new Date(START + seconds * 1000))
  expect(await decryptAfter(0)).toEqual(token)
  expect(await decryptAfter(3599)).toEqual(token)
  expect(await decryptAfter(3600)).toEqual({ unusable: 'is older than an hour', fix: 'Re-run all jobs' })
  expect(await decryptAfter(8e12)).toEqual({ unusable: 'is older than an hour', fix: 'Re-run all jobs' })
})

const EXPIRED = 'has expired'
const soon = (seconds: number) => `is about to expire (in ${seconds} s)`

// With 5 minutes or half the lifetime left, whichever is shorter, the token is still used.
test.each<[number, number, string | number]>([
  [3600, 3600, 3600],
  [3600, 300, 300],
  [3600, 299.999, soon(299)],
  [3600, 1, soon(1)],
  [3600, 0.999, EXPIRED],
  [3600, 0, EXPIRED],
  [3600, -1, EXPIRED],
  [601, 300, 300],
  [601, 299.999, soon(299)],
  [600, 300, 300],
  [600, 299.999, soon(299)],
  [599, 300, 300],
  [599, 299.999, soon(299)],
  [598, 299, 299],
  [598, 298.999, soon(298)],
  [60, 30, 30],
  [60, 29.999, soon(29)],
  [2, 1, 1],
  [1, 1, 1],
  [1, 0.999, EXPIRED],
  [0, 0, EXPIRED],
  // The clock of the receiving job's runner is behind.
  [60, 90, 90],
])('of a lifetime of %d s with %d s left: %j', async (seconds, secondsLeft, expected) => {
  const encrypted = await encryptToken(withLifetime(seconds), REQUEST, CONTEXT, new Date(START))
  const now = new Date(START + (seconds - secondsLeft) * 1000)
  const result = await decryptToken(encrypted, undefined, CONTEXT, now)
  const { lifetime, unusable } = { lifetime: undefined, unusable: undefined, ...result }
  expect(unusable ?? lifetime).toEqual(
    typeof expected === 'string'
      ? expected
      : { seconds: expected, expiresAt: new Date(START + seconds * 1000) },
  )
})

const OTHER_RUN = {
  unusable: 'is from another workflow run',
  fix: 'Use the output of a job of the same run',
}
const RE_RUN = 'Re-run all jobs'

test.each([
  ['another run', 'https://github.com/fake/repository/actions/runs/43'],
  ['a run whose ID has the same start', 'https://github.com/fake/repository/actions/runs/420'],
  ['another repository', 'https://github.com/fake/fork/actions/runs/42'],
  ['another server', 'https://github.example/fake/repository/actions/runs/42'],
])('does not use a token of %s, even if it has expired, too', async (_name, run) => {
  const result = await decryptToken(
    text,
    { ...REQUEST, scope: 'other' },
    { key: KEY, run },
    new Date(8.64e15),
  )
  expect(result).toEqual(OTHER_RUN)
})

test.each([
  ['claims without aud', { aud: undefined }],
  ['claims with several audiences', { aud: [RUN] }],
])('does not use %s', async (_name, claims) => {
  const encrypted = await encryptText(JSON.stringify({ ...CLAIMS, ...claims }))
  expect(await decryptToken(encrypted, REQUEST, CONTEXT, new Date(START))).toEqual(OTHER_RUN)
})

test.each<[string, object]>([
  ['no object', []],
  ...[undefined, null, '', ' ', 'a\nb', '\u00fc', { toString: 1 }].map(
    (access_token) =>
      [`the access token ${JSON.stringify(access_token)}`, { access_token }] as [string, object],
  ),
  ['no token type', { token_type: undefined }],
  ['an object as scope', { scope: {} }],
  ['no iat', { iat: undefined }],
  ['a text as iat', { iat: '1' }],
  ['exp before iat', { exp: START_SECONDS - 1 }],
  ['a text as exp', { exp: 'soon' }],
  ['null as exp', { exp: null }],
  ['a fraction as exp', { exp: START_SECONDS + 0.5 }],
  ['a time beyond the calendar', { exp: 1e16 }],
  ['no request', { request: undefined }],
  ['null as request', { request: null }],
])('rejects what else was encrypted with the key: %s', async (_name, claims) => {
  const plaintext = Array.isArray(claims) ? '[]' : JSON.stringify({ ...CLAIMS, ...claims })
  const decrypting = decryptToken(await encryptText(plaintext), REQUEST, CONTEXT, new Date(START))
  await expect(decrypting).rejects.toThrow(/^shared-token cannot be decrypted with share-key\. /)
})

test.each(Object.keys(REQUEST))(
  'does not use a token that was requested with a different %s, unless the step cannot request one',
  async (name) => {
    for (const value of ['', 'other']) {
      const identity = { ...REQUEST, [name]: value }
      expect(await decryptToken(text, identity, CONTEXT, new Date(START))).toEqual({
        unusable: `was requested with a different ${name}`,
        fix: RE_RUN,
      })
    }
    expect(await decryptToken(text, undefined, CONTEXT, new Date(START))).toEqual(TOKEN)
  },
)

const NOT_ENCRYPTED =
  'shared-token is not an encrypted token. Set it to the output shared-token of another job, for example ${{ needs.token.outputs.shared-token }}.'
const NOT_DECRYPTED =
  'shared-token cannot be decrypted with share-key. Check that both jobs use the same share-key, and pass shared-token unchanged.'

/** The five parts of the token, some of them replaced. */
const withParts = (parts: Readonly<Record<number, (part: string) => string>>) => () =>
  text
    .split('.')
    .map((part, index) => (parts[index] ?? String)(part))
    .join('.')
const withHeader = (header: object) =>
  withParts({ 0: () => Buffer.from(JSON.stringify(header)).toString('base64url') })

test.each<[string, () => string]>([
  ['an access token', () => 'fake-token'],
  ['a signed JWT', () => 'eyJhbGciOiJub25lIn0.e30.fake'],
  ['the header alone', () => text.split('.')[0] ?? ''],
  ['a token without its tag', withParts({ 4: () => '' })],
  ['a token without its last part', () => text.replace(/\.[^.]*$/, '')],
  ['a token with an encrypted key', withParts({ 1: () => 'ZmFrZQ' })],
  ['a token with a sixth part', () => `${text}.ZmFrZQ`],
  ['a token without a header', withParts({ 0: () => '' })],
  ['a token in quotes', () => `"${text}"`],
  ['a token with a line break', () => `${text}\n`],
  ['a token after text', () => `token: ${text}`],
  ['a token in base64', () => Buffer.from(text).toString('base64')],
  ['a token that a log masks', withParts({ 3: () => '***' })],
])('rejects text that is not an encrypted token: %s', async (_name, create) => {
  await expect(decryptToken(create(), REQUEST, CONTEXT, new Date(START))).rejects.toThrow(
    new Error(NOT_ENCRYPTED),
  )
})

const cut = (part: string) => part.slice(0, -4)

test.each<[string, () => string | Promise<string>]>([
  ['a truncated nonce', withParts({ 2: cut })],
  ['a truncated ciphertext', withParts({ 3: cut })],
  ['a truncated tag', withParts({ 4: cut })],
  ['a tag of 32 bits', withParts({ 4: (tag) => tag.slice(0, 6) })],
  [
    'the tag of another token',
    async () => withParts({ 4: () => '' })() + (await encryptText('{}')).split('.')[4],
  ],
  ['a header that is not JSON', withParts({ 0: () => 'ZmFrZQ' })],
  ['the header without typ', withHeader({ alg: 'dir', enc: 'A256GCM' })],
  ['the header with another alg', withHeader({ ...HEADER, alg: 'A256GCMKW' })],
  ['the header with another enc', withHeader({ ...HEADER, enc: 'A128GCM' })],
  ['the header with alg none', withHeader({ ...HEADER, alg: 'none' })],
  // Its key has 32 bytes, too.
  [
    'claims that are encrypted by another algorithm',
    () => encryptText(JSON.stringify(CLAIMS), { alg: 'dir', enc: 'A128CBC-HS256' }),
  ],
])('rejects %s', async (_name, create) => {
  await expect(decryptToken(await create(), REQUEST, CONTEXT, new Date(START))).rejects.toThrow(
    new Error(NOT_DECRYPTED),
  )
})

test.each([
  ['another key', randomBytes(32)],
  ['a key with one bit changed', KEY.map((byte, index) => (index === 31 ? byte ^ 1 : byte))],
])('rejects a token with %s, even if it is from another run', async (_name, key) => {
  const run = `${RUN}0`
  await expect(decryptToken(text, REQUEST, { key, run }, new Date(START))).rejects.toThrow(
    new Error(NOT_DECRYPTED),
  )
})
