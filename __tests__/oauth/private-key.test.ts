import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { generate } from 'selfsigned'
import { findKeyLines, parsePrivateKey } from '../../src/oauth/private-key.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const PKCS8 = toPem(rsa.privateKey, 'pkcs8')
const BODY = PKCS8.replace(/-----.*-----/g, '')

function toPem(key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1', options = {}): string {
  return key.export({ format: 'pem', type, ...options } as { format: 'pem'; type: 'pkcs8' }) as string
}

const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey

test.each<[string, KeyObject, string[]]>([
  ['RSA', rsa.privateKey, ['RS256', 'PS256', 'RS384', 'PS384', 'RS512', 'PS512']],
  ['P-256', p256, ['ES256']],
  ['P-384', ec('P-384'), ['ES384']],
  ['P-521', ec('P-521'), ['ES512']],
  ['Ed25519', generateKeyPairSync('ed25519').privateKey, ['EdDSA', 'Ed25519']],
])('lists the algorithms that fit the key: %s', (_name, key, algorithms) => {
  const parsed = parsePrivateKey(toPem(key, 'pkcs8'))
  expect(parsed).toMatchObject({ algorithms, certificateThumbprint: undefined })
  expect(parsed.key.equals(key)).toBe(true)
})

test.each([
  ['the labels of PKCS#8', PKCS8],
  ['the labels of PKCS#1', toPem(rsa.privateKey, 'pkcs1')],
  ['text before and after it', `Bag Attributes\n    friendlyName: x\n${PKCS8}\nmore`],
  ['CRLF', PKCS8.replaceAll('\n', '\r\n')],
  ['quotes around it', `"${PKCS8}"`],
  ['\\n for line breaks', PKCS8.replaceAll('\n', '\\n')],
  ['quotes around it and \\n for line breaks', `"${PKCS8.replaceAll('\n', '\\n')}"`],
  ['\\r\\n for line breaks', PKCS8.replaceAll('\n', '\\r\\n')],
  ['spaces for line breaks', PKCS8.trim().replaceAll('\n', ' ')],
  ['no line breaks', PKCS8.replaceAll('\n', '')],
  ['indented lines', PKCS8.replaceAll('\n', '\n    ')],
  ['base64 of the PEM', Buffer.from(PKCS8).toString('base64')],
  ['base64 of the PEM, with line breaks', Buffer.from(PKCS8).toString('base64').replace(/.{76}/g, '$&\n')],
  ['no BEGIN and END lines', BODY],
  ['no BEGIN and END lines, and no line breaks', BODY.replaceAll('\n', '')],
])('parses a key with %s', (_name, text) => {
  expect(parsePrivateKey(text).key.equals(rsa.privateKey)).toBe(true)
})

test.each([
  ['SEC1', toPem(p256, 'sec1')],
  [
    'SEC1 after its parameters',
    `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${toPem(p256, 'sec1')}`,
  ],
])('parses an EC key in %s', (_name, text) => {
  expect(parsePrivateKey(text).key.equals(p256)).toBe(true)
})

/** Changes one bit of the private number, so that the key parses but does not match its public key. */
function corrupt(pem: string): string {
  const der = Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64')
  der[40] = (der[40] ?? 0) ^ 1
  return block('PRIVATE KEY', der.toString('base64'))
}

