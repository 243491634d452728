/** action.yml and action-types.yml declare exactly the inputs that the built action reads and the outputs it sets. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { startJob } from '../dev/runner/fake-runner.ts'
import { type RecordingServer, startRecordingServer } from '../dev/servers/recording-server.ts'
import { createAuthority, type TlsAuthority } from '../dev/servers/tls-authority.ts'

interface Field {
  readonly description: string
  readonly default?: string
}

interface Type {
  readonly type: string
  readonly 'allowed-values'?: readonly string[]
}

const read = (path: string) => parse(readFileSync(join(import.meta.dirname, '..', path), 'utf8'))
const action: Record<'inputs' | 'outputs', Record<string, Field>> = read('action.yml')
const types: Record<'inputs' | 'outputs', Record<string, Type>> = read('action-types.yml')

test('describes each input and output in whole sentences', () => {
  for (const { description } of [...Object.values(action.inputs), ...Object.values(action.outputs)]) {
    expect(description).toMatch(/^[A-Z][^|]*\.$/)
  }
})

test.each(['inputs', 'outputs'] as const)(
  'action-types.yml has the %s of action.yml, in this order',
  (kind) => {
    expect(Object.keys(types[kind])).toEqual(Object.keys(action[kind]))
  },
)

// https://github.com/typesafegithub/github-actions-typing/blob/main/github-actions-typing.schema.json
test('action-types.yml follows its schema', () => {
  const primitive = expect.stringMatching(/^(string|boolean|integer|float)$/)
  const shapes: Record<string, object> = {
    list: { type: 'list', separator: expect.any(String), 'list-item': { type: primitive } },
    enum: { type: 'enum', 'allowed-values': expect.any(Array) },
  }
  for (const value of [...Object.values(types.inputs), ...Object.values(types.outputs)]) {
    expect(value).toEqual(shapes[value.type] ?? { type: primitive })
  }
})

/** Prints the name of each environment variable that the action reads. */
const HOOK = `
  const { env } = process
  process.env = new Proxy(env, {
    get(target, name) {
      if (String(name).startsWith('INPUT_')) console.log('read:' + name.slice('INPUT_'.length).toLowerCase())
      return target[name]
    },
  })
`

describe('the built action', () => {
  const CREDENTIALS = { 'client-id': 'a', 'client-secret': 'fake-secret' }
  const KEY = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  let folder: string
  let authority: TlsAuthority
  let server: RecordingServer

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hook-'))
    writeFileSync(join(folder, 'hook.cjs'), HOOK)
    authority = await createAuthority(['localhost'])
    server = await startRecordingServer(authority.tls)
  })

  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    authority[Symbol.dispose]()
    rmSync(folder, { recursive: true })
  })

  function run(inputs: Readonly<Record<string, string>>) {
    const env = {
      NODE_OPTIONS: `--require=${join(folder, 'hook.cjs')}`,
      NODE_EXTRA_CA_CERTS: authority.file,
    }
    return startJob({ env }).runAction({
      with: { 'token-url': `https://localhost:${server.port}/token`, ...inputs },
    })
  }

  test('reads the inputs of action.yml and sets its outputs, and no others', async () => {
    const steps = [
      await run(CREDENTIALS),
      await run({ 'client-id': 'a', 'auth-method': 'private_key_jwt', 'private-key': KEY }),
    ]
    const inputs = steps.flatMap(({ printed }) =>
      printed.flatMap((line) => /^read:(.*)$/.exec(line)?.[1] ?? []),
    )
    expect([...new Set(inputs)].sort()).toEqual(Object.keys(action.inputs).sort())
    expect(Object.keys(steps[0]?.outputs ?? {}).sort()).toEqual(Object.keys(action.outputs).sort())
  })

  const enums = Object.entries(types.inputs).flatMap(([name, { 'allowed-values': values }]) =>
    values ? [{ name, values }] : [],
  )

  test.each(enums)('supports exactly the values of $name in action-types.yml', async ({ name, values }) => {
    const { log, exitCode } = await run({ ...CREDENTIALS, [name]: 'invalid' })
    expect(exitCode).toBe(1)
    // The error lists all supported values.
    expect(
      log
        .at(-1)
        ?.text.match(/\w+(, \w+)+/)?.[0]
        .split(', '),
    ).toEqual(values)
    const { default: value = values[0] } = action.inputs[name] ?? {}
    expect(values).toContain(value)
  })
})
