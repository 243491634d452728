import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto'
import { findPemBlocks, type PemBlock, STORE_COMPLETE_FILE, unescapeLineBreaks } from './pem.ts'

export interface PrivateKey {
  readonly key: KeyObject
  /** The signature algorithms that fit the key (RFC 7518, section 3.1; RFC 9864), the default first. */
  readonly algorithms: readonly string[]
  /** The `x5t#S256` (RFC 7515, section 4.1.8) of a certificate next to the key. */
  readonly certificateThumbprint: string | undefined
}

const MIN_RSA_BITS = 2048
/** The mask of a shorter line would garble the log, and a line that short reveals nothing. */
const MIN_LINE_CHARACTERS = 8

/** By the label of the PEM block (RFC 7468; OpenSSL has labels of older formats). */
const KEY_TYPES = new Map<string, 'pkcs8' | 'pkcs1' | 'sec1'>([
  ['PRIVATE KEY', 'pkcs8'],
  ['RSA PRIVATE KEY', 'pkcs1'],
  ['EC PRIVATE KEY', 'sec1'],
])

/** What is set instead of a private key; the first label that matches counts. */
const OTHER_LABELS: readonly (readonly [label: RegExp, message: string])[] = [
  [/^JWK$/, 'is a JWK, which is not supported. Export the key as PEM, or convert it.'],
  [
    /^OPENSSH PRIVATE KEY$/,
    'is in OpenSSH format, which is not supported. Convert a copy with ssh-keygen -p -m PKCS8 -f FILE.',
  ],
  [/PUBLIC KEY$/, 'is a public key. Use the matching private key.'],
  [
    /^CERTIFICATE REQUEST$/,
    'is a certificate signing request. Use the private key that it was created with.',
  ],
  [/CERTIFICATE$/, 'is a certificate without a private key. Add the private key.'],
]

const ALGORITHMS_BY_TYPE = new Map<string, readonly string[]>([
  ['rsa', ['RS256', 'PS256', 'RS384', 'PS384', 'RS512', 'PS512']],
  ['prime256v1', ['ES256']],
  ['secp384r1', ['ES384']],
  ['secp521r1', ['ES512']],
  ['ed25519', ['EdDSA', 'Ed25519']],
])

/** The lines of a private key, in every form in which it can be set, for the masks: the log is masked line by line. */
export function findKeyLines(text: string): readonly string[] {
  // Every step calls this, and most have no key.
  if (text === '') return []
  const pem = unpack(text)
  const bodies = findBlocks(pem).flatMap(({ body }) => body.split(/[\s\\]+/))
  const lines = [text, pem].flatMap((form) => form.split(/[\r\n]+/)).map((line) => line.trim())
  return [...new Set([...lines, ...bodies])]
    .filter((line) => line.length >= MIN_LINE_CHARACTERS && !/^-----(BEGIN|END) [A-Z0-9 ]+-----$/.test(line))
    .sort((a, b) => a.length - b.length)
}

/**
 * Parses a private key in PEM (PKCS#8, PKCS#1 or SEC1; RFC 7468) as people paste it: with line breaks, with `\n` in
 * their place, without any, or all of it encoded in base64 once more.
 * @throws Error that starts with the input, `private-key`
 */
export function parsePrivateKey(text: string): PrivateKey {
  const blocks = findBlocks(unpack(text))
  const block = blocks.find(({ label }) => KEY_TYPES.has(label))
  if (blocks.some(({ label, body }) => label === 'ENCRYPTED PRIVATE KEY' || body.includes('ENCRYPTED'))) {
    throw new Error(
      'private-key is encrypted; passphrases are not supported. Decrypt it with openssl pkey -in FILE and store the output as the secret.',
    )
  }
  if (block === undefined) {
    const [, message = `is not a PEM private key. ${STORE_COMPLETE_FILE}`] =
      OTHER_LABELS.find(([pattern]) => blocks.some(({ label }) => pattern.test(label))) ?? []
    throw new Error(`private-key ${message}`)
  }
  const key = readKey(block)
  const algorithms = findAlgorithms(key)
  const certificateThumbprint = findThumbprint(blocks, key)
  if (certificateThumbprint === undefined) return { key, algorithms, certificateThumbprint }
  // Microsoft Entra ID identifies keys by their certificates and requires PS256.
  const isFirst = (name: string) => Number(name === 'PS256')
  return {
    key,
    algorithms: algorithms.toSorted((a, b) => isFirst(b) - isFirst(a)),
    certificateThumbprint,
  }
}

/** The PEM itself, whether its line breaks are written as `\n` or all of it is in base64. */
function unpack(text: string): string {
  const plain = unescapeLineBreaks(text)
  if (plain.includes('-----BEGIN')) return plain
  const decoded = Buffer.from(plain, 'base64').toString('latin1')
  if (decoded.includes('-----BEGIN')) return decoded
  // Base64 alone is the body of PKCS#8 without its BEGIN and END lines.
  return /^[A-Za-z0-9+/=\s]{40,}$/.test(plain)
    ? `-----BEGIN PRIVATE KEY-----\n${plain}\n-----END PRIVATE KEY-----`
    : plain
}

function findBlocks(pem: string): readonly PemBlock[] {
  return /^\s*\{/.test(pem) ? [{ label: 'JWK', body: '' }] : findPemBlocks(pem)
}

function readKey({ label, body }: PemBlock): KeyObject {
  const type = KEY_TYPES.get(label) as 'pkcs8' | 'pkcs1' | 'sec1'
  try {
    const key = createPrivateKey({ key: Buffer.from(body, 'base64'), format: 'der', type })
    if (canSign(key)) return key
  } catch {
    // OpenSSL's message is dropped because it does not help.
  }
  throw new Error(`private-key is truncated or corrupt. ${STORE_COMPLETE_FILE}`)
}

/** Whether private and public key match: a key with one changed character often parses. */
function canSign(key: KeyObject): boolean {
  if (!/^(rsa|ec|ed25519)$/.test(`${key.asymmetricKeyType}`)) return true
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  const data = Buffer.from('test')
  return verify(digest, data, createPublicKey(key), sign(digest, data, key))
}

function findAlgorithms({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] {
  const { namedCurve, modulusLength = MIN_RSA_BITS } = { ...asymmetricKeyDetails }
  const type = namedCurve ?? `${asymmetricKeyType}`
  const algorithms = ALGORITHMS_BY_TYPE.get(type)
  if (algorithms === undefined) {
    throw new Error(
      `private-key has the unsupported type ${type}. Use RSA (2048 bits or more), P-256, P-384, P-521 or Ed25519.`,
    )
  }
  if (modulusLength < MIN_RSA_BITS) {
    throw new Error(
      `private-key is too short: ${modulusLength} bits. Use an RSA key of ${MIN_RSA_BITS} bits or more.`,
    )
  }
  return algorithms
}

function findThumbprint(blocks: readonly PemBlock[], key: KeyObject): string | undefined {
  const certificates = blocks
    .filter(({ label }) => label === 'CERTIFICATE')
    .map(({ body }) => Buffer.from(body, 'base64'))
  if (certificates.length === 0) return undefined
  const own = certificates.find((certificate) => belongsTo(certificate, key))
  if (own === undefined) {
    throw new Error(
      'private-key contains a certificate that does not match the key or is corrupt. Use the certificate issued for this key, or remove it.',
    )
  }
  return createHash('sha256').update(own).digest('base64url')
}

function belongsTo(certificate: Buffer, key: KeyObject): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(key)
  } catch {
    return false
  }
}
