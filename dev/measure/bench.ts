/**
 * Measures whole processes in interleaved rounds and prints a Markdown table that compares the built action with bare
 * scripts. Its argument is the number of rounds (default: 40).
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { generate } from 'selfsigned'
import { inputVariables } from '../runner/action.ts'
import { parseCommandFile } from '../runner/runner-commands.ts'
import { startSpotify } from '../servers/spotify-mock.ts'

const MIN_ROUNDS = 30
const ROOT = join(import.meta.dirname, '../..')
const APP = { clientId: 'fake-client-id', clientSecret: 'fake-client-secret' }
const EMPTY = 'an empty script'
const MINIMAL = 'minimal script: `https.request`'

interface Case {
  readonly name: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** The result without which a run does not count. */
  readonly result: 'token' | 'masked token' | 'nothing'
  readonly base: typeof EMPTY | typeof MINIMAL
}

interface Usage {
  readonly wallMs: number
  /** User and system time, of all threads and child processes. */
  readonly cpuMs?: number
  /** The maximum resident set size of the largest process. */
  readonly peakMb?: number
}

const MEASURES = ['wallMs', 'cpuMs', 'peakMb'] as const

const rounds = Number(process.argv[2] ?? 40)
if (!(rounds >= MIN_ROUNDS)) throw new Error(`The argument is the number of rounds, at least ${MIN_ROUNDS}.`)

const folder = mkdtempSync(join(tmpdir(), 'bench-'))
try {
  await run()
} finally {
  rmSync(folder, { recursive: true })
}

async function run(): Promise<void> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'Fake CA' }], {
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  })
  const authority = join(folder, 'authority.pem')
  writeFileSync(authority, cert)
  // In this process, because it only waits while a case runs.
  await using spotify = await startSpotify(APP, Date.now, { key, cert })
  const cases = listCases(spotify.tokenUrl, authority)
  const python = findPython()
  if (!python) console.error('CPU time and memory are not measured: they require python3 on Linux or macOS.')

  const usages = new Map(cases.map(({ name }) => [name, [] as Usage[]]))
  // Round 0 warms up the disk and the server.
  for (let round = 0; round <= rounds; round += 1) {
    // Shuffled, so that no case always runs after the same one.
    for (const candidate of shuffle(cases)) {
      const usage = await measure(candidate, python)
      if (round > 0) usages.get(candidate.name)?.push(usage)
    }
  }
  const medians = new Map([...usages].map(([name, list]) => [name, findMedians(list)]))
  console.log(`Node.js ${process.version} on ${process.platform}, medians of ${rounds} rounds:\n`)
  printTable(cases, medians)
  printSizes()
}

function listCases(tokenUrl: string, authority: string): Case[] {
  const script = (name: string) => join(ROOT, 'dev/measure/bench', name)
  const node = (file: string) => [process.execPath, file]
  const { clientId, clientSecret } = APP
  const variables = {
    CLIENT_ID: clientId,
    CLIENT_SECRET: clientSecret,
    TOKEN_URL: tokenUrl,
    NODE_EXTRA_CA_CERTS: authority,
    CURL_CA_BUNDLE: authority,
  }
  const inputs = inputVariables({
    'client-id': clientId,
    'client-secret': clientSecret,
    'token-url': tokenUrl,
  })
  const cases: Case[] = [
    { name: EMPTY, command: node(script('empty.cjs')), env: {}, result: 'nothing', base: EMPTY },
    {
      name: 'the action, post with nothing to do',
      command: node(join(ROOT, 'dist/post.cjs')),
      env: { ...inputs, STATE_revocation: '' },
      result: 'nothing',
      base: EMPTY,
    },
    {
      name: MINIMAL,
      command: node(script('floor.cjs')),
      env: variables,
      result: 'masked token',
      base: MINIMAL,
    },
    {
      name: 'the action, main',
      command: node(join(ROOT, 'dist/index.cjs')),
      env: { ...inputs, NODE_EXTRA_CA_CERTS: authority },
      result: 'masked token',
      base: MINIMAL,
    },
    {
      name: "Spotify's guide: `fetch`",
      command: node(script('fetch.mjs')),
      env: variables,
      result: 'token',
      base: MINIMAL,
    },
  ]
  if (['curl', 'jq'].every((tool) => spawnSync(tool, ['--version']).status === 0)) {
    const command = ['bash', '-e', script('curl-jq.sh')]
    cases.push({ name: '`curl`, `jq`', command, env: variables, result: 'token', base: MINIMAL })
  } else {
    console.error('curl and jq are not measured: at least one of them is not installed.')
  }
  return cases
}

