import type { SharingContext } from '../oauth/shared-token.ts'
import { readLine, readText, WHERE_VALUES_COME_FROM } from './values.ts'

/** How the token is shared: `token` is the output of another job; `undefined` if this step requests the token. */
export interface Sharing extends SharingContext {
  readonly token: string | undefined
}

const KEY_BYTES = 32
const CREATE_KEY = 'Create one with openssl rand -base64 32 and store it as a secret.'

/**
 * Reads `share-key` and `shared-token`.
 * @returns `undefined` if the token is not shared
 * @throws Error if one of them is missing or invalid
 */
export function readSharing(): Sharing | undefined {
  const token = readLine('shared-token')
  const text = readText('share-key')
  if (text === '') {
    if (token === undefined) return undefined
    throw new Error(`share-key is empty, but shared-token requires it. ${WHERE_VALUES_COME_FROM}`)
  }
  return { key: parseKey(text), run: findRun(), token }
}

function parseKey(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) throw new Error(`share-key is not base64. ${CREATE_KEY}`)
  const key = Buffer.from(text, 'base64')
  if (key.length !== KEY_BYTES) {
    throw new Error(
      `share-key must be ${KEY_BYTES} bytes in base64, but has ${key.length} bytes. ${CREATE_KEY}`,
    )
  }
  return key
}

function findRun(): string {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = process.env
  if (!server || !repository || !run) {
    throw new Error(
      'share-key requires the variables GITHUB_SERVER_URL, GITHUB_REPOSITORY and GITHUB_RUN_ID. Run this action on GitHub Actions or a compatible runner.',
    )
  }
  return `${server}/${repository}/actions/runs/${run}`
}
