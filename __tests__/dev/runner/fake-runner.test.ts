import { expect, test } from '@jest/globals'
import { startJob } from '../../../dev/runner/fake-runner.ts'
import { createLineReader, type LogLine, parseCommandFile } from '../../../dev/runner/runner-commands.ts'

function logOf(...lines: string[]): LogLine[] {
  const log: LogLine[] = []
  const reader = createLineReader([], (line) => log.push(line))
  for (const line of lines) reader.readLine(line)
  return log
}

const text = (line: string): LogLine => ({ kind: 'text', text: line })

test.each<[string, string[], LogLine[]]>([
  [
    'prints what is no command',
    ['a ::error::b', '::unknown::c', '::d'],
    [text('a ::error::b'), text('::unknown::c'), text('::d')],
  ],
  ['shows an error, unescaped once', ['::error::a%0Ab%253A%25'], [{ kind: 'error', text: 'a\nb%3A%' }]],
  ['reads a command with properties', ['::warning file=a,line=1::b'], [{ kind: 'warning', text: 'b' }]],
  ['reads a command after white space, in any case', ['  ::ERROR::a'], [{ kind: 'error', text: 'a' }]],
  ['reads the older form anywhere in a line', ['a ##[error]b'], [{ kind: 'error', text: 'b' }]],
  [
    'masks what follows an add-mask',
    ['fake-secret', '::add-mask::fake-secret', 'a fake-secret'],
    [text('fake-secret'), text('a ***')],
  ],
  ['masks each line of a secret', ['::add-mask::fake-a%0Afake-b', 'fake-b fake-a'], [text('*** ***')]],
  [
    'masks the longest secret first',
    ['::add-mask::fake', '::add-mask::fake-secret', 'fake-secret'],
    [text('***')],
  ],
  [
    'warns of an empty mask',
    ['::add-mask::', 'a'],
    [{ kind: 'warning', text: "Can't add secret mask for empty string in ##[add-mask] command." }, text('a')],
  ],
  [
    'obeys nothing between stop-commands and its token',
    ['::stop-commands::t', '::add-mask::fake', '::t::', '::add-mask::fake-2', 'fake-2'],
    [text('::stop-commands::t'), text('::add-mask::fake'), text('::t::'), text('***')],
  ],
])('%s', (_name, lines, log) => {
  expect(logOf(...lines)).toEqual(log)
})

test('takes outputs and state from commands, as old runners do', () => {
  const reader = createLineReader([], () => {})
  reader.readLine('::set-output name=a%3Ab::c')
  reader.readLine('::save-state name=d::e')
  expect(reader).toMatchObject({ outputs: { 'a:b': 'c' }, state: { d: 'e' } })
})

test.each([
  ['a line', 'a=b\n', { a: 'b' }],
  ['a line with signs', 'a=b<<c=d\n', { a: 'b<<c=d' }],
  ['a block', 'a<<EOF\nb\nc=d\nEOF\ne=f\n', { a: 'b\nc=d', e: 'f' }],
  ['a block with CRLF', 'a<<EOF\r\nb\r\nEOF\r\n', { a: 'b' }],
  ['an empty block', 'a<<EOF\n\nEOF\n', { a: '' }],
  ['nothing', '\n', {}],
])('reads from a command file: %s', (_name, file, values) => {
  expect(parseCommandFile(file)).toEqual(values)
})

test.each([
  ['a line without a sign', 'abc\n', "Invalid format 'abc'"],
  ['a block without an end', 'a<<EOF\nb\n', "Matching delimiter not found 'EOF'"],
])('refuses in a command file: %s', (_name, file, message) => {
  expect(() => parseCommandFile(file)).toThrow(new Error(message))
})

test('runs a script with its environment and reads what it leaves', async () => {
  const script = `
    import { appendFileSync } from 'node:fs'
    console.log(process.env.GREETING, process.env.MACHINE)
    console.error('::error::told')
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
  expect(log).toContainEqual({ kind: 'error', text: 'told' })
  expect(log).not.toContainEqual(expect.objectContaining({ text: expect.stringContaining('fake-secret') }))
  expect(outputs).toEqual({ a: 'b' })
  expect(files.ENV).toBe('c=d\n')
})

test.each([
  ['hides', {}, 0],
  ['shows', { RUNNER_DEBUG: '1' }, 1],
])('%s debug lines', async (_name, env, count) => {
  const { log } = await startJob().runScript({ name: 'x', script: 'console.log("::debug::a")', env })
  expect(log.filter(({ kind }) => kind === 'debug')).toHaveLength(count)
})
