/** Every YAML snippet of the documents: it parses, uses what is declared, and its steps of this action run. */
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { type ConnectProxy, startProxy } from '../../dev/servers/connect-proxy.ts'
import { type LoopbackServer, startServer } from '../../dev/servers/loopback-server.ts'
import { fakeValue } from '../../dev/servers/provider-stand-ins.ts'
import { createAuthority, type TlsAuthority } from '../../dev/servers/tls-authority.ts'
import { startCheckedJob } from '../leaks.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const action: { inputs: object; outputs: object } = parse(read('action.yml'))
const documents = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter(
  (path) => path.endsWith('.md'),
)

interface Step {
  readonly id?: string
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, unknown>>
}

const snippets = documents.flatMap((path) => {
  const text = read(path)
  return [...text.matchAll(/^```ya?ml\n(.*?)^```$/gms)].map(({ 1: yaml = '', index }) => ({
    place: `${path}:${text.slice(0, index).split('\n').length}`,
    yaml,
    content: parse(yaml),
  }))
})

/** Wherever they stand: in a list, a job, or a workflow. */
function stepsIn(content: unknown): Step[] {
  if (Array.isArray(content)) return content
  const { steps, jobs } = content as { steps?: Step[]; jobs?: Record<string, object> }
  return steps ?? Object.values(jobs ?? {}).flatMap(stepsIn)
}

const isOurs = ({ uses }: Step) =>
  /^(https:\/\/github\.com\/)?OWNER\/client-credentials-token@(v1|[0-9a-f]{40})$/.test(uses ?? '')
const KEY = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string

/** The value of an expression that the runner would evaluate. */
const evaluate = (text: unknown) =>
  String(text).replace(/\$\{\{ (?:secrets|vars|matrix)\.(\w+) \}\}/g, (_expression, name: string) =>
    /PRIVATE_KEY|KEY_AND/.test(name) ? KEY : fakeValue(name),
  )

let authority: TlsAuthority
let server: LoopbackServer
let proxy: ConnectProxy

beforeAll(async () => {
  const hosts = [
    ...new Set(
      [
        ...snippets
          .map(({ yaml }) => yaml)
          .join()
          .matchAll(/https:\/\/([\w.-]+)/g),
      ].map(([, host]) => host as string),
    ),
  ]
  authority = await createAuthority([...hosts, 'accounts.spotify.com'])
  // Any authorization server: metadata at each place where it can be, a token for each request.
  server = await startServer(({ url, headers }, response) => {
    const origin = `https://${headers.host}`
    const issuer = `${origin}${url.replace('/.well-known/openid-configuration', '')}`
    response.end(
      JSON.stringify(
        url.includes('openid-configuration')
          ? { issuer, token_endpoint: `${origin}/token` }
          : url.includes('.well-known')
            ? {}
            : url.startsWith('/idtoken')
              ? { value: 'fake.id.token' }
              : { access_token: 'fake-token', token_type: 'Bearer', expires_in: 3600 },
      ),
    )
  }, authority.tls)
  proxy = await startProxy({ port: Number(new URL(server.origin).port) })
})

afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  authority[Symbol.dispose]()
})

test('there are snippets, and each has a step of this action', () => {
  expect(snippets.length).toBeGreaterThan(20)
  expect(snippets.filter(({ content }) => !stepsIn(content).some(isOurs)).map(({ place }) => place)).toEqual(
    [],
  )
})

test.each(snippets)(
  '$place uses declared inputs and outputs, and passes the token by env',
  ({ content, yaml }) => {
    const steps = stepsIn(content)
    const ours = steps.filter(isOurs)
    for (const step of ours) {
      expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(step.with ?? {})))
      expect(step.with).toHaveProperty('client-id')
    }
    const uses = [...yaml.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)]
    for (const [, id, output] of uses) {
      expect(ours.map((step) => step.id)).toContain(id)
      expect(Object.keys(action.outputs)).toContain(output)
    }
    for (const { run, with: inputs } of steps) {
      expect(`${run} ${JSON.stringify(inputs)}`).not.toMatch(/\$\{\{ *steps\./)
    }
  },
)

test.each(
  snippets.flatMap(({ place, content }) =>
    stepsIn(content)
      .filter(isOurs)
      .map((step) => ({ place, id: step.id, step, content })),
  ),
)('$place: the step $id runs', async ({ step, content }) => {
  const mayAsk = JSON.stringify(content).includes('"id-token":"write"')
  const inputs = Object.entries(step.with ?? {}).map(([name, value]) => [name, evaluate(value)])
  const result = await startCheckedJob({
    env: {
      https_proxy: `http://${proxy.host}`,
      NODE_EXTRA_CA_CERTS: authority.file,
      ...(mayAsk && {
        ACTIONS_ID_TOKEN_REQUEST_URL: 'https://accounts.spotify.com/idtoken?x=1',
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'fake-request-token',
      }),
    },
  }).runAction({ with: Object.fromEntries(inputs) })
  expect(result).toMatchObject({ exitCode: 0, outputs: { 'access-token': 'fake-token' } })
})
