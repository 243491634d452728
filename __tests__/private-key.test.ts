import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { generate } from 'selfsigned'
import { findKeyLines, parsePrivateKey } from '../src/private-key.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const PKCS8 = toPem(rsa.privateKey, 'pkcs8')
const BODY = PKCS8.replace(/-----.*-----/g, '')

function toPem(key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1', options = {}): string {
  return key.export({ format: 'pem', type, ...options } as { format: 'pem'; type: 'pkcs8' }) as string
}

const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey

test.each<[string, KeyObject, string[]]>([
  ['RSA', rsa.privateKey, ['RS256', 'PS256']],
  ['P-256', p256, ['ES256']],
  ['P-384', ec('P-384'), ['ES384']],
  ['P-521', ec('P-521'), ['ES512']],
  ['Ed25519', generateKeyPairSync('ed25519').privateKey, ['EdDSA', 'Ed25519']],
])('knows what to sign with by the kind of the key: %s', (_name, key, algorithms) => {
  const parsed = parsePrivateKey(toPem(key, 'pkcs8'))
  expect(parsed).toMatchObject({ algorithms, certificateThumbprint: undefined })
  expect(parsed.key.equals(key)).toBe(true)
})

test.each([
  ['PKCS#8', PKCS8],
  ['PKCS#1', toPem(rsa.privateKey, 'pkcs1')],
  ['text before and after it', `Bag Attributes\n    friendlyName: x\n${PKCS8}\nmore`],
  ['CRLF', PKCS8.replaceAll('\n', '\r\n')],
  ['\\n for line breaks', PKCS8.replaceAll('\n', '\\n')],
  ['\\r\\n for line breaks', PKCS8.replaceAll('\n', '\\r\\n')],
  ['spaces for line breaks', PKCS8.trim().replaceAll('\n', ' ')],
  ['no line breaks', PKCS8.replaceAll('\n', '')],
  ['indented lines', PKCS8.replaceAll('\n', '\n    ')],
  ['all of it in base64', Buffer.from(PKCS8).toString('base64')],
  ['all of it in base64, with line breaks', Buffer.from(PKCS8).toString('base64').replace(/.{76}/g, '$&\n')],
  ['the lines in between alone', BODY],
  ['the lines in between alone, without line breaks', BODY.replaceAll('\n', '')],
])('reads a key in the form: %s', (_name, text) => {
  expect(parsePrivateKey(text).key.equals(rsa.privateKey)).toBe(true)
})

test.each([
  ['SEC1', toPem(p256, 'sec1')],
  [
    'SEC1 after its parameters',
    `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${toPem(p256, 'sec1')}`,
  ],
])('reads a key of an elliptic curve in the form: %s', (_name, text) => {
  expect(parsePrivateKey(text).key.equals(p256)).toBe(true)
})

/** Changes a letter of the private number, so that the key can be read, but is not that of its public half. */
function damage(pem: string): string {
  const der = Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64')
  der[40] = (der[40] ?? 0) ^ 1
  return block('PRIVATE KEY', der.toString('base64'))
}

