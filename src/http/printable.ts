/** Enough for a cause that follows a long boilerplate text: Ory Hydra's starts after 126 characters. */
const MAX_CHARACTERS = 500
/** Longer texts are truncated first, because they would be truncated in the end. */
const MAX_READ_CHARACTERS = 10_000
/** A part of a secret with this length is redacted like the whole, because servers truncate what they echo. */
const MIN_SLICE_CHARACTERS = 12
/** Real secrets are shorter. In a malicious response, any text can be a token. */
const MAX_SECRET_CHARACTERS = 65_536

/**
 * Makes untrusted text safe for the log: printable ASCII without secrets and workflow commands, at most 500 characters.
 * The whole word around a secret is redacted, because the runner recognizes secrets only as a whole.
 */
export function printable(text: string, secrets: readonly string[] = []): string {
  // Redact before truncating: neither this function nor the runner would recognize a truncated secret.
  const redacted = redact(toAscii(text.slice(0, MAX_READ_CHARACTERS)), secrets)
  // The runner executes `##[command]` anywhere in a line, unlike `::command::`.
  const shown = redacted.replaceAll('##[', '## [')
  return shown.length > MAX_CHARACTERS ? `${shown.slice(0, MAX_CHARACTERS - 3)}...` : shown
}

function toAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, '?')
}

function redact(text: string, secrets: readonly string[]): string {
  const isSecret = findSecrets(text, secrets)
  return text.replace(/[^ ]+/g, (word, start: number) =>
    isSecret.slice(start, start + word.length).includes(true) ? '***' : word,
  )
}

/** For each character whether it belongs to a secret. Each secret is scanned once, so the time is linear. */
function findSecrets(text: string, secrets: readonly string[]): readonly boolean[] {
  const slicesOfText = new Map<number, ReadonlySet<string>>()
  const found = new Set<string>()
  for (const form of new Set(secrets.flatMap(encodedForms))) {
    const size = Math.min(form.length, MIN_SLICE_CHARACTERS)
    const present = slicesOfText.get(size) ?? new Set(slicesOf(text, size))
    slicesOfText.set(size, present)
    for (let start = 0; start + size <= form.length; start += 1) {
      const slice = form.slice(start, start + size)
      if (present.has(slice)) found.add(slice)
    }
  }
  const isSecret = new Array<boolean>(text.length).fill(false)
  for (const size of new Set([...found].map(({ length }) => length))) {
    for (const [start, slice] of slicesOf(text, size).entries()) {
      if (found.has(slice)) isSecret.fill(true, start, start + size)
    }
  }
  return isSecret
}

/** A secret in every form in which servers echo what they received, as it looks after `toAscii`. */
function encodedForms(secret: string): readonly string[] {
  const text = secret.slice(0, MAX_SECRET_CHARACTERS).trim().toWellFormed()
  if (text === '') return []
  const base64 = [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.from('x'.repeat(offset) + text).toString('base64')
    // Without the characters at both ends, which depend on what surrounds the secret.
    const inner = encoded.slice(offset && offset + 1).replace(/.?={1,2}$/, '')
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')]
  })
  return [
    text,
    encodeURIComponent(text),
    new URLSearchParams({ '': text }).toString().slice('='.length),
    JSON.stringify(text).slice(1, -1),
    text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`),
    text.replace(/[&<>"']/g, (character) => XML_ENTITIES.get(character) as string),
    text.toLowerCase(),
    ...base64.filter(({ length }) => length >= MIN_SLICE_CHARACTERS),
  ].map(toAscii)
}

const XML_ENTITIES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
])

function slicesOf(text: string, size: number): string[] {
  return Array.from({ length: text.length - size + 1 }, (_slice, start) => text.slice(start, start + size))
}
