import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto'

export interface PrivateKey {
  readonly key: KeyObject
  /** Those that it can sign with (RFC 7518, 3.1; RFC 9864), the usual one first. */
  readonly algorithms: readonly string[]
  /** The `x5t#S256` (RFC 7515, 4.1.8) of a certificate that stands beside the key. */
  readonly certificateThumbprint: string | undefined
}

const STORE_WHOLE_FILE = 'Store the whole file again, from -----BEGIN to the end of the last line.'
const MIN_RSA_BITS = 2048

/** By the label of a PEM block (RFC 7468, and OpenSSL's and OpenSSH's own). */
const KEY_TYPES = new Map<string, 'pkcs8' | 'pkcs1' | 'sec1'>([
  ['PRIVATE KEY', 'pkcs8'],
  ['RSA PRIVATE KEY', 'pkcs1'],
  ['EC PRIVATE KEY', 'sec1'],
])

/** What is there instead of a private key, with its cure; the first that matches a label counts. */
const OTHER_LABELS: readonly (readonly [pattern: RegExp, message: string])[] = [
  [
    /^JWK$/,
    'is a JWK, which the action does not take. Choose PEM where the server shows the key, or convert it.',
  ],
  [
    /^OPENSSH PRIVATE KEY$/,
    "is in the format of OpenSSH, which no authorization server's keys have. Convert a copy of its file by ssh-keygen -p -m PKCS8 -f FILE.",
  ],
  [
    /PUBLIC KEY$/,
    'is a public key. Give the private key that it belongs to; the public one goes to the server.',
  ],
  [
    /^CERTIFICATE REQUEST$/,
    'is a certificate request. Give the private key that it was made with; the request goes to an authority.',
  ],
  [
    /CERTIFICATE$/,
    'is a certificate without its key. Give the private key; a certificate may stand behind it.',
  ],
]

const ALGORITHMS_OF_KIND = new Map<string, readonly string[]>([
  ['rsa', ['RS256', 'PS256']],
  ['prime256v1', ['ES256']],
  ['secp384r1', ['ES384']],
  ['secp521r1', ['ES512']],
  ['ed25519', ['EdDSA', 'Ed25519']],
])

interface Block {
  readonly label: string
  readonly body: string
}

/** The lines of a private key, in each form that it can be read in, for the mask: the log is masked line by line. */
export function findKeyLines(text: string): readonly string[] {
  // Every step comes by here, and most have no key.
  if (text === '') return []
  const pem = unpack(text)
  const bodies = findBlocks(pem).flatMap(({ body }) => body.split(/[\s\\]+/))
  const lines = [text, pem].flatMap((form) => form.split(/[\r\n]+/)).map((line) => line.trim())
  return [...new Set([...lines, ...bodies])]
    .filter((line) => line !== '' && !/^-----(BEGIN|END) [A-Z0-9 ]+-----$/.test(line))
    .sort((a, b) => a.length - b.length)
}

/**
 * A private key in PEM (PKCS#8, PKCS#1 or SEC1; RFC 7468), as people paste it: with real line breaks, with `\n` for
 * them, with none, or all of it once more in base64.
 * @throws Error that names the input, `private-key`, and the cure
 */
export function parsePrivateKey(text: string): PrivateKey {
  const blocks = findBlocks(unpack(text))
  const block = blocks.find(({ label }) => KEY_TYPES.has(label))
  if (blocks.some(({ label, body }) => label === 'ENCRYPTED PRIVATE KEY' || body.includes('ENCRYPTED'))) {
    throw new Error(
      'private-key is encrypted, and the action takes no passphrase. Decrypt it by openssl pkey -in FILE, and store what that prints: GitHub keeps secrets encrypted.',
    )
  }
  if (block === undefined) {
    const [, message = `is no private key in PEM. ${STORE_WHOLE_FILE}`] =
      OTHER_LABELS.find(([pattern]) => blocks.some(({ label }) => pattern.test(label))) ?? []
    throw new Error(`private-key ${message}`)
  }
  const key = readKey(block)
  const algorithms = findAlgorithms(key)
  const certificateThumbprint = findThumbprint(blocks, key)
  if (certificateThumbprint === undefined) return { key, algorithms, certificateThumbprint }
  // A server that knows keys by their certificates, Microsoft Entra ID, asks for PS256.
  return {
    key,
    algorithms: key.asymmetricKeyType === 'rsa' ? algorithms.toReversed() : algorithms,
    certificateThumbprint,
  }
}

/** The PEM itself, where a line break is written as `\n` or the whole of it is in base64. */
function unpack(text: string): string {
  const plain = text.replaceAll('\\r', '').replaceAll('\\n', '\n')
  if (plain.includes('-----BEGIN')) return plain
  const decoded = Buffer.from(plain, 'base64').toString('latin1')
  if (decoded.includes('-----BEGIN')) return decoded
  // Base64 alone is what stands between the lines of PKCS#8, from which those were left out.
  return /^[A-Za-z0-9+/=\s]{40,}$/.test(plain)
    ? `-----BEGIN PRIVATE KEY-----\n${plain}\n-----END PRIVATE KEY-----`
    : plain
}

function findBlocks(pem: string): readonly Block[] {
  if (/^\s*\{/.test(pem)) return [{ label: 'JWK', body: '' }]
  return [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----/gs)].map(
    ([, label = '', body = '']) => ({ label, body }),
  )
}

function readKey({ label, body }: Block): KeyObject {
  const type = KEY_TYPES.get(label) as 'pkcs8' | 'pkcs1' | 'sec1'
  try {
    const key = createPrivateKey({ key: Buffer.from(body, 'base64'), format: 'der', type })
    if (canSign(key)) return key
  } catch {
    // Not shown: nothing of what OpenSSL says of a damaged key helps.
  }
  throw new Error(`private-key is cut off or damaged. ${STORE_WHOLE_FILE}`)
}

/** Whether its two halves belong together: a key with one character changed can often be read all the same. */
function canSign(key: KeyObject): boolean {
  if (!/^(rsa|ec|ed25519)$/.test(`${key.asymmetricKeyType}`)) return true
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  const data = Buffer.from('a trial')
  return verify(digest, data, createPublicKey(key), sign(digest, data, key))
}

function findAlgorithms({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] {
  const { namedCurve, modulusLength = MIN_RSA_BITS } = { ...asymmetricKeyDetails }
  const kind = namedCurve ?? `${asymmetricKeyType}`
  const algorithms = ALGORITHMS_OF_KIND.get(kind)
  if (algorithms === undefined) {
    throw new Error(
      `private-key is of the kind ${kind}, which the action cannot sign with. Make one for RSA (2048 bits or more), P-256, P-384, P-521 or Ed25519.`,
    )
  }
  if (modulusLength < MIN_RSA_BITS) {
    throw new Error(
      `private-key has ${modulusLength} bits, too few to be safe (RFC 7518, 3.3). Make one of ${MIN_RSA_BITS} bits or more.`,
    )
  }
  return algorithms
}

function findThumbprint(blocks: readonly Block[], key: KeyObject): string | undefined {
  const certificates = blocks
    .filter(({ label }) => label === 'CERTIFICATE')
    .map(({ body }) => Buffer.from(body, 'base64'))
  if (certificates.length === 0) return undefined
  const own = certificates.find((certificate) => belongsTo(certificate, key))
  if (own === undefined) {
    throw new Error(
      'private-key has a certificate that belongs to another key, or is damaged. Put the one that was made for this key behind it, or none.',
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
