import { createHash } from 'node:crypto'
import { generate } from 'selfsigned'

// Not the name of the CA that issues the server certificates: OpenSSL finds a CA by its name.
const CA = await generate([{ name: 'commonName', value: 'Other fake CA' }], { keySize: 2048 })
/** The value of every secret that holds a private key, unless a test passes others: RSA, for RS256 and PS256. */
const PRIVATE_KEY_PEM = CA.private

/** The value of a secret or variable of a workflow. */
export function fakeValue(name: string): string {
  // The action checks the form of Spotify's client IDs: 32 hexadecimal digits.
  if (name === 'SPOTIFY_CLIENT_ID') return '0123456789abcdef'.repeat(2)
  if (name.endsWith('SHARE_KEY')) return createHash('sha256').update(name).digest('base64')
  // A secret has no words that a log message could contain too.
  return /_(SECRET|TOKEN)$/.test(name)
    ? `fake-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
    : `fake-${name.toLowerCase().replaceAll('_', '-')}`
}

function fakePem(name: string): string | undefined {
  if (/PRIVATE_KEY|KEY_AND/.test(name)) return PRIVATE_KEY_PEM
  return name === 'CA_CERTIFICATE' ? CA.cert : undefined
}

/**
 * The inputs of a workflow step, with a value for each expression.
 * @param values the values of secrets and of outputs of other jobs, in place of fake ones
 */
export function evaluateInputs(
  inputs: Readonly<Record<string, unknown>>,
  values: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const evaluate = (text: unknown) =>
    String(text).replace(
      /\$\{\{ (?:secrets|vars|matrix|needs\.\w+\.outputs)\.([\w-]+) \}\}/g,
      (_expression, name: string) => values[name] ?? fakePem(name) ?? fakeValue(name),
    )
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, evaluate(value)]))
}