const block = (label: string, body = 'ZmFrZQ==') =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`
const passphrase = { cipher: 'aes-256-cbc', passphrase: 'fake' }
const STORE = 'Store the complete file, including the BEGIN and END lines.'
const ENCRYPTED =
  'is encrypted; passphrases are not supported. Decrypt it with openssl pkey -in FILE and store the output as the secret.'
const PUBLIC = 'is a public key. Use the matching private key.'
const CORRUPT = `is truncated or corrupt. ${STORE}`
const NOT_A_KEY = `is not a PEM private key. ${STORE}`
const TYPES = 'Use RSA (2048 bits or more), P-256, P-384, P-521 or Ed25519.'

test.each([
  ['an encrypted key (PKCS#8)', toPem(rsa.privateKey, 'pkcs8', passphrase), ENCRYPTED],
  ['an encrypted key (PKCS#1)', toPem(rsa.privateKey, 'pkcs1', passphrase), ENCRYPTED],
  ['a public key', rsa.publicKey.export({ format: 'pem', type: 'spki' }), PUBLIC],
  ['a public key (PKCS#1)', rsa.publicKey.export({ format: 'pem', type: 'pkcs1' }), PUBLIC],
  ['a certificate', block('CERTIFICATE'), 'is a certificate without a private key. Add the private key.'],
  [
    'a certificate request',
    block('CERTIFICATE REQUEST'),
    'is a certificate signing request. Use the private key that it was created with.',
  ],
  [
    'an OpenSSH key',
    block('OPENSSH PRIVATE KEY'),
    'is in OpenSSH format, which is not supported. Convert a copy with ssh-keygen -p -m PKCS8 -f FILE.',
  ],
  [
    'a JWK',
    JSON.stringify(p256.export({ format: 'jwk' })),
    'is a JWK, which is not supported. Export the key as PEM, or convert it.',
  ],
  ['another PEM block', block('X509 CRL'), NOT_A_KEY],
  ['a password', 'fake-password', NOT_A_KEY],
  ['a key without its end', PKCS8.slice(0, 500), NOT_A_KEY],
  ['a key with another END line', PKCS8.replace('END', 'END RSA'), NOT_A_KEY],
  ['a key with a line missing', PKCS8.replace(/\n.*\n/, '\n'), CORRUPT],
  ['a key with one bit changed', corrupt(toPem(p256, 'pkcs8')), CORRUPT],
  ['an empty block', block('PRIVATE KEY', ''), CORRUPT],
  ['base64 of something else', 'A'.repeat(100), CORRUPT],
  ['another curve', toPem(ec('secp256k1'), 'pkcs8'), `has the unsupported type secp256k1. ${TYPES}`],
  [
    'X25519',
    toPem(generateKeyPairSync('x25519').privateKey, 'pkcs8'),
    `has the unsupported type x25519. ${TYPES}`,
  ],
  [
    'RSA of 1024 bits',
    toPem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey, 'pkcs8'),
    'is too short: 1024 bits. Use an RSA key of 2048 bits or more.',
  ],
])('rejects %s', (_name, text, message) => {
  expect(() => parsePrivateKey(text as string)).toThrow(new Error(`private-key ${message}`))
})

describe('a certificate next to the key', () => {
  let pair: { private: string; cert: string }
  let other: { cert: string }

  beforeAll(async () => {
    pair = await generate([{ name: 'commonName', value: 'fake' }])
    other = await generate([{ name: 'commonName', value: 'other' }])
  })

  test.each([
    ['after it', () => pair.private + pair.cert],
    ['before it', () => pair.cert + pair.private],
    ['after a CA certificate', () => pair.private + other.cert + pair.cert],
  ])('adds its thumbprint, and makes PS256 the default: %s', (_name, text) => {
    const { certificateThumbprint, algorithms } = parsePrivateKey(text())
    const fingerprint = new X509Certificate(pair.cert).fingerprint256.replaceAll(':', '')
    expect(
      Buffer.from(certificateThumbprint ?? '', 'base64url')
        .toString('hex')
        .toUpperCase(),
    ).toBe(fingerprint)
    expect(algorithms).toEqual(['PS256', 'RS256', 'RS384', 'PS384', 'RS512', 'PS512'])
  })

  test('does not change the algorithms of an EC key', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'fake' }], {
      keyType: 'ec',
      curve: 'P-256',
    })
    expect(parsePrivateKey(key + cert)).toMatchObject({
      algorithms: ['ES256'],
      certificateThumbprint: expect.any(String),
    })
  })

  test.each([
    ['matches another key', () => other.cert],
    ['is corrupt', () => block('CERTIFICATE')],
  ])('is rejected if it %s', (_name, certificate) => {
    expect(() => parsePrivateKey(pair.private + certificate())).toThrow(
      new Error(
        'private-key contains a certificate that does not match the key or is corrupt. Use the certificate issued for this key, or remove it.',
      ),
    )
  })
})

describe('the lines to mask', () => {
  const lines = BODY.trim().split('\n')
  const sorted = (values: readonly string[]) => [...values].sort()

  test.each([
    ['line breaks', PKCS8, lines],
    ['CRLF and indentation', PKCS8.replaceAll('\n', '\r\n  '), lines],
    ['a short last line', `${PKCS8.trim()}\n1234567\n\n`, lines],
    ['a last line of 8 characters', `${PKCS8.trim()}\n12345678\n`, [...lines, '12345678']],
  ])('are the lines of the key, without BEGIN and END: %s', (_name, text, expected) => {
    expect(sorted(findKeyLines(text))).toEqual(sorted(expected))
  })

  test.each([
    ['\\n for line breaks', PKCS8.trim().replaceAll('\n', '\\n')],
    ['base64 of the PEM', Buffer.from(PKCS8).toString('base64')],
  ])('include the input itself if it is packed: %s', (_name, text) => {
    expect(sorted(findKeyLines(text))).toEqual(sorted([...lines, text]))
  })

  test.each([
    ['quotes', `"${PKCS8}"`, lines],
    ['quotes and \\n', `"${PKCS8.replaceAll('\n', '\\n')}"`, lines],
    ['no BEGIN and END lines', BODY, lines],
    ['spaces for line breaks', PKCS8.trim().replaceAll('\n', ' '), lines],
    ['CR for line breaks', PKCS8.replaceAll('\n', '\r'), lines],
    ['a backslash at the end of each line', PKCS8.replaceAll('\n', '\\\n'), lines],
    ['no line breaks', PKCS8.replaceAll('\n', ''), [lines.join('')]],
  ])('are long enough and include those of the key: %s', (_name, text, expected) => {
    const found = findKeyLines(text)
    expect(found).toEqual(expect.arrayContaining(expected))
    expect(found.filter(({ length }) => length < 8)).toEqual([])
  })

  test('start with the shortest, so that no mask shows a line that is not yet masked', () => {
    const sizes = findKeyLines(PKCS8.replaceAll('\n', '\\n')).map(({ length }) => length)
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
  })

  test('are none without a key', () => {
    expect(findKeyLines('')).toEqual([])
  })
})
