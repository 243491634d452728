/**
 * Runs a job with the action against the Spotify mock server, or against Spotify if its credentials are in the
 * environment, and prints the log; with `--fault <name>`, against the misbehaving server.
 */
import { parseArgs, styleText } from 'node:util'
import { runDemoJob } from './runner/demo-job.ts'
import { startJob } from './runner/fake-runner.ts'
import type { LogLine } from './runner/runner-commands.ts'
import { createFaults, startMisbehavingServer } from './servers/misbehaving-server.ts'
import { startSpotify } from './servers/spotify-mock.ts'

const FAKE_APP = { clientId: 'demo-client-id', clientSecret: 'demo-client-secret-not-real' }
/** Long enough for one retry, and short enough to watch. */
const TIMEOUT_WITH_FAULT = '10'

const { values } = parseArgs({ options: { fault: { type: 'string' } } })
if (values.fault !== undefined) await showFault(values.fault)
else process.exitCode = (await showJob()) ? 0 : 1

async function showJob(): Promise<boolean> {
  const { SPOTIFY_CLIENT_ID: clientId, SPOTIFY_CLIENT_SECRET: clientSecret } = process.env
  const isReal = clientId !== undefined || clientSecret !== undefined
  await using mock = isReal ? undefined : await startSpotify(FAKE_APP)
  console.log(
    isReal
      ? 'Requesting a token from Spotify, with the credentials in the environment.\n'
      : 'Requesting a token from a local mock server. To use Spotify instead, set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET.\n',
  )
  const called = await runDemoJob(
    isReal ? { clientId: clientId ?? '', clientSecret: clientSecret ?? '' } : FAKE_APP,
    mock ? { 'token-url': mock.tokenUrl } : {},
    mock?.apiUrl ?? 'https://api.spotify.com',
    { env: pickNetworkSettings(), onLog: createPrinter() },
  )
  if (called !== undefined) console.log(`\nThe second step used the token and received: ${called}`)
  return called !== undefined
}

async function showFault(fault: string): Promise<void> {
  const names = Object.keys(createFaults())
  if (!names.includes(fault)) {
    console.log(`Unknown fault. Use one of:\n${names.map((name) => `  ${name}`).join('\n')}`)
    process.exitCode = 1
    return
  }
  await using server = await startMisbehavingServer()
  const job = startJob({ secrets: Object.values(FAKE_APP), onLog: createPrinter() })
  await job.runAction({
    with: {
      'client-id': FAKE_APP.clientId,
      'client-secret': FAKE_APP.clientSecret,
      'token-url': server.urlOf(fault),
      timeout: TIMEOUT_WITH_FAULT,
    },
  })
  await job.runPostSteps()
}

/** The proxy settings of this machine. NODE_USE_ENV_PROXY applies them to `fetch` in Node.js. */
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
