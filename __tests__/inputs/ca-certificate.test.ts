import { X509Certificate } from 'node:crypto'
import { beforeAll, expect, test } from '@jest/globals'
import { generate } from 'selfsigned'
import { readCaCertificates } from '../../src/inputs/ca-certificate.ts'
import { readWith } from './read-with.ts'

let first: { private: string; public: string; cert: string }
let second: { cert: string }
let expired: { cert: string }

beforeAll(async () => {
  first = await generate([{ name: 'commonName', value: 'first' }])
  second = await generate([{ name: 'commonName', value: 'second' }])
  expired = await generate([{ name: 'commonName', value: 'expired' }], {
    notBeforeDate: new Date('2020-01-01T00:00:00Z'),
    notAfterDate: new Date('2020-01-02T23:59:59Z'),
  })
})

const namesIn = (certificates: readonly string[] = []) =>
  certificates.map((text) => new X509Certificate(text).subject)

test.each<[string, () => string, string[]]>([
  ['nothing', () => ' \n', []],
  ['one certificate', () => first.cert, ['CN=first']],
  ['several certificates', () => `${first.cert}\n${second.cert}`, ['CN=first', 'CN=second']],
  ['text around it', () => `# a comment\n${first.cert}more`, ['CN=first']],
  [
    '\\n for line breaks',
    () => (first.cert + second.cert).replaceAll('\n', '\\n'),
    ['CN=first', 'CN=second'],
  ],
  ['\\r\\n for line breaks', () => first.cert.replaceAll(/\r?\n/g, '\\r\\n'), ['CN=first']],
])('reads %s', async (_name, text, names) => {
  const { value, error } = await readWith(readCaCertificates, { 'ca-certificate': text() })
  expect(error).toBeUndefined()
  expect(namesIn(value)).toEqual(names)
})

test('masks a private key before it is rejected', async () => {
  const { error, printed } = await readWith(readCaCertificates, { 'ca-certificate': first.private })
  expect(error).toMatch(/^ca-certificate contains a private key/)
  const lines = first.private.split(/\r?\n/).filter((line) => line.length >= 8 && !line.startsWith('-'))
  expect(lines.length).toBeGreaterThan(10)
  expect(printed).toEqual(expect.arrayContaining(lines.map((line) => `::add-mask::${line}`)))
})

const block = (label: string, body = 'ZmFrZQ==') =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`
const STORE = 'Store the complete file, including the BEGIN and END lines.'
const PRIVATE_KEY = 'contains a private key. Remove it; only the certificate is needed.'
const NOT_A_CERTIFICATE = `is not a PEM certificate. ${STORE}`

test.each<[string, () => string, string]>([
  ['a private key next to it', () => first.cert + first.private, PRIVATE_KEY],
  ['an encrypted private key', () => block('ENCRYPTED PRIVATE KEY'), PRIVATE_KEY],
  ['text that is not PEM', () => 'MIIB', NOT_A_CERTIFICATE],
  ['a certificate without its end', () => first.cert.slice(0, 200), NOT_A_CERTIFICATE],
  ['a public key', () => first.public, NOT_A_CERTIFICATE],
  ['a signing request next to it', () => first.cert + block('CERTIFICATE REQUEST'), NOT_A_CERTIFICATE],
  [
    'an expired certificate next to it',
    () => first.cert + expired.cert,
    'contains a certificate that expired on 2020-01-02. Replace it.',
  ],
  [
    'a corrupt certificate',
    () => block('CERTIFICATE'),
    `contains a certificate that is truncated or corrupt. ${STORE}`,
  ],
])('rejects %s', async (_name, text, message) => {
  const { error } = await readWith(readCaCertificates, { 'ca-certificate': text() })
  expect(error).toBe(`ca-certificate ${message}`)
})
