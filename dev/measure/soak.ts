/**
 * Runs the built action many times in parallel against the Spotify mock server with random faults, and checks that
 * each run succeeds with a valid token or fails with one error, ends in time, and leaves no files, processes or connections.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { type StepResult, startJob } from '../runner/fake-runner.ts'
import { listen } from '../servers/listen.ts'
import { createFaults, startMisbehavingServer } from '../servers/misbehaving-server.ts'
import { startSpotify } from '../servers/spotify-mock.ts'

const APP = { clientId: 'soak-client-id', clientSecret: 'soak-client-secret-not-real' }
const FAULTY_SHARE = 0.1
const TIMEOUT_SECONDS = 10
/** In addition to the timeout, for Node.js to start and exit on a busy machine. */
const MARGIN_MS = 5000

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '2000' }, 'side-by-side': { type: 'string', default: '16' } },
})
const filesBefore = listFiles()

await using spotify = await startSpotify(APP)
await using misbehaving = await startMisbehavingServer()
// Without the many faults that take as long as the timeout.
const faults = Object.keys(createFaults()).filter((name) => !/silent|dripping/.test(name))
const faulty = new Map<string, number>()

/** Forwards each request to the mock server, or to a random fault. */
const front = createServer((incoming, response) => {
  const fault = faults[Math.floor(Math.random() * faults.length)] as string
  const isFaulty = Math.random() < FAULTY_SHARE
  if (isFaulty) faulty.set(fault, (faulty.get(fault) ?? 0) + 1)
  forward(incoming, response, isFaulty ? misbehaving.urlOf(fault) : spotify.tokenUrl)
})
await using frontServer = await listen(front)
const tokenUrl = `http://127.0.0.1:${frontServer.port}/api/token`

function forward(incoming: IncomingMessage, response: ServerResponse, url: string): void {
  const outgoing = request(url, { method: 'POST', headers: incoming.headers }, (upstream) => {
    response.writeHead(upstream.statusCode ?? 500, upstream.headers)
    upstream.pipe(response)
    upstream.on('error', () => response.destroy())
  })
  outgoing.on('error', () => response.destroy())
  incoming.pipe(outgoing)
}

const tally = { succeeded: 0, failed: 0, retried: 0 }
const durations: number[] = []
const problems: string[] = []

async function runOnce(): Promise<void> {
  const start = performance.now()
  const job = startJob({ secrets: [APP.clientSecret] })
  const step = await job.runAction({
    with: {
      'client-id': APP.clientId,
      'client-secret': APP.clientSecret,
      'token-url': tokenUrl,
      timeout: String(TIMEOUT_SECONDS),
    },
  })
  const [post] = await job.runPostSteps()
  durations.push(performance.now() - start)
  const problem = findProblem(step, post as StepResult, durations.at(-1) as number)
  if (problem !== undefined) problems.push(`${problem}\n${step.printed.join('\n')}`)
  tally[step.exitCode === 0 ? 'succeeded' : 'failed'] += 1
  if (step.printed.some((line) => line.includes('retrying in'))) tally.retried += 1
}

function findProblem(
  { exitCode, outputs, printed, log }: StepResult,
  post: StepResult,
  ms: number,
): string | undefined {
  const errors = log.filter(({ kind }) => kind === 'error')
  const token = outputs['access-token'] ?? ''
  if (ms > TIMEOUT_SECONDS * 1000 + MARGIN_MS) return `took ${Math.round(ms)} ms`
  if (post.exitCode !== 0 || post.printed.length > 0) return 'the post step failed or printed something'
  if (log.some(({ text }) => text.includes(APP.clientSecret))) return 'the log contains the secret'
  if (exitCode === 0) {
    // From the mock server, or from a fault that still returns a token.
    if (!/^(BQ[\w-]{80}|fake-[0-9a-z]+|x+)$/.test(token)) return `succeeded with the token '${token}'`
    return errors.length === 0 && printed.includes(`::add-mask::${token}`)
      ? undefined
      : 'succeeded with an error or without a mask'
  }
  if (exitCode !== 1) return `exit code ${exitCode}`
  return errors.length === 1 && token === ''
    ? undefined
    : `failed with ${errors.length} errors and the token '${token}'`
}

let remaining = Number(values.runs)
const started = performance.now()
await Promise.all(
  Array.from({ length: Number(values['side-by-side']) }, async () => {
    while (remaining > 0) {
      remaining -= 1
      await runOnce()
    }
  }),
)

const leftovers = [
  ...listFiles()
    .filter((name) => !filesBefore.includes(name))
    .map((name) => `file ${name}`),
  ...listProcesses(),
  ...((await countConnections()) === 0 ? [] : ['connections to the server']),
]
durations.sort((a, b) => a - b)
const seconds = (ms: number | undefined) => `${((ms ?? 0) / 1000).toFixed(1)} s`
console.log(
  `${values.runs} runs in ${seconds(performance.now() - started)}: ${tally.succeeded} succeeded, ${tally.failed} failed, ${tally.retried} of them after retries; ${[...faulty.values()].reduce((sum, count) => sum + count, 0)} faulty responses of ${faulty.size} kinds.`,
)
console.log(
  `Duration of a job: median ${seconds(durations[durations.length >> 1])}, maximum ${seconds(durations.at(-1))}.`,
)
console.log(
  leftovers.length === 0 ? 'No files, processes or connections are left.' : `Left:\n${leftovers.join('\n')}`,
)
for (const problem of problems) console.log(`\nProblem: ${problem}`)
process.exitCode = problems.length + leftovers.length === 0 ? 0 : 1

function listFiles(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('fake-runner-'))
}

function countConnections(): Promise<number> {
  return new Promise((resolve, reject) =>
    front.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  )
}

/** Child processes, including zombies. On Windows, which has no `ps`, as Node.js reports them. */
function listProcesses(): string[] {
  const own = process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap')
  if (process.platform === 'win32') return own
  const lines = execFileSync('ps', ['-eo', 'ppid=,pid=,stat=,args='], { encoding: 'utf8' }).split('\n')
  return lines.filter(
    (line) => Number(line.trim().split(/\s+/)[0]) === process.pid && !line.includes('ps -eo'),
  )
}
