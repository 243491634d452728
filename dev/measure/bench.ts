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
const FLOOR = 'the floor: `https.request`'

interface Case {
  readonly name: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** The result that a run must have for its figures to count. */
  readonly proof: 'token' | 'masked token' | 'nothing'
  readonly base: typeof EMPTY | typeof FLOOR
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
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'Fake authority' }], {
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
  if (!python) console.error('Without CPU time and memory, which take python3 on Linux or macOS.')

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
  const byHand = {
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
  const action = node(join(ROOT, 'dist/index.cjs'))
  const cases: Case[] = [
    { name: EMPTY, command: node(script('empty.cjs')), env: {}, proof: 'nothing', base: EMPTY },
    {
      name: 'the action, post with nothing to do',
      command: action,
      env: { ...inputs, STATE_isPost: 'true' },
      proof: 'nothing',
      base: EMPTY,
    },
    { name: FLOOR, command: node(script('floor.cjs')), env: byHand, proof: 'masked token', base: FLOOR },
    {
      name: 'the action, main',
      command: action,
      env: { ...inputs, NODE_EXTRA_CA_CERTS: authority },
      proof: 'masked token',
      base: FLOOR,
    },
    {
      name: "the guide's `fetch`",
      command: node(script('fetch.mjs')),
      env: byHand,
      proof: 'token',
      base: FLOOR,
    },
  ]
  if (['curl', 'jq'].every((tool) => spawnSync(tool, ['--version']).status === 0)) {
    const command = ['bash', '-e', script('curl-jq.sh')]
    cases.push({ name: '`curl`, `jq`', command, env: byHand, proof: 'token', base: FLOOR })
  } else {
    console.error('Without curl and jq, one of which is not on this machine.')
  }
  return cases
}

/** The path of the interpreter itself, not of a wrapper script; `undefined` without `os.wait4`. */
function findPython(): string | undefined {
  const { status, stdout } = spawnSync('python3', ['-c', 'import os, sys; os.wait4; print(sys.executable)'])
  return status === 0 ? stdout.toString().trim() : undefined
}

async function measure({ name, command, env, proof }: Case, python: string | undefined): Promise<Usage> {
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
  const [printed = '', complaint = '', report = ''] = await texts
  const token = parseCommandFile(readFileSync(files.GITHUB_OUTPUT, 'utf8'))['access-token'] ?? ''
  if (exitCode !== 0 || complaint !== '' || !isProved(proof, token, printed)) {
    throw new Error(`${name} did not do what it is measured for (${exitCode}):\n${printed}${complaint}`)
  }
  return python ? JSON.parse(report) : { wallMs }
}

function isProved(proof: Case['proof'], token: string, printed: string): boolean {
  if (proof === 'nothing') return token === '' && printed === ''
  return /^BQ[\w-]+$/.test(token) && (proof === 'token' || printed.includes(`::add-mask::${token}\n`))
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
  console.log('| | wall, ms | ratio | CPU, ms | ratio | peak memory, MB | ratio | ratio to |')
  console.log('|---|---:|---:|---:|---:|---:|---:|---|')
  for (const { name, base } of cases) {
    const cells = MEASURES.flatMap((key) => {
      const value = medians.get(name)?.[key]
      const reference = medians.get(base)?.[key]
      return value && reference ? [value.toFixed(1), (value / reference).toFixed(2)] : ['', '']
    })
    console.log(`| ${[name, ...cells, base].join(' | ')} |`)
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
