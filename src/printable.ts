const MAX_CHARACTERS = 200

/**
 * Text of a server made fit for the log: printable ASCII, without `secrets`, no command of the runner, at most
 * 200 characters.
 */
export function printable(text: string, secrets: readonly string[] = []): string {
  let shown = toAscii(text)
  // Before the cut, for half a secret is masked by nobody; the longest first, for one may be part of another.
  for (const secret of secrets.map(toAscii).sort((a, b) => b.length - a.length)) {
    if (secret !== '') shown = shown.replaceAll(secret, '***')
  }
  // The runner obeys `##[command]` wherever it stands in a line, unlike `::command::`.
  shown = shown.replaceAll('##[', '## [')
  return shown.length > MAX_CHARACTERS ? `${shown.slice(0, MAX_CHARACTERS - 3)}...` : shown
}

function toAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, '?')
}
