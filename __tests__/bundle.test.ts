/** The content of dist/, and the modules of Node.js that it loads. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startJob } from '../dev/runner/fake-runner.ts'
import { startSpotify } from '../dev/servers/spotify-mock.ts'

const ROOT = join(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')
const files = readdirSync(DIST)
const scripts = files
  .filter((name) => name.endsWith('.cjs'))
  .map((name) => readFileSync(join(DIST, name), 'utf8'))

test('bundles only packages whose license is in licenses.txt', () => {
  const paths = scripts.flatMap((script) => [
    ...script.matchAll(/MODULE: .*node_modules\/((?:@[^/]+\/)?[^/]+)/g),
  ])
  const bundled = new Set(paths.map(([, name]) => name))
  const licensed = readFileSync(join(DIST, 'licenses.txt'), 'utf8').match(/^\S+(?= \d+\.\d+\.\d+$)/gm)
  expect(bundled.size).toBeGreaterThan(1)
  expect(licensed).toEqual(expect.arrayContaining([...bundled]))
})

test('contains nothing that starts processes, and no other HTTP client', () => {
  for (const script of scripts) {
    expect(script).not.toMatch(/require\("(node:)?(child_process|http2|worker_threads)"\)/)
  }
})

test('requires only built-in modules and files of dist/', () => {
  const specifiers = scripts.flatMap((script) => [...script.matchAll(/\b(?:require|import)\("([^"]+)"\)/g)])
  const names = specifiers.map(([, specifier = '']) => specifier)
  expect(names).toContain('https')
  const others = names.filter((name) => !isBuiltin(name) && !files.includes(name.replace('./', '')))
  expect(others).toEqual([])
})

/** Writes the built-in modules that Node.js has loaded when the process ends. */
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

/** The public built-in modules that the last process loaded and an empty script does not. */
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

test('loads only the built-in modules that one request needs, and none in a post step without a revocation', async () => {
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
