import { X509Certificate } from 'node:crypto'
import * as core from '@actions/core'
import { findPemBlocks, STORE_COMPLETE_FILE, unescapeLineBreaks } from '../oauth/pem.ts'
import { findKeyLines } from '../oauth/private-key.ts'
import { readText } from './values.ts'

/**
 * Reads the certificates of private CAs, in PEM (RFC 7468, section 5).
 * @returns one text per certificate; none if the input is not set
 * @throws Error if there is anything but valid certificates
 */
export function readCaCertificates(): readonly string[] {
  const text = unescapeLineBreaks(readText('ca-certificate'))
  if (text === '') return []
  const blocks = findPemBlocks(text)
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY'))) {
    for (const line of findKeyLines(text)) core.setSecret(line)
    throw new Error('ca-certificate contains a private key. Remove it; only the certificate is needed.')
  }
  if (blocks.length === 0 || blocks.some(({ label }) => label !== 'CERTIFICATE')) {
    throw new Error(`ca-certificate is not a PEM certificate. ${STORE_COMPLETE_FILE}`)
  }
  return blocks.map(({ body }) => parseCertificate(body))
}

function parseCertificate(body: string): string {
  const certificate = readCertificate(Buffer.from(body, 'base64'))
  if (certificate.validToDate.getTime() < Date.now()) {
    const [day] = certificate.validToDate.toISOString().split('T')
    throw new Error(`ca-certificate contains a certificate that expired on ${day}. Replace it.`)
  }
  return certificate.toString()
}

function readCertificate(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der)
  } catch {
    // OpenSSL's message is dropped because it does not help.
    throw new Error(
      `ca-certificate contains a certificate that is truncated or corrupt. ${STORE_COMPLETE_FILE}`,
    )
  }
}
