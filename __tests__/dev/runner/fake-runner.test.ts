import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readMetadata } from '../../../dev/runner/action.ts'
import { startJob } from '../../../dev/runner/fake-runner.ts'
import { createLineReader, type LogLine, parseCommandFile } from '../../../dev/runner/runner-commands.ts'
import { startServer } from '../../../dev/servers/loopback-server.ts'

function logOf(...lines: string[]): LogLine[] {
  const log: LogLine[] = []
  const reader = createLineReader([], (line) => log.push(line))
  for (const line of lines) reader.readLine(line)
  return log
}

const text = (line: string): LogLine => ({ kind: 'text', text: line })

test.each<[string, string[], LogLine[]]>([
  [
    'prints lines that are not commands',
    ['a ::error::b', '::unknown::c', '::d'],
    [text('a ::error::b'), text('::unknown::c'), text('::d')],
  ],
  ['logs an error, unescaped once', ['::error::a%0Ab%253A%25'], [{ kind: 'error', text: 'a\nb%3A%' }]],
  ['reads a command with properties', ['::warning file=a,line=1::b'], [{ kind: 'warning', text: 'b' }]],
  ['reads a command after white space, in any case', ['  ::ERROR::a'], [{ kind: 'error', text: 'a' }]],
  ['reads the legacy form anywhere in a line', ['a ##[error]b'], [{ kind: 'error', text: 'b' }]],
  [
    'masks a secret after add-mask',
    ['fake-secret', '::add-mask::fake-secret', 'a fake-secret'],
    [text('fake-secret'), text('a ***')],
  ],
  ['masks each line of a secret', ['::add-mask::fake-a%0Afake-b', 'fake-b fake-a'], [text('*** ***')]],
  [
    'masks secrets that overlap or touch as one',
    ['::add-mask::fake-a', '::add-mask::a-fake', 'fake-a-fakefake-a x'],
    [text('*** x')],
  ],
  [
    'warns about an empty mask',
    ['::add-mask::', 'a'],
    [{ kind: 'warning', text: "Can't add secret mask for empty string in ##[add-mask] command." }, text('a')],
  ],
  [
    'ignores commands between stop-commands and its token',
    ['::stop-commands::t', '::add-mask::fake', '::t::', '::add-mask::fake-2', 'fake-2'],
    [text('::stop-commands::t'), text('::add-mask::fake'), text('::t::'), text('***')],
  ],
])('%s', (_name, lines, log) => {
  expect(logOf(...lines)).toEqual(log)
})

test('reads outputs and state from commands, like old runners', () => {
  const reader = createLineReader([], () => {})
  reader.readLine('::set-output name=a%3Ab::c')
  reader.readLine('::save-state name=d::e')
  expect(reader).toMatchObject({ outputs: { 'a:b': 'c' }, state: { d: 'e' } })
})

test.each([
  ['a line', 'a=b\n', { a: 'b' }],
  ['a value with operators', 'a=b<<c=d\n', { a: 'b<<c=d' }],
  ['a block', 'a<<EOF\nb\nc=d\nEOF\ne=f\n', { a: 'b\nc=d', e: 'f' }],
  ['a block with CRLF', 'a<<EOF\r\nb\r\nEOF\r\n', { a: 'b' }],
  ['an empty block', 'a<<EOF\n\nEOF\n', { a: '' }],
  ['an empty line', '\n', {}],
])('reads from a command file: %s', (_name, file, values) => {
  expect(parseCommandFile(file)).toEqual(values)
})

test.each([
  ['a line without an operator', 'abc\n', "Invalid format 'abc'"],
  ['a block without an end', 'a<<EOF\nb\n', "Matching delimiter not found 'EOF'"],
])('rejects in a command file: %s', (_name, file, message) => {
  expect(() => parseCommandFile(file)).toThrow(new Error(message))
})

test('runs a script with its environment and reads its results', async () => {
  const script = `
    import { appendFileSync } from 'node:fs'
    console.log(process.env.GREETING, process.env.MACHINE)
    console.error('::error::failed')
    appendFileSync(process.env.GITHUB_OUTPUT, 'a=b\\n')
    appendFileSync(process.env.GITHUB_ENV, 'c=d\\n')
    process.exitCode = 3
  `
  const job = startJob({ secrets: ['fake-secret'], env: { MACHINE: 'here' } })
  const { exitCode, log, outputs, files } = await job.runScript({
    name: 'Greet',
    script,
    env: { GREETING: 'fake-secret' },
  })
  expect(exitCode).toBe(3)
  expect(log[0]).toEqual({ kind: 'group', text: 'Greet' })
  expect(log).toContainEqual(text('*** here'))
  expect(log).toContainEqual({ kind: 'error', text: 'failed' })
  expect(log).not.toContainEqual(expect.objectContaining({ text: expect.stringContaining('fake-secret') }))
  expect(outputs).toEqual({ a: 'b' })
  expect(files.ENV).toBe('c=d\n')
})

/** Windows does not include bash, and there Node.js terminates a process instead of sending a signal. */
const onPosix = process.platform === 'win32' ? test.skip : test

