/**
 * Runs a job with the action against the Spotify mock server, or against Spotify if its credentials are in the
 * environment, and prints the log; with `--shared`, three jobs that use one token; with `--fault NAME`, a job against the
 * misbehaving server.
 */
import { randomBytes } from 'node:crypto'
import { parseArgs, styleText } from 'node:util'
import { runDemoJob } from './runner/demo-job.ts'
import { startJob } from './runner/fake-runner.ts'
import type { LogLine } from './runner/runner-commands.ts'
import { createFaultGroups, startMisbehavingServer } from './servers/misbehaving-server.ts'
import { startSpotify } from './servers/spotify-mock.ts'

const FAKE_APP = { clientId: 'demo-client-id', clientSecret: 'demo-client-secret-not-real' }
/** A shared token is bound to the workflow run. */
const RUN = {
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'octo-org/octo-repo',
  GITHUB_RUN_ID: '1',
}
/** Long enough for one retry, and short enough to watch. */
const TIMEOUT_WITH_FAULT = '10'

const USAGE = `Usage: npm run demo -- [--shared | --fault NAME]

Runs the built action (dist/) in a local job and prints the job's log.

  (no option)    Use a local mock of Spotify, or the real API if SPOTIFY_CLIENT_ID and
                 SPOTIFY_CLIENT_SECRET are set.
  --shared       Run three jobs that use one token, with a local mock of Spotify.
  --fault NAME   Use a server with this fault, with a timeout of ${TIMEOUT_WITH_FAULT} s. Quote names that contain spaces.
  --help         Show this help and the names of all faults.`

const faultGroups = Object.entries(createFaultGroups()).map(
  ([title, faults]) => [title, Object.keys(faults)] as const,
)

process.exitCode = await run(process.argv.slice(2))

/** @returns the exit code */
async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    // Not strict: errors of parseArgs are stack traces, and do not list the faults.
    strict: false,
    options: {
      fault: { type: 'string' },
      shared: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const { fault, shared, help, ...others } = values
  const unknown = [...Object.keys(others).map((name) => `--${name}`), ...positionals]
  if (help) {
    console.log(`${USAGE}\n\n${listFaults()}`)
    return 0
  }
  if (unknown.length > 0) return reject(`Unknown argument: ${unknown.join(' ')}.`, USAGE)
  if (shared && fault !== undefined) return reject('--shared cannot be used with --fault.', USAGE)
  if (fault === undefined) return (await (shared ? showSharing() : showJob())) ? 0 : 1
  if (typeof fault !== 'string') return reject('--fault requires one of the names above.', listFaults())
  if (!faultGroups.some(([, names]) => names.includes(fault))) {
    return reject(`Unknown fault: ${fault}. Use one of the names above.`, listFaults())
  }
  await showFault(fault)
  return 0
}

/** The cause is last, so that the long list does not scroll it out of view. */
function reject(cause: string, help: string): number {
  console.error(`${help}\n\n${cause}`)
  return 1
}

function listFaults(): string {
  const groups = faultGroups.map(([title, names]) => [`${title}:`, ...names.map((name) => `  ${name}`)])
  return `Faults\n\n${groups.map((lines) => lines.join('\n')).join('\n\n')}`
}

async function showJob(): Promise<boolean> {
  const { SPOTIFY_CLIENT_ID: clientId, SPOTIFY_CLIENT_SECRET: clientSecret } = process.env
  const isReal = clientId !== undefined || clientSecret !== undefined
  await using mock = isReal ? undefined : await startSpotify(FAKE_APP)
  console.log(
    isReal
      ? 'Using the real Spotify API with SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET.\n'
      : 'Using a local mock of Spotify. Set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET to use the real API.\n',
  )
  const app = isReal ? { clientId: clientId ?? '', clientSecret: clientSecret ?? '' } : FAKE_APP
  const { track } = await runDemoJob(
    {
      'client-id': app.clientId,
      'client-secret': app.clientSecret,
      ...(mock && { 'token-url': mock.tokenUrl }),
    },
    mock?.apiUrl ?? 'https://api.spotify.com',
    { secrets: [app.clientSecret], env: pickNetworkSettings(), onLog: createPrinter() },
  )
  if (track !== undefined) console.log(`\nThe next step called the Web API with the token and got: ${track}`)
  return track !== undefined
}

/** The first job requests a token and passes it to the others, which have neither the client ID nor the secret. */
async function showSharing(): Promise<boolean> {
  await using mock = await startSpotify(FAKE_APP)
  const shareKey = randomBytes(32).toString('base64')
  const runJob = (
    title: string,
    inputs: Record<string, string>,
    secrets: string[],
    outputNames?: string[],
  ) => {
    console.log(`${title}\n`)
    return runDemoJob(
      { ...inputs, 'share-key': shareKey },
      mock.apiUrl,
      { secrets: [shareKey, ...secrets], env: RUN, onLog: createPrinter() },
      outputNames,
    )
  }
  const results = [
    await runJob(
      'Job 1 requests a token and sets two job outputs: the encrypted token, and the token itself, which the runner drops.',
      {
        'client-id': FAKE_APP.clientId,
        'client-secret': FAKE_APP.clientSecret,
        'token-url': mock.tokenUrl,
      },
      [FAKE_APP.clientSecret],
      ['shared-token', 'access-token'],
    ),
  ]
  const sharedToken = results[0]?.outputs['shared-token'] ?? ''
  for (const number of [2, 3]) {
    results.push(await runJob(`\nJob ${number} uses the same token.`, { 'shared-token': sharedToken }, []))
  }
  const requests = mock.requests.filter(({ url }) => mock.tokenUrl.endsWith(url)).length
  const succeeded = results.filter(({ track }) => track !== undefined).length
  console.log(
    `\nJobs that called the Web API: ${succeeded} of ${results.length}. Token requests: ${requests}.`,
  )
  return succeeded === results.length && requests === 1
}

async function showFault(fault: string): Promise<void> {
  await using server = await startMisbehavingServer()
  const job = startJob({ secrets: [FAKE_APP.clientSecret], onLog: createPrinter() })
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

/** This machine's proxy settings. NODE_USE_ENV_PROXY applies them to `fetch` in Node.js. */
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
