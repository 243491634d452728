/** A PEM block (RFC 7468). */
export interface PemBlock {
  readonly label: string
  /** Base64, with whatever is between its characters. */
  readonly body: string
}

export const STORE_COMPLETE_FILE = 'Store the complete file, including the BEGIN and END lines.'

/** Restores line breaks that are written as `\n`. */
export function unescapeLineBreaks(text: string): string {
  return text.replaceAll('\\r', '').replaceAll('\\n', '\n')
}

/** The PEM blocks in a text (RFC 7468, section 2), in order. */
export function findPemBlocks(text: string): readonly PemBlock[] {
  return [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----/gs)].map(
    ([, label = '', body = '']) => ({ label, body }),
  )
}
