/**
 * Runs a job of three steps as a runner would: the built action, a call of the Web API with its output, the post
 * step. Against the stand-in, or against Spotify where its credentials are in the environment.
 */
import { styleText } from 'node:util'
import { type StepResult, startJob } from './fake-runner.ts'
import type { LogLine } from './runner-commands.ts'
import { startSpotify } from './spotify-stand-in.ts'

const TRACK = '4cOdK2wGLETKBW3PvgPWqT'
const FAKE_APP = { clientId: 'demo-client-id', clientSecret: 'demo-client-secret-not-real' }

const CALL_API = `
const { API_URL, TOKEN } = process.env
const response = await fetch(\`\${API_URL}/v1/tracks/${TRACK}\`, { headers: { Authorization: \`Bearer \${TOKEN}\` } })
const track = await response.json()
if (!response.ok) throw new Error(track.error.message)
console.log(\`\${track.name} - \${track.artists.map((artist) => artist.name).join(', ')}\`)
`

const { SPOTIFY_CLIENT_ID: clientId, SPOTIFY_CLIENT_SECRET: clientSecret } = process.env
const isReal = clientId !== undefined || clientSecret !== undefined
await using standIn = isReal ? undefined : await startSpotify(FAKE_APP)
const app = isReal ? { clientId: clientId ?? '', clientSecret: clientSecret ?? '' } : FAKE_APP

console.log(
  isReal
    ? 'Asking Spotify itself, with the credentials in the environment.\n'
    : 'Asking a stand-in for Spotify on this machine. With SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET in the environment, this asks Spotify itself.\n',
)
process.exitCode = (await runJob()) ? 0 : 1

async function runJob(): Promise<boolean> {
  const job = startJob({
    secrets: [app.clientId, app.clientSecret],
    env: pickNetworkSettings(),
    onLog: createPrinter(),
  })
  const credentials = { 'client-id': app.clientId, 'client-secret': app.clientSecret }
  const spotify = await job.runAction({
    with: standIn ? { ...credentials, 'token-url': standIn.tokenUrl } : credentials,
  })
  let call: StepResult | undefined
  if (spotify.exitCode === 0) {
    const API_URL = standIn?.apiUrl ?? 'https://api.spotify.com'
    const TOKEN = spotify.outputs['access-token']
    call = await job.runScript({ name: 'Call the Web API', script: CALL_API, env: { API_URL, TOKEN } })
  }
  await job.runPostSteps()
  if (call?.exitCode !== 0) return false
  console.log(`\nThe second step got, by the token of the first: ${call.log.at(-1)?.text}`)
  return true
}

/** What a self-hosted runner behind a proxy has in its environment, too; the last is for Node's own `fetch`. */
function pickNetworkSettings(): Record<string, string | undefined> {
  const names = /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i
  const settings = Object.entries(process.env).filter(([name]) => names.test(name))
  return { ...Object.fromEntries(settings), NODE_USE_ENV_PROXY: '1' }
}

/** Prints lines as the log on github.com shows them. */
function createPrinter(): (line: LogLine) => void {
  let indent = ''
  return ({ kind, text }) => {
    if (kind === 'group') console.log(styleText('bold', `▼ ${text}`))
    else if (kind === 'error') console.log(styleText('red', `${indent}Error: ${text}`))
    else if (kind === 'warning') console.log(styleText('yellow', `${indent}Warning: ${text}`))
    else if (kind !== 'endgroup') console.log(`${indent}${text}`)
    if (kind === 'group' || kind === 'endgroup') indent = kind === 'group' ? '  ' : ''
  }
}
