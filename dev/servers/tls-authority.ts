import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

export interface TlsAuthority extends Disposable {
  /** Key and certificate of a server with the host names. */
  readonly tls: { readonly key: string; readonly cert: string }
  /** The path of the CA certificate, for `NODE_EXTRA_CA_CERTS`. */
  readonly file: string
}

/** Creates a private CA and a server certificate that it issued for the host names. */
export async function createAuthority(hosts: readonly string[]): Promise<TlsAuthority> {
  const authority = await generate([{ name: 'commonName', value: 'Fake CA' }], {
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  })
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'Fake server' }], {
    ca: { key: authority.private, cert: authority.cert },
    extensions: [{ name: 'subjectAltName', altNames: hosts.map((value) => ({ type: 2, value })) }],
  })
  const folder = mkdtempSync(join(tmpdir(), 'authority-'))
  const file = join(folder, 'authority.pem')
  writeFileSync(file, authority.cert)
  return { tls: { key, cert }, file, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}
