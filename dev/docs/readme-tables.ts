/** Writes the tables of inputs and outputs in README.md from action.yml, grouped as README.md states. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

interface Field {
  readonly description: string
  readonly default?: string
}

const root = join(import.meta.dirname, '../..')
const metadata: Record<'inputs' | 'outputs', Record<string, Field>> = parse(
  readFileSync(join(root, 'action.yml'), 'utf8'),
)

const rowsOfInputs = Object.entries(metadata.inputs).map(
  ([name, { default: value, description }]) =>
    [
      name,
      `| \`${name}\` | ${description}${value === undefined ? '' : ` Default: \`${value}\`.`} |`,
    ] as const,
)
const rowsOfOutputs = Object.entries(metadata.outputs).map(
  ([name, { description }]) => `| \`${name}\` | ${description} |`,
)

const path = join(root, 'README.md')
const placed: string[] = []
const readme = readFileSync(path, 'utf8')
  .replace(
    /(<!-- inputs ([a-z -]+) -->\n).*?(<!-- end of inputs -->)/gs,
    (_match, start, list: string, end) => {
      const names = list.split(' ')
      placed.push(...names)
      const rows = rowsOfInputs.filter(([name]) => names.includes(name)).map(([, row]) => row)
      return `${start}${['| Input | Description |', '|---|---|', ...rows].join('\n')}\n${end}`
    },
  )
  .replace(/(<!-- outputs -->\n).*?(<!-- end of outputs -->)/s, (_match, start, end) => {
    return `${start}${['| Output | Description |', '|---|---|', ...rowsOfOutputs].join('\n')}\n${end}`
  })
const declared = rowsOfInputs.map(([name]) => name)
if (placed.toSorted().join() !== declared.toSorted().join()) {
  throw new Error(
    `The tables of README.md list ${placed.join(', ')}, but action.yml has ${declared.join(', ')}.`,
  )
}
writeFileSync(path, readme)
