import { createHash, generateKeyPairSync } from 'node:crypto'

const PRIVATE_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
/** The value of every secret that holds a private key, unless a test passes others. */
const PRIVATE_KEY_PEM = PRIVATE_KEY.export({ format: 'pem', type: 'pkcs8' }).toString()

/** The value of a secret or variable of a workflow. */
export function fakeValue(name: string): string {
  // The action checks the form of Spotify's client IDs: 32 hexadecimal digits.
  if (name === 'SPOTIFY_CLIENT_ID') return '0123456789abcdef'.repeat(2)
  // A secret has no words that a log message could contain too.
  return name.endsWith('_SECRET')
    ? `fake-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
    : `fake-${name.toLowerCase().replaceAll('_', '-')}`
}

/** The inputs of a workflow step, with a value for each expression. */
export function evaluateInputs(
  inputs: Readonly<Record<string, unknown>>,
  keys: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const evaluate = (text: unknown) =>
    String(text).replace(
      /\$\{\{ (?:secrets|vars|matrix)\.(\w+) \}\}/g,
      (_expression, name: string) =>
        keys[name] ?? (/PRIVATE_KEY|KEY_AND/.test(name) ? PRIVATE_KEY_PEM : fakeValue(name)),
    )
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, evaluate(value)]))
}
