import { randomUUID } from 'node:crypto'

/** Its base64 form ends with a complete group, so that all Basic credentials with it have the same start. */
export const CLIENT_ID = 'fake-client'

/** A secret that a log cannot contain by chance. */
export const createSecret = () => `fake-secret-${randomUUID()}`

const basic = (secret: string) => Buffer.from(`${CLIENT_ID}:${secret}`).toString('base64')

/** The secrets of a job with the Spotify mock server, each with a canary: a fake value of the same form. */
const KINDS = [
  { name: 'access token', pattern: /BQ[\w-]{80}/g, canary: `BQ${'canary-'.repeat(12).slice(0, 80)}` },
  { name: 'client secret', pattern: /fake-secret-[\w-]+/g, canary: 'fake-secret-canary' },
  // Includes `*`, because the runner may have masked a part.
  { name: 'Basic credential', pattern: /ZmFrZS1jbGllbnQ6[\w+/=*]*/g, canary: basic('canary') },
] as const

/** A log must contain them. Otherwise, the check has read the wrong log, or a pattern does not match. */
export const CANARIES: readonly string[] = KINDS.map(({ canary }) => canary)

/** Describes each secret in a log and each missing canary, without its value. */
export function findLeaks(log: string): string[] {
  const lines = log.split(/\r?\n/)
  return KINDS.flatMap(({ name, pattern, canary }) => {
    const found = lines.flatMap((line, index) =>
      [...line.matchAll(pattern)].map(([text]) => ({ text, number: index + 1 })),
    )
    const leaks = found.filter(({ text }) => text !== canary)
    return [
      ...leaks.map(({ number }) => `line ${number} shows the ${name}`),
      ...(found.length === leaks.length ? [`the canary for the ${name} is missing`] : []),
    ]
  })
}
