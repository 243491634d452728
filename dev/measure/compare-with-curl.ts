/**
 * Runs a script with curl and jq, and the action, against the same faults, and writes the table in
 * docs/comparison.md. Requires bash, curl and jq.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startJob } from '../runner/fake-runner.ts'
import { startMisbehavingServer } from '../servers/misbehaving-server.ts'

const DOCUMENT = join(import.meta.dirname, '../../docs/comparison.md')
const MAX_WAIT_MS = 15_000
const FAULTS = [
  ['invalid_client', 'The secret is wrong'],
  ['captive portal', 'A captive portal responds'],
  ['302', 'The server redirects'],
  ['503 once', 'The server is briefly unavailable'],
  ['429 once', 'Too many jobs request a token'],
  ['reset once', 'The connection closes once'],
  ['cut in the middle of the body', 'The response is truncated every time'],
  ['empty', 'The response is empty'],
  ['no access_token', 'The response has no token'],
  ['silent', 'The server does not respond'],
] as const

const document = readFileSync(DOCUMENT, 'utf8')
const [, script = ''] = /```sh\n(.*?)```/s.exec(document) ?? []
const place = /(<!-- comparison -->\n).*(<!-- end of comparison -->)/s
if (script === '' || !place.test(document))
  throw new Error('docs/comparison.md must contain the script and the place of the table.')

const rows = []
for (const [fault, title] of FAULTS) {
  const cells = []
  for (const run of [runCurl, runAction]) {
    await using server = await startMisbehavingServer()
    cells.push(await run(server.urlOf(fault)))
  }
  rows.push(`| ${title} | ${cells.join(' | ')} |`)
}
const table = ['| Fault | The script | This action |', '|---|---|---|', ...rows].join('\n')
writeFileSync(
  DOCUMENT,
  document.replace(place, (_match, start: string, end: string) => `${start}${table}\n${end}`),
)

/** Like a `run:` step without `shell:`. */
async function runCurl(url: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'curl-'))
  const [file, output] = [join(folder, 'script.sh'), join(folder, 'output')]
  writeFileSync(file, script.replaceAll('https://accounts.spotify.com/api/token', url))
  writeFileSync(output, '')
  const env = { PATH: process.env['PATH'], ID: 'fake-id', SECRET: 'fake-secret', GITHUB_OUTPUT: output }
  const child = spawn('bash', ['-e', file], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk))
  const timer = setTimeout(() => process.kill(-(child.pid as number)), MAX_WAIT_MS)
  const exitCode = await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  const token = readFileSync(output, 'utf8').trim()
  rmSync(folder, { recursive: true })
  if (exitCode === null) return `still waiting after ${MAX_WAIT_MS / 1000} s`
  const result = exitCode === 0 ? `**succeeds** with \`${token}\`` : 'fails'
  return printed === '' ? result : `${result}: \`${printed.trim()}\``
}

async function runAction(url: string): Promise<string> {
  const { exitCode, log } = await startJob().runAction({
    with: { 'client-id': 'fake-id', 'client-secret': 'fake-secret', 'token-url': url, timeout: '15' },
  })
  const { text = '' } = log.at(-1) ?? {}
  const wait = log.find((line) => line.text.includes('retrying in'))?.text.replace(/;.*/, '')
  const retry = wait === undefined || exitCode !== 0 ? '' : ` after a retry (${wait})`
  const shown = text
    .replaceAll(new URL(url).host, 'the server')
    .replace(/\d{4}-.* UTC/, '…')
    // Only the cause, without the goal and the fix.
    .replace(/^Could not .*? from the server(?: after \d+ attempts)?: (.*?)\. [A-Z].*/, '$1')
  return `${exitCode === 0 ? 'succeeds' : 'fails'}${retry}: \`${shown}\``
}
