import { randomUUID } from 'node:crypto'

/** Its form in base64 ends with a whole group, so that each Basic credential of it begins alike. */
export const CLIENT_ID = 'fake-client'

/** A secret that can be told from all else in a log. */
export const createSecret = () => `fake-secret-${randomUUID()}`

const basic = (secret: string) => Buffer.from(`${CLIENT_ID}:${secret}`).toString('base64')

/** What no log may show of a job with the Spotify mock server, each with a fake value (canary). */
const KINDS = [
  { name: 'access token', pattern: /BQ[\w-]{80}/g, canary: `BQ${'canary-'.repeat(12).slice(0, 80)}` },
  { name: 'client secret', pattern: /fake-secret-[\w-]+/g, canary: 'fake-secret-canary' },
  // With what the runner itself may have masked of it.
  { name: 'Basic credential', pattern: /ZmFrZS1jbGllbnQ6[\w+/=*]*/g, canary: basic('canary') },
] as const

/** To be printed into the log: where they are not found, it was not read, or not by the right pattern. */
export const CANARIES: readonly string[] = KINDS.map(({ canary }) => canary)

/** One line for each thing that is in a log and must not be, or the other way around; without what it is. */
export function findLeaks(log: string): string[] {
  const lines = log.split(/\r?\n/)
  return KINDS.flatMap(({ name, pattern, canary }) => {
    const found = lines.flatMap((line, index) =>
      [...line.matchAll(pattern)].map(([text]) => ({ text, number: index + 1 })),
    )
    const leaks = found.filter(({ text }) => text !== canary)
    return [
      ...leaks.map(({ number }) => `line ${number} shows the ${name}`),
      ...(found.length === leaks.length ? [`nowhere is the canary that looks like the ${name}`] : []),
    ]
  })
}
