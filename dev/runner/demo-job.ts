import { type JobOptions, type StepResult, startJob } from './fake-runner.ts'

const TRACK = '4cOdK2wGLETKBW3PvgPWqT'

const CALL_API = `
const { API_URL, TOKEN } = process.env
const response = await fetch(\`\${API_URL}/v1/tracks/${TRACK}\`, { headers: { Authorization: \`Bearer \${TOKEN}\` } })
const track = await response.json()
if (!response.ok) throw new Error(track.error.message)
console.log(\`\${track.name} - \${track.artists.map((artist) => artist.name).join(', ')}\`)
`

export interface DemoResult {
  /** The last line of the second step, or `undefined` if it failed or there was no token. */
  readonly track: string | undefined
  /** The job's outputs, as other jobs receive them. */
  readonly outputs: Readonly<Record<string, string>>
}

/**
 * Runs a job of three steps: the built action, a Web API request with its output, and the post step.
 * @param outputNames the outputs of the action that the job passes to other jobs
 */
export async function runDemoJob(
  inputs: Readonly<Record<string, string>>,
  apiUrl: string,
  options: JobOptions,
  outputNames: readonly string[] = [],
): Promise<DemoResult> {
  const job = startJob(options)
  const token = await job.runAction({ with: inputs })
  let call: StepResult | undefined
  if (token.exitCode === 0) {
    const env = { API_URL: apiUrl, TOKEN: token.outputs['access-token'] }
    call = await job.runScript({ name: 'Call the Web API', script: CALL_API, env })
  }
  await job.runPostSteps()
  const passed = Object.fromEntries(outputNames.map((name) => [name, token.outputs[name] ?? '']))
  return {
    track: call?.exitCode === 0 ? call.log.at(-1)?.text : undefined,
    outputs: outputNames.length === 0 ? {} : job.evaluateOutputs(passed).outputs,
  }
}