onPosix('runs a bash script until a command fails, and shows its first line as the title', async () => {
  const job = startJob({ secrets: ['fake-secret'] })
  const script = 'echo "$GREETING"\necho "a=b" >> "$GITHUB_OUTPUT"\nfalse\necho never\n'
  const { exitCode, log, printed, outputs } = await job.runBash({ script, env: { GREETING: 'fake-secret' } })
  expect(log).toEqual([
    { kind: 'group', text: 'Run echo "$GREETING"' },
    ...script.trim().split('\n').map(text),
    text('shell: /usr/bin/bash -e {0}'),
    text('env:'),
    text('  GREETING: ***'),
    { kind: 'endgroup', text: '' },
    text('***'),
  ])
  expect({ exitCode, printed, outputs }).toEqual({
    exitCode: 1,
    printed: ['fake-secret'],
    outputs: { a: 'b' },
  })
})

test.each([
  ['omits', {}, 0],
  ['shows', { RUNNER_DEBUG: '1' }, 1],
])('%s debug lines', async (_name, env, count) => {
  const { log } = await startJob().runScript({ name: 'x', script: 'console.log("::debug::a")', env })
  expect(log.filter(({ kind }) => kind === 'debug')).toHaveLength(count)
})

test('masks a multi-line secret as a whole and line by line', async () => {
  const job = startJob({ secrets: ['fake-line-1\r\n  fake-line-2\n'] })
  const script = 'console.log("a fake-line-2 b fake-line-1")'
  const { log, masks } = await job.runScript({ name: 'x', script })
  expect(log.at(-1)).toEqual(text('a *** b ***'))
  expect(masks).toEqual(['fake-line-1\r\n  fake-line-2', 'fake-line-1', 'fake-line-2'])
})

/** A script that writes lines to GITHUB_ENV. */
const exporting = (...lines: string[]) =>
  `import { appendFileSync } from 'node:fs'
  appendFileSync(process.env.GITHUB_ENV, ${JSON.stringify(lines.map((line) => `${line}\n`).join(''))})`

test('passes what a step writes to GITHUB_ENV to later steps, except NODE_OPTIONS', async () => {
  const job = startJob({ env: { A: 'job', B: 'job', C: 'job' } })
  const { log } = await job.runScript({
    name: 'x',
    script: exporting('B=exported', 'C=exported', 'GITHUB_ENV=exported', 'Node_Options=--invalid'),
  })
  expect(log.at(-1)).toEqual({
    kind: 'error',
    text: "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.",
  })
  const script = 'console.log(process.env.A, process.env.B, process.env.C, process.env.GITHUB_ENV)'
  const { printed } = await job.runScript({ name: 'y', script, env: { C: 'step' } })
  expect(printed).toEqual([expect.stringMatching(/^job exported step .*ENV$/)])
})

test('sets the variables of the workflow run, which only the options of a job or step change', async () => {
  const script = `console.log(process.env.GITHUB_REPOSITORY, process.env.GITHUB_RUN_ID, process.env.GITHUB_RUN_ATTEMPT)`
  const job = startJob({ env: { GITHUB_RUN_ID: '2' } })
  await job.runScript({
    name: 'x',
    script: exporting('GITHUB_RUN_ID=exported', 'GITHUB_RUN_ATTEMPT=exported'),
  })
  const { printed } = await job.runScript({ name: 'y', script })
  expect(printed).toEqual(['OWNER/REPOSITORY 2 1'])
})

