import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import { type JsonObject, parseJsonObject } from '../http/json-object.ts'
import { isAccessToken, MAX_TIME_MS, type Token } from './token.ts'

const HEADER = { alg: 'dir', enc: 'A256GCM', typ: 'JWT' } as const
/** A token that is about to expire is not used: the job that receives it still has to do its work. */
const MIN_REMAINING_SECONDS = 5 * 60
/** Without a lifetime, nobody knows when the token expires, and a run can be repeated after weeks. */
const MAX_AGE_SECONDS = 60 * 60
const MAX_TIME_SECONDS = MAX_TIME_MS / 1000

const UNDECRYPTABLE =
  'shared-token cannot be decrypted with share-key. Check that both jobs use the same share-key, and pass shared-token unchanged.'

/** What a token was requested with, by the inputs' names: a token for anything else must not take its place. */
export type RequestIdentity = Readonly<Record<string, string>>

/** Why a token cannot be used, worded to follow `shared-token`, and the first part of the fix. */
interface Unusable {
  readonly unusable: string
  readonly fix: string
}

const RE_RUN = 'Re-run all jobs'

/** Of the encrypted JWT (RFC 7519, section 4), in seconds since 1970. */
interface Claims {
  readonly aud: string
  readonly access_token: string
  readonly token_type: string
  readonly scope: string
  readonly iat: number
  readonly exp?: number | undefined
  readonly request: RequestIdentity
}

/** What the sending and the receiving step must have in common. */
export interface SharingContext {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** The workflow run, as a URL: the token is worthless in every other one. */
  readonly run: string
}

/**
 * Encrypts a token for other jobs of the run, as a JWT (RFC 7519) with direct encryption by AES-256-GCM (RFC 7516). The
 * nonce is random.
 */
export async function encryptToken(
  { accessToken, tokenType, scope, lifetime }: Token,
  identity: RequestIdentity,
  { key, run }: SharingContext,
  now: Date,
): Promise<string> {
  const exp = lifetime && Math.floor(lifetime.expiresAt.getTime() / 1000)
  const claims: Claims = {
    aud: run,
    access_token: accessToken,
    token_type: tokenType,
    scope,
    iat: lifetime && exp ? exp - lifetime.seconds : Math.floor(now.getTime() / 1000),
    // Not part of the JSON if the server returns no lifetime.
    exp,
    request: identity,
  }
  const plaintext = new TextEncoder().encode(JSON.stringify(claims))
  return await new CompactEncrypt(plaintext).setProtectedHeader(HEADER).encrypt(key)
}

/**
 * Decrypts the token of another job.
 * @param identity what this step would request; `undefined` if it cannot request a token
 * @returns the token with its remaining lifetime, or why it cannot be used
 * @throws Error if the text is not a token that was encrypted with this key
 */
export async function decryptToken(
  text: string,
  identity: RequestIdentity | undefined,
  { key, run }: SharingContext,
  now: Date,
): Promise<Token | Unusable> {
  const claims = parseJsonObject(await decrypt(text, key))
  if (!isClaims(claims)) throw new Error(UNDECRYPTABLE)
  const { aud, access_token: accessToken, token_type: tokenType, scope, iat, exp, request } = claims
  if (aud !== run)
    return { unusable: 'is from another workflow run', fix: 'Use the output of a job of the same run' }
  const other = identity && Object.keys(identity).find((name) => identity[name] !== request[name])
  if (other !== undefined) return { unusable: `was requested with a different ${other}`, fix: RE_RUN }
  const seconds = Math.floor((exp ?? iat + MAX_AGE_SECONDS) - now.getTime() / 1000)
  if (seconds <= 0)
    return { unusable: exp === undefined ? 'is older than an hour' : 'has expired', fix: RE_RUN }
  if (exp === undefined) return { accessToken, tokenType, scope, lifetime: undefined }
  if (seconds < Math.min(MIN_REMAINING_SECONDS, (exp - iat) / 2)) {
    return { unusable: `is about to expire (in ${seconds} s)`, fix: RE_RUN }
  }
  return { accessToken, tokenType, scope, lifetime: { seconds, expiresAt: new Date(exp * 1000) } }
}

/** Whether they are as `encryptToken` writes them: whoever has the key can encrypt others. */
function isClaims(claims: JsonObject | undefined): claims is Claims & JsonObject {
  if (claims === undefined) return false
  const { access_token, token_type, scope, iat, exp, request } = claims
  const isTime = (value: unknown) => Number.isInteger(value) && Number(value) <= MAX_TIME_SECONDS
  return (
    isAccessToken(access_token) &&
    typeof token_type === 'string' &&
    typeof scope === 'string' &&
    isTime(iat) &&
    (exp === undefined || (isTime(exp) && Number(iat) <= Number(exp))) &&
    typeof request === 'object' &&
    request !== null
  )
}

async function decrypt(text: string, key: Uint8Array): Promise<string> {
  if (!/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) {
    throw new Error(
      'shared-token is not an encrypted token. Set it to the output shared-token of another job, for example ${{ needs.token.outputs.shared-token }}.',
    )
  }
  const options = { keyManagementAlgorithms: [HEADER.alg], contentEncryptionAlgorithms: [HEADER.enc] }
  try {
    return new TextDecoder().decode((await compactDecrypt(text, key, options)).plaintext)
  } catch {
    // The library's message is dropped because it does not help.
    throw new Error(UNDECRYPTABLE)
  }
}
