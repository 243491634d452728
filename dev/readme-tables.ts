/** Writes the tables of inputs and outputs in README.md from action.yml. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

interface Field {
  readonly description: string
  readonly required?: boolean
  readonly default?: string
}

const root = join(import.meta.dirname, '..')
const metadata: Record<'inputs' | 'outputs', Record<string, Field>> = parse(
  readFileSync(join(root, 'action.yml'), 'utf8'),
)

const inputs = Object.entries(metadata.inputs).map(
  ([name, { required, default: value, description }]) =>
    `| \`${name}\` | ${required ? 'required' : value === undefined ? '' : `\`${value}\``} | ${description} |`,
)
const outputs = Object.entries(metadata.outputs).map(
  ([name, { description }]) => `| \`${name}\` | ${description} |`,
)
const tables = {
  inputs: ['| input | default | |', '|---|---|---|', ...inputs],
  outputs: ['| output | |', '|---|---|', ...outputs],
}

const path = join(root, 'README.md')
let readme = readFileSync(path, 'utf8')
for (const [name, lines] of Object.entries(tables)) {
  const place = new RegExp(`(<!-- ${name} -->\n).*(<!-- end of ${name} -->)`, 's')
  if (!place.test(readme)) throw new Error(`README.md has no place for the ${name}`)
  readme = readme.replace(place, (_match, start, end) => `${start}${lines.join('\n')}\n${end}`)
}
writeFileSync(path, readme)
