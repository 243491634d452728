/** The secret masker of GitHub's runner (Sdk/DTLogging/Logging/SecretMasker.cs and ValueEncoders.cs). */

/** Registers a secret as the runner does: the whole value, and each of its lines. */
export function addMask(masks: string[], secret: string): void {
  const lines = secret.split(/[\r\n]/).map((line) => line.trim())
  for (const value of [secret, ...lines]) {
    if (value !== '' && !masks.includes(value)) masks.push(value)
  }
}

/** The text with `***` in place of each secret; secrets that overlap or touch become one `***`. */
export function maskText(text: string, secrets: readonly string[]): string {
  const isSecret = new Array<boolean>(text.length).fill(false)
  for (const secret of secrets) {
    for (let start = text.indexOf(secret); start !== -1; start = text.indexOf(secret, start + 1)) {
      isSecret.fill(true, start, start + secret.length)
    }
  }
  let masked = ''
  for (let index = 0; index < text.length; index += 1) {
    if (!isSecret[index]) masked += text[index]
    else if (!isSecret[index - 1]) masked += '***'
  }
  return masked
}

/** Whether the text contains a secret, as it is or in a form that the runner derives from it. */
export function containsSecret(text: string, secrets: readonly string[]): boolean {
  return secrets
    .flatMap((secret) => [secret, ...ENCODERS.map((encode) => encode(secret))])
    .some((form) => form !== '' && text.includes(form))
}

/** In the order of HostContext.cs. An encoder that does not apply returns an empty string. */
const ENCODERS: readonly ((secret: string) => string)[] = [
  (secret) => encodeBase64(secret, 0),
  (secret) => encodeBase64(secret, 1),
  (secret) => encodeBase64(secret, 2),
  (secret) => secret.replaceAll('"', '\\"'),
  (secret) => secret.replaceAll("'", "''"),
  (secret) => JSON.stringify(secret).slice(1, -1),
  (secret) => encodeURIComponent(secret.toWellFormed()).replace(/[!'()*]/g, escapeForUri),
  (secret) => secret.replace(/[<>"'&]/g, (character) => XML_ENTITIES[character] ?? ''),
  (secret) => /^"(.{7,})"$/s.exec(secret)?.[1] ?? '',
  (secret) => longPart(/^.*?&\+/s.exec(secret)?.[0] ?? /^.*&/s.exec(secret)?.[0]),
  (secret) =>
    longPart(secret.includes('&+') ? /&\+.(.*)$/s.exec(secret)?.[1] : /&([^&]*)$/.exec(secret)?.[1]),
]

const XML_ENTITIES: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '&': '&amp;',
}

/** The secret without its first bytes, which another text in front of it would encode differently. */
function encodeBase64(secret: string, shift: number): string {
  const bytes = Buffer.from(secret)
  return bytes.subarray(bytes.length > shift ? shift : 0).toString('base64')
}

function escapeForUri(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

/** PowerShell prints the parts of a secret around `&` on their own; the runner masks those of 6 or more characters. */
function longPart(part = ''): string {
  return part.length >= 6 ? part : ''
}
