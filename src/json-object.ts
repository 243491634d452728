export type JsonObject = Readonly<Record<string, unknown>>

/** The JSON object (RFC 8259) that a text is; `undefined` where it is none. */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined
  } catch {
    // Not shown: the message quotes the text.
    return undefined
  }
}
