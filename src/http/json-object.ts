export type JsonObject = Readonly<Record<string, unknown>>

/** Parses a JSON object (RFC 8259); `undefined` if the text is anything else. */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined
  } catch {
    // The parser's message is dropped because it quotes the text.
    return undefined
  }
}
