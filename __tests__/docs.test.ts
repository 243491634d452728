/** What the documents promise: links that resolve, and the words of every error. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parseSync } from '@swc/core'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
]

/** As github.com makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

test.each(documents)('each link of %s inside the repository resolves', (document) => {
  const text = read(document).replace(/^```.*?^```/gms, '')
  const targets = [
    ...[...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string),
    ...[...text.matchAll(/(?:src|srcset|href)="([^"]+)"/g)].map(([, target]) => target as string),
  ].filter((target) => !/^(https:|mailto:)/.test(target))
  const broken = targets.filter((target) => {
    const [path = '', anchor] = target.split('#')
    const file = path === '' ? document : join(dirname(document), path)
    if (!existsSync(join(root, file))) return true
    if (anchor === undefined) return false
    const headings = [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading as string))
    return !headings.includes(anchor)
  })
  expect(broken).toEqual([])
})

interface Node {
  readonly type: string
  readonly [key: string]: unknown
}

function* walk(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return
  if ('type' in value && typeof value.type === 'string') yield value as Node
  for (const child of Object.values(value)) yield* walk(child)
}

const nameOf = (node: unknown) => (node as { value?: string } | undefined)?.value ?? ''
const argumentsOf = (node: Node) =>
  (node['arguments'] as { expression: unknown }[]).map(({ expression }) => expression)
const TABLES = ['EXPLANATIONS', 'PROXY_EXPLANATIONS', 'OTHER_LABELS']
const SPEAKERS = ['findFault', 'nameOfNoJson', 'findOddities', 'findEncoded', 'findUnlisted']

/** Where a source says what happened: errors, warnings, notes, and the tables of them. */
function placesOfReasons(node: Node): unknown[] {
  const { type, callee } = node
  if (type === 'NewExpression' && /^(Error|Failure)$/.test(nameOf(callee)))
    return argumentsOf(node).slice(0, 1)
  if (type === 'CallExpression') {
    const { property = callee } = callee as { property?: unknown }
    return /^(withRetries|fail|warning|push)$/.test(nameOf(property)) ? argumentsOf(node).slice(0, 1) : []
  }
  if (type === 'KeyValueProperty' && nameOf(node['key']) === 'reason') return [node['value']]
  if (type === 'FunctionDeclaration' && SPEAKERS.includes(nameOf(node['identifier']))) return [node['body']]
  if (type !== 'VariableDeclarator' || !TABLES.includes(nameOf(node['id']))) return []
  const rows = [...walk(node['init'])].filter((inner) => inner.type === 'ArrayExpression').slice(1)
  return rows.map((row) => (row['elements'] as { expression: unknown }[])[1]?.expression)
}

/** The first sentence of each text there, in the pieces between the values that are put in; the rest is the cure. */
function reasonsIn(file: string): string[] {
  const tree = parseSync(read(join('src', file)), { syntax: 'typescript', target: 'es2024' })
  const texts = [...walk(tree)]
    .flatMap(placesOfReasons)
    .flatMap((place) => [...walk(place)])
    .flatMap(({ type, value, cooked }) =>
      type === 'StringLiteral' ? [value as string] : type === 'TemplateElement' ? [cooked as string] : [],
    )
  return texts
    .filter((text) => !/^(\. )?(Check|Correct|Take|Give|Credentials are sent)\b/.test(text))
    .map((text) => text.replace(/[.:] .*/s, '').trim())
    .filter((text) => /\w \w|^\w+_\w+$/.test(text))
}

test('docs/troubleshooting.md has the words of every error, warning and note', () => {
  const page = read('docs/troubleshooting.md')
  const files = readdirSync(join(root, 'src'))
  const reasons = files.flatMap(reasonsIn)
  expect(reasons.length).toBeGreaterThan(80)
  expect(reasons.filter((reason) => !page.includes(reason.replace(/[.:;,]$/, '')))).toEqual([])
})

test('docs/troubleshooting.md has every error code and every status that has a cure', () => {
  const page = read('docs/troubleshooting.md')
  const tree = parseSync(read('src/oauth-error.ts'), { syntax: 'typescript', target: 'es2024' })
  const tables = [...walk(tree)].filter(
    ({ type, id }) => type === 'VariableDeclarator' && /^(CURE_OF_|PASSING_)/.test(nameOf(id)),
  )
  const keys = [...walk(tables)].flatMap(({ type, value }) =>
    type === 'NumericLiteral'
      ? [`HTTP ${value}`]
      : type === 'StringLiteral' && /^[a-z_]+$/.test(value as string)
        ? [value as string]
        : [],
  )
  expect(keys.length).toBeGreaterThan(15)
  expect(keys.filter((key) => !page.includes(`\`${key}\``))).toEqual([])
})
