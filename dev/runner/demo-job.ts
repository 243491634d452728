import { type JobOptions, type StepResult, startJob } from './fake-runner.ts'

const TRACK = '4cOdK2wGLETKBW3PvgPWqT'

const CALL_API = `
const { API_URL, TOKEN } = process.env
const response = await fetch(\`\${API_URL}/v1/tracks/${TRACK}\`, { headers: { Authorization: \`Bearer \${TOKEN}\` } })
const track = await response.json()
if (!response.ok) throw new Error(track.error.message)
console.log(\`\${track.name} - \${track.artists.map((artist) => artist.name).join(', ')}\`)
`

interface App {
  readonly clientId: string
  readonly clientSecret: string
}

/**
 * Runs a job of three steps: the built action, a Web API request with its output, and the post step.
 * @param inputs the inputs besides `client-id` and `client-secret`
 * @returns the last line of the second step, or `undefined` if it failed or there was no token
 */
export async function runDemoJob(
  { clientId, clientSecret }: App,
  inputs: Readonly<Record<string, string>>,
  apiUrl: string,
  options: JobOptions,
): Promise<string | undefined> {
  const job = startJob({ ...options, secrets: [clientId, clientSecret] })
  const token = await job.runAction({
    with: { 'client-id': clientId, 'client-secret': clientSecret, ...inputs },
  })
  let call: StepResult | undefined
  if (token.exitCode === 0) {
    const env = { API_URL: apiUrl, TOKEN: token.outputs['access-token'] }
    call = await job.runScript({ name: 'Call the Web API', script: CALL_API, env })
  }
  await job.runPostSteps()
  return call?.exitCode === 0 ? call.log.at(-1)?.text : undefined
}