const block = (label: string, body = 'ZmFrZQ==') =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`
const passphrase = { cipher: 'aes-256-cbc', passphrase: 'fake' }
const ENCRYPTED =
  'is encrypted, and the action takes no passphrase. Decrypt it by openssl pkey -in FILE, and store what that prints: GitHub keeps secrets encrypted.'
const STORE = 'Store the whole file again, from -----BEGIN to the end of the last line.'
const PUBLIC = 'is a public key. Give the private key that it belongs to; the public one goes to the server.'
const KINDS =
  'which the action cannot sign with. Make one for RSA (2048 bits or more), P-256, P-384, P-521 or Ed25519.'

test.each([
  ['an encrypted key (PKCS#8)', toPem(rsa.privateKey, 'pkcs8', passphrase), ENCRYPTED],
  ['an encrypted key (PKCS#1)', toPem(rsa.privateKey, 'pkcs1', passphrase), ENCRYPTED],
  ['a public key', rsa.publicKey.export({ format: 'pem', type: 'spki' }), PUBLIC],
  ['a public key (PKCS#1)', rsa.publicKey.export({ format: 'pem', type: 'pkcs1' }), PUBLIC],
  [
    'a certificate',
    block('CERTIFICATE'),
    'is a certificate without its key. Give the private key; a certificate may stand behind it.',
  ],
  [
    'a certificate request',
    block('CERTIFICATE REQUEST'),
    'is a certificate request. Give the private key that it was made with; the request goes to an authority.',
  ],
  [
    'a key for SSH',
    block('OPENSSH PRIVATE KEY'),
    "is in the format of OpenSSH, which no authorization server's keys have. Convert a copy of its file by ssh-keygen -p -m PKCS8 -f FILE.",
  ],
  ['something else in PEM', block('X509 CRL'), `is no private key in PEM. ${STORE}`],
  ['a password', 'fake-password', `is no private key in PEM. ${STORE}`],
  ['a key without its end', PKCS8.slice(0, 500), `is no private key in PEM. ${STORE}`],
  ['a key with a line missing', PKCS8.replace(/\n.*\n/, '\n'), `is cut off or damaged. ${STORE}`],
  ['a key with one letter changed', damage(toPem(p256, 'pkcs8')), `is cut off or damaged. ${STORE}`],
  [
    'a JWK',
    JSON.stringify(p256.export({ format: 'jwk' })),
    'is a JWK, which the action does not take. Choose PEM where the server shows the key, or convert it.',
  ],
  ['nothing between the lines', block('PRIVATE KEY', ''), `is cut off or damaged. ${STORE}`],
  ['long base64 of something else', 'A'.repeat(100), `is cut off or damaged. ${STORE}`],
  ['a curve of Bitcoin', toPem(ec('secp256k1'), 'pkcs8'), `is of the kind secp256k1, ${KINDS}`],
  ['X25519', toPem(generateKeyPairSync('x25519').privateKey, 'pkcs8'), `is of the kind x25519, ${KINDS}`],
  [
    'RSA of 1024 bits',
    toPem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey, 'pkcs8'),
    'has 1024 bits, too few to be safe (RFC 7518, 3.3). Make one of 2048 bits or more.',
  ],
])('refuses %s', (_name, text, message) => {
  expect(() => parsePrivateKey(text as string)).toThrow(new Error(`private-key ${message}`))
})

describe('a certificate beside the key', () => {
  let pair: { private: string; cert: string }
  let other: { cert: string }

  beforeAll(async () => {
    pair = await generate([{ name: 'commonName', value: 'fake' }])
    other = await generate([{ name: 'commonName', value: 'other' }])
  })

  test.each([
    ['behind it', () => pair.private + pair.cert],
    ['before it', () => pair.cert + pair.private],
    ['among those of authorities', () => pair.private + other.cert + pair.cert],
  ])('gives its thumbprint, and asks for PS256: %s', (_name, text) => {
    const { certificateThumbprint, algorithms } = parsePrivateKey(text())
    const fingerprint = new X509Certificate(pair.cert).fingerprint256.replaceAll(':', '')
    expect(
      Buffer.from(certificateThumbprint ?? '', 'base64url')
        .toString('hex')
        .toUpperCase(),
    ).toBe(fingerprint)
    expect(algorithms).toEqual(['PS256', 'RS256'])
  })

  test('changes nothing for a key that is not RSA', async () => {
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
    ['is for another key', () => other.cert],
    ['is damaged', () => block('CERTIFICATE')],
  ])('is refused where it %s', (_name, certificate) => {
    expect(() => parsePrivateKey(pair.private + certificate())).toThrow(
      new Error(
        'private-key has a certificate that belongs to another key, or is damaged. Put the one that was made for this key behind it, or none.',
      ),
    )
  })
})

describe('the lines to mask', () => {
  const lines = BODY.trim().split('\n')
  const all = (text: string) => [...findKeyLines(text)].sort()

  test('are those of the key, without its frame', () => {
    expect(all(PKCS8)).toEqual([...lines].sort())
    expect(all(PKCS8.replaceAll('\n', '\r\n  '))).toEqual([...lines].sort())
  })

  test.each([
    ['\\n for line breaks', PKCS8.trim().replaceAll('\n', '\\n')],
    ['base64', Buffer.from(PKCS8).toString('base64')],
  ])('are those of both forms where it is packed: %s', (_name, text) => {
    expect(all(text)).toEqual([...lines, text].sort())
  })

  test.each([
    ['spaces for line breaks', PKCS8.trim().replaceAll('\n', ' '), lines],
    ['old line breaks', PKCS8.replaceAll('\n', '\r'), lines],
    ['a backslash at the end of each line', PKCS8.replaceAll('\n', '\\\n'), lines],
    ['no line breaks', PKCS8.replaceAll('\n', ''), [lines.join('')]],
  ])('are those of the key, whatever stands between them: %s', (_name, text, expected) => {
    expect(findKeyLines(text)).toEqual(expect.arrayContaining(expected))
  })

  test('begin with the shortest, so that no line shows another before that is masked', () => {
    const sizes = findKeyLines(PKCS8.replaceAll('\n', '\\n')).map(({ length }) => length)
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b))
  })

  test('are none where there is no key', () => {
    expect(findKeyLines('')).toEqual([])
  })
})
