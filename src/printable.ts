const MAX_CHARACTERS = 200
/** Of longer texts, only so much is looked at: what is left of it is cut anyway. */
const MAX_READ_CHARACTERS = 10_000
/** A part of a secret that is as long as this is hidden like the whole: servers, too, cut what they send back. */
const MIN_SLICE_CHARACTERS = 12

/**
 * Text of a server made fit for the log: printable ASCII, without `secrets` and longer parts of them, no command of
 * the runner, at most 200 characters.
 */
export function printable(text: string, secrets: readonly string[] = []): string {
  // Before the cut, for what is left of a secret at the edge would be masked by nobody.
  const hidden = hide(toAscii(text.slice(0, MAX_READ_CHARACTERS)), secrets.map(toAscii))
  // The runner obeys `##[command]` wherever it stands in a line, unlike `::command::`.
  const shown = hidden.replaceAll('##[', '## [')
  return shown.length > MAX_CHARACTERS ? `${shown.slice(0, MAX_CHARACTERS - 3)}...` : shown
}

function toAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, '?')
}

function hide(text: string, secrets: readonly string[]): string {
  const isHidden = new Array<boolean>(text.length).fill(false)
  // The text is gone through once for each size, for the secrets can be many: a server may send some.
  for (const [size, known] of gatherSlices(secrets)) {
    slicesOf(text, size).forEach((slice, start) => {
      if (known.has(slice)) isHidden.fill(true, start, start + size)
    })
  }
  return Array.from(text, (character, index) =>
    isHidden[index] ? (isHidden[index - 1] ? '' : '***') : character,
  ).join('')
}

function gatherSlices(secrets: readonly string[]): ReadonlyMap<number, ReadonlySet<string>> {
  const slices = new Map<number, Set<string>>()
  for (const secret of secrets.filter((secret) => secret !== '')) {
    const size = Math.min(secret.length, MIN_SLICE_CHARACTERS)
    const known = slices.get(size) ?? new Set()
    for (const slice of slicesOf(secret, size)) known.add(slice)
    slices.set(size, known)
  }
  return slices
}

function slicesOf(text: string, size: number): string[] {
  return Array.from({ length: text.length - size + 1 }, (_slice, start) => text.slice(start, start + size))
}
