import { expect, test } from '@jest/globals'
import { readSharing } from '../../src/inputs/sharing.ts'
import { WHERE_VALUES_COME_FROM } from '../../src/inputs/values.ts'
import { readWith } from './read-with.ts'

const RUN = {
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'fake/repository',
  GITHUB_RUN_ID: '42',
}
/** Its base64 has both characters that base64url replaces. */
const BYTES = Uint8Array.from({ length: 32 }, (_byte, index) => 248 + (index % 8))
const KEY = Buffer.from(BYTES).toString('base64')
const CREATE_KEY = 'Create one with openssl rand -base64 32 and store it as a secret.'

test('shares nothing without share-key and shared-token, and needs no variables for that', async () => {
  const noRun = { GITHUB_SERVER_URL: '', GITHUB_REPOSITORY: '', GITHUB_RUN_ID: '' }
  expect(await readWith(readSharing, {}, noRun)).toEqual({ value: undefined, error: undefined, printed: [] })
})

test.each([
  ['requests the token', '', undefined],
  ['receives the token', ' fake-shared-token\n', 'fake-shared-token'],
])('reads the key and the run of a step that %s', async (_name, sharedToken, token) => {
  const { value, error } = await readWith(readSharing, { 'share-key': KEY, 'shared-token': sharedToken }, RUN)
  expect(error).toBeUndefined()
  expect(value).toEqual({
    key: Buffer.from(BYTES),
    run: 'https://github.com/fake/repository/actions/runs/42',
    token,
  })
})

test.each([
  ['base64', KEY],
  ['base64 without padding', KEY.replaceAll('=', '')],
  ['base64 with one character of padding too many', `${KEY}=`],
  ['base64url', Buffer.from(BYTES).toString('base64url')],
  ['base64url with padding', `${Buffer.from(BYTES).toString('base64url')}=`],
  ['base64 in a line', ` ${KEY}\r\n`],
])('reads a key in %s', async (_name, key) => {
  expect(KEY).toMatch(/\+.*\/.*[^=]=$/)
  const { value } = await readWith(readSharing, { 'share-key': key }, RUN)
  expect(value?.key).toEqual(Buffer.from(BYTES))
})

test('requires share-key if shared-token is set', async () => {
  const { error } = await readWith(readSharing, { 'shared-token': 'fake-shared-token' }, RUN)
  expect(error).toBe(`share-key is empty, but shared-token requires it. ${WHERE_VALUES_COME_FROM}`)
})

test.each([
  ['a passphrase', 'correct horse battery staple'],
  ['base64 with a line break', `${KEY.slice(0, 20)}\n${KEY.slice(20)}`],
  ['base64 in quotes', `"${KEY}"`],
  ['padding alone', '=='],
  ['padding inside', `${KEY}AA`],
  ['three characters of padding', `${KEY}==`],
  ['a letter beyond ASCII', KEY.replace('+', 'ü')],
])('rejects a key that is not base64: %s', async (_name, key) => {
  const { error } = await readWith(readSharing, { 'share-key': key }, RUN)
  expect(error).toBe(`share-key is not base64. ${CREATE_KEY}`)
})

const base64Of = (length: number) => Buffer.alloc(length, 7).toString('base64')

test.each([
  ['31 bytes', base64Of(31), 31],
  ['33 bytes', base64Of(33), 33],
  ['16 bytes', base64Of(16), 16],
  ['32 bytes in hexadecimal', Buffer.from(BYTES).toString('hex'), 48],
  ['one character', 'A', 0],
  ['a character less', KEY.slice(0, 42), 31],
])('rejects a key of another length: %s', async (_name, key, length) => {
  const { error } = await readWith(readSharing, { 'share-key': key }, RUN)
  expect(error).toBe(`share-key must be 32 bytes in base64, but has ${length} bytes. ${CREATE_KEY}`)
})

test.each(Object.keys(RUN))('requires the variable %s', async (name) => {
  const { error } = await readWith(readSharing, { 'share-key': KEY }, { ...RUN, [name]: '' })
  expect(error).toBe(
    'share-key requires the variables GITHUB_SERVER_URL, GITHUB_REPOSITORY and GITHUB_RUN_ID. Run this action on GitHub Actions or a compatible runner.',
  )
})

test.each([
  ['an expression', { 'share-key': '${{ secrets.KEY }}' }, /^share-key contains an unevaluated /],
  ['an expression', { 'shared-token': '${{ needs.x }}' }, /^shared-token contains an unevaluated /],
  ['a line break', { 'shared-token': 'fake\ntoken' }, /^shared-token contains a line break /],
])('rejects %s in an input: %j', async (_name, inputs, message) => {
  expect((await readWith(readSharing, { 'share-key': KEY, ...inputs }, RUN)).error).toMatch(message)
})