/** The path of the interpreter itself, not of a wrapper script; `undefined` without `os.wait4`. */
function findPython(): string | undefined {
  const { status, stdout } = spawnSync('python3', ['-c', 'import os, sys; os.wait4; print(sys.executable)'])
  return status === 0 ? stdout.toString().trim() : undefined
}

async function measure({ name, command, env, result }: Case, python: string | undefined): Promise<Usage> {
  const files = { GITHUB_OUTPUT: join(folder, 'output'), GITHUB_STATE: join(folder, 'state') }
  for (const file of Object.values(files)) writeFileSync(file, '')
  const wrapper = python ? [python, '-I', '-S', join(ROOT, 'dev/measure/bench/measure.py')] : []
  const [program = '', ...args] = [...wrapper, ...command]
  const start = performance.now()
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], SystemRoot: process.env['SystemRoot'], CI: 'true', ...files, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const streams = child.stdio.slice(1) as NodeJS.ReadableStream[]
  const texts = Promise.all(streams.map((stream) => text(stream)))
  const exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  const wallMs = performance.now() - start
  const [printed = '', errors = '', report = ''] = await texts
  const token = parseCommandFile(readFileSync(files.GITHUB_OUTPUT, 'utf8'))['access-token'] ?? ''
  if (exitCode !== 0 || errors !== '' || !hasResult(result, token, printed)) {
    throw new Error(`${name} did not return ${result} (exit code ${exitCode}):\n${printed}${errors}`)
  }
  return python ? JSON.parse(report) : { wallMs }
}

function hasResult(result: Case['result'], token: string, printed: string): boolean {
  if (result === 'nothing') return token === '' && printed === ''
  return /^BQ[\w-]+$/.test(token) && (result === 'token' || printed.includes(`::add-mask::${token}\n`))
}

function shuffle<T>(values: readonly T[]): T[] {
  const places = values.map((value) => ({ value, place: Math.random() }))
  return places.sort((a, b) => a.place - b.place).map(({ value }) => value)
}

function findMedians(usages: readonly Usage[]): Usage {
  const medians = MEASURES.map((key) => [key, findMedian(usages.flatMap((usage) => usage[key] ?? []))])
  return Object.fromEntries(medians)
}

function findMedian(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}

function printTable(cases: readonly Case[], medians: ReadonlyMap<string, Usage>): void {
  console.log('| Script | Wall, ms | Ratio | CPU, ms | Ratio | Peak memory, MB | Ratio | Baseline |')
  console.log('|---|---:|---:|---:|---:|---:|---:|---|')
  for (const { name, base } of cases) {
    const cells = MEASURES.flatMap((key) => {
      const value = medians.get(name)?.[key]
      const reference = medians.get(base)?.[key]
      return value && reference ? [value.toFixed(1), (value / reference).toFixed(2)] : ['', '']
    })
    console.log(`| ${[name, ...cells, base.replace(/:.*/, '')].join(' | ')} |`)
  }
}

function printSizes(): void {
  const dist = join(ROOT, 'dist')
  const sizes = readdirSync(dist).map((file) => statSync(join(dist, file)).size)
  const archive = execFileSync('git', ['archive', '--format=tar.gz', 'HEAD'], {
    cwd: ROOT,
    maxBuffer: Number.POSITIVE_INFINITY,
  })
  const format = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`
  const total = sizes.reduce((sum, size) => sum + size, 0)
  console.log(
    `\nAll files of dist/: ${format(total)}. The archive of HEAD, compressed: ${format(archive.length)}.`,
  )
}