describe('with the action', () => {
  /** Runs before the action: prints its environment, its file, and whether a package can be loaded there. */
  const HOOK = `
    const load = () => { try { return require('module').createRequire(process.argv[1])('yaml') } catch (error) { return error.code } }
    console.log('seen:' + JSON.stringify({ env: process.env, file: process.argv[1], loaded: load() }))
  `
  let folder: string
  let env: Readonly<Record<string, string>>

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hook-'))
    writeFileSync(join(folder, 'hook.cjs'), HOOK)
    env = { NODE_OPTIONS: `--require=${join(folder, 'hook.cjs')}` }
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  const seenIn = (printed: readonly string[]) =>
    JSON.parse(printed.find((line) => line.startsWith('seen:'))?.slice('seen:'.length) ?? '{}')

  test('runs the files of action.yml, without node_modules', async () => {
    const job = startJob({ env })
    const main = seenIn((await job.runAction({ with: {} })).printed)
    const [post] = await job.runPostSteps()
    const files = [main.file, seenIn(post?.printed ?? []).file].map((file) => file.replaceAll('\\', '/'))
    const { runs } = readMetadata()
    expect(files).toEqual([expect.stringMatching(`/${runs.main}$`), expect.stringMatching(`/${runs.post}$`)])
    expect(main.loaded).toBe('MODULE_NOT_FOUND')
  })

  test('lets inputs win over variables, and a variable set what is not saved as state', async () => {
    const job = startJob({ env })
    await job.runScript({
      name: 'x',
      script: exporting(
        'INPUT_CLIENT-ID=exported',
        'INPUT_SCOPE=exported',
        'STATE_unsaved=exported',
        'A=exported',
      ),
    })
    const step = { with: { 'client-id': 'input' }, env: { 'INPUT_CLIENT-ID': 'step' } }
    const { env: seen } = seenIn((await job.runAction(step)).printed)
    expect(seen).toMatchObject({ 'INPUT_CLIENT-ID': 'input', STATE_unsaved: 'exported', A: 'exported' })
    expect(seen['INPUT_SCOPE']).toBe('')
  })

  test('lets saved state and inputs win over variables in the post step', async () => {
    await using server = await startServer((_request, response) =>
      response.end(JSON.stringify({ access_token: 'fake-token', expires_in: 3600 })),
    )
    const job = startJob({ env })
    const { state } = await job.runAction({
      with: {
        'client-id': 'a',
        'client-secret': 'fake-secret',
        'token-url': server.origin,
        'revocation-url': server.origin,
      },
    })
    expect(state['revocation']).toContain('fake-token')
    const script = exporting('STATE_revocation=exported', 'INPUT_CLIENT-ID=exported', 'A=exported')
    await job.runScript({ name: 'x', script })
    const [post] = await job.runPostSteps({ STATE_revocation: 'changed' }, { scope: 'changed' })
    expect(seenIn(post?.printed ?? []).env).toMatchObject({
      STATE_revocation: state['revocation'],
      'INPUT_CLIENT-ID': 'a',
      INPUT_SCOPE: 'changed',
      A: 'exported',
    })
  })

  test('runs the post step of a main step that was canceled', async () => {
    await using server = await startServer(() => void job.cancel())
    const job = startJob()
    const main = await job.runAction({
      with: { 'client-id': 'a', 'client-secret': 'fake-secret', 'token-url': server.origin },
    })
    expect(server.requests).toHaveLength(1)
    expect(main).toMatchObject({ exitCode: null, outputs: {} })
    const [post] = await job.runPostSteps()
    expect(post).toMatchObject({ exitCode: 0, printed: [] })
  })
})

onPosix.each([
  ['SIGINT', ['SIGINT'], 0],
  ['SIGTERM if it ignores SIGINT', ['SIGINT', 'SIGTERM'], 0],
  ['SIGKILL if it ignores both', ['SIGINT', 'SIGTERM'], null],
])('cancels a step by %s', async (_name, signals, exitCode) => {
  const script = `
    import { appendFileSync } from 'node:fs'
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.on(signal, () => {
        appendFileSync(process.env.GITHUB_STATE, signal + '=received\\n')
        if (${exitCode} === 0 && signal === '${signals.at(-1)}') process.exit(0)
      })
    }
    console.log('ready')
    setInterval(() => {}, 1000)
  `
  const job = startJob({
    cancelDelaysMs: { sigint: signals.length === 1 ? 10_000 : 300, sigterm: exitCode === 0 ? 10_000 : 300 },
    onLog: ({ text: line }) => line === 'ready' && void job.cancel(),
  })
  const result = await job.runScript({ name: 'x', script })
  expect(result.exitCode).toBe(exitCode)
  expect(Object.keys(result.state)).toEqual(signals)
})

describe('job outputs', () => {
  const SECRET = 'fake "secret" & <it\'s>(1)!'
  const base64 = (value: string) => Buffer.from(value).toString('base64')

  test.each([
    ['as it is', SECRET],
    ['inside other text', `a${SECRET}b`],
    ['in base64', base64(SECRET)],
    ['in base64, shifted by 1 byte', base64(`:${SECRET}`)],
    ['in base64, shifted by 2 bytes', base64(`a:${SECRET}`)],
    ['in a URI', 'fake%20%22secret%22%20%26%20%3Cit%27s%3E%281%29%21'],
    ['in JSON', JSON.stringify({ a: SECRET })],
    ['in XML', 'fake &quot;secret&quot; &amp; &lt;it&apos;s&gt;(1)!'],
    ['in an expression', SECRET.replace("'", "''")],
    ['up to its ampersand, as PowerShell prints it', 'fake "secret" &'],
  ])('drop a secret %s', (_name, value) => {
    const { outputs, log } = startJob({ secrets: [SECRET] }).evaluateOutputs({ a: value, b: 'public', c: '' })
    expect(outputs).toEqual({ b: 'public' })
    expect(log).toEqual([
      text('Evaluate and set job outputs'),
      { kind: 'warning', text: "Skip output 'a' since it may contain secret." },
      text("Set output 'b'"),
    ])
  })

  test('keep a secret in a form that the runner does not derive', () => {
    const form = new URLSearchParams({ a: SECRET }).toString()
    expect(startJob({ secrets: [SECRET] }).evaluateOutputs({ form })).toMatchObject({ outputs: { form } })
  })

  test('drop a value that a step has masked', async () => {
    const job = startJob()
    await job.runScript({ name: 'x', script: 'console.log("::add-mask::fake-token")' })
    expect(job.evaluateOutputs({ token: 'fake-token' }).outputs).toEqual({})
  })
})
