/** Every YAML snippet of the docs: it parses, uses declared inputs and outputs, and its steps of this action run. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { type ConnectProxy, startProxy } from '../../dev/servers/connect-proxy.ts'
import {
  ACCESS_TOKEN,
  ID_TOKEN_VARIABLES,
  type RecordingServer,
  startRecordingServer,
} from '../../dev/servers/recording-server.ts'
import { createAuthority, type TlsAuthority } from '../../dev/servers/tls-authority.ts'
import { startCheckedJob } from '../leaks.ts'
import { evaluateInputs } from './workflow-values.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const action: { inputs: object; outputs: object } = parse(read('action.yml'))
const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true }).map((name) => join('docs', String(name))),
].filter((path) => path.endsWith('.md'))

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

/** The steps of a list, a job, or a workflow. */
function stepsIn(content: unknown): Step[] {
  if (Array.isArray(content)) return content
  const { steps, jobs } = content as { steps?: Step[]; jobs?: Record<string, object> }
  return steps ?? Object.values(jobs ?? {}).flatMap(stepsIn)
}

/** A shared token is bound to the workflow run. */
const RUN = {
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'octo-org/octo-repo',
  GITHUB_RUN_ID: '1',
}

const isReceiving = (step: Step) => step.with?.['shared-token'] !== undefined
const isOurs = ({ uses }: Step) =>
  /^(https:\/\/github\.com\/)?OWNER\/client-credentials-token@(v1|[0-9a-f]{40})$/.test(uses ?? '')

let authority: TlsAuthority
let server: RecordingServer
let proxy: ConnectProxy

beforeAll(async () => {
  const urls = snippets.flatMap(({ yaml }) => [...yaml.matchAll(/https:\/\/([\w.-]+)/g)])
  const idTokenHost = new URL(ID_TOKEN_VARIABLES.ACTIONS_ID_TOKEN_REQUEST_URL).hostname
  const hosts = new Set([...urls.map(([, host = '']) => host), idTokenHost, 'accounts.spotify.com'])
  authority = await createAuthority([...hosts])
  server = await startRecordingServer(authority.tls)
  proxy = await startProxy({ port: server.port })
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
      const hasClient = !/^(token_exchange|jwt_bearer)$/.test(`${step.with?.['grant-type']}`)
      if (isReceiving(step)) expect(step.with).toHaveProperty('share-key')
      else if (hasClient) expect(step.with).toHaveProperty('client-id')
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
  const mayRequestIdToken = JSON.stringify(content).includes('"id-token":"write"')
  const env = {
    https_proxy: `http://${proxy.host}`,
    NODE_EXTRA_CA_CERTS: authority.file,
    ...RUN,
    ...(mayRequestIdToken && ID_TOKEN_VARIABLES),
  }
  const run = (one: Step | undefined, needs?: Readonly<Record<string, string>>) =>
    startCheckedJob({ env }).runAction({ with: evaluateInputs(one?.with ?? {}, needs) })
  // The job in `needs` runs first.
  const needs = isReceiving(step) ? (await run(stepsIn(content).find(isOurs))).outputs : {}
  const result = await run(step, needs)
  expect(result).toMatchObject({ exitCode: 0, outputs: { 'access-token': ACCESS_TOKEN } })
})
