/** What is in dist/, and what of Node it loads. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HttpClient } from '@actions/http-client'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startJob } from '../dev/runner/fake-runner.ts'
import { startSpotify } from '../dev/servers/spotify-mock.ts'

const ROOT = join(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')
const scripts = readdirSync(DIST)
  .filter((name) => name.endsWith('.cjs'))
  .map((name) => readFileSync(join(DIST, name), 'utf8'))

test('bundles no package but those in the list of licenses', () => {
  const paths = scripts.flatMap((script) => [
    ...script.matchAll(/MODULE: .*node_modules\/((?:@[^/]+\/)?[^/]+)/g),
  ])
  const bundled = new Set(paths.map(([, name]) => name))
  const licensed = readFileSync(join(DIST, 'licenses.txt'), 'utf8').match(/^\S+(?= \d+\.\d+\.\d+$)/gm)
  expect([...bundled, 'tunnel'].sort()).toEqual(licensed?.sort())
})

test('has nothing in it that starts processes, and no other HTTP client', () => {
  for (const script of scripts) {
    expect(script).not.toMatch(/require\("(node:)?(child_process|http2|worker_threads)"\)/)
  }
})

test('tells when somebody reaches for undici, which is not in the bundle', () => {
  process.env['https_proxy'] = 'http://127.0.0.1:1'
  try {
    expect(() => new HttpClient().getAgentDispatcher('https://server.example')).toThrow(
      'undici is not in this bundle: dev/packages/undici stands in its place',
    )
  } finally {
    delete process.env['https_proxy']
  }
})

/** Writes what Node has loaded of itself when the process ends. */
const WRITE_LOADED = `
process.on('exit', () => require('fs').writeFileSync(process.env.LOADED, process.moduleLoadList.join('\\n')))
`

let folder: string
let env: Record<string, string>

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'loaded-'))
  const hook = join(folder, 'hook.cjs')
  writeFileSync(hook, WRITE_LOADED)
  env = { NODE_OPTIONS: `--require=${hook}`, LOADED: join(folder, 'loaded') }
})

afterAll(() => rmSync(folder, { recursive: true }))

/** The modules of Node with a name for others, which the last process loaded and an empty script does not. */
function findLoaded(): string[] {
  const read = () =>
    readFileSync(join(folder, 'loaded'), 'utf8').match(/(?<=^NativeModule )(?!internal\/).*$/gm)
  const loaded = read() ?? []
  execFileSync(process.execPath, [join(ROOT, 'dev/measure/bench/empty.cjs')], {
    env: { ...process.env, ...env },
  })
  const always = new Set(read())
  return loaded.filter((name) => !name.startsWith('_') && !always.has(name)).sort()
}

test('loads of Node what its one request takes, and in a post step with nothing to do nothing', async () => {
  const app = { clientId: 'fake-client-id', clientSecret: 'fake-client-secret' }
  await using spotify = await startSpotify(app)
  const job = startJob({ env })
  await job.runAction({
    with: { 'client-id': app.clientId, 'client-secret': app.clientSecret, 'token-url': spotify.tokenUrl },
  })
  expect(findLoaded()).toEqual([
    'crypto',
    'http',
    'https',
    'net',
    'os',
    'stream',
    'stream/promises',
    'string_decoder',
    'tls',
  ])
  await job.runPostSteps()
  expect(findLoaded()).toEqual([])
})
