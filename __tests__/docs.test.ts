/** The links between the documents, and what docs/troubleshooting.md lists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ADVICE_BY_CODE, ADVICE_BY_STATUS, TRANSIENT_STATUSES } from '../src/oauth/error-response.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`),
  '__tests__/README.md',
]

/** The anchor that github.com derives from a heading. */
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

test('docs/troubleshooting.md lists each error code and each status that has advice or is retried', () => {
  const text = read('docs/troubleshooting.md')
  const statuses = new Set([...ADVICE_BY_STATUS.keys(), ...TRANSIENT_STATUSES])
  const listed = [...ADVICE_BY_CODE.keys(), ...[...statuses].map((status) => `HTTP ${status}`)]
  expect(listed.filter((name) => !text.includes(`\`${name}\``))).toEqual([])
})
