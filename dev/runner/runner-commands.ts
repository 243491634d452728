/** How GitHub's runner reads the lines that a step prints and the command files that it writes. */
import { addMask, maskText } from './masks.ts'

export interface LogLine {
  readonly kind: 'text' | 'group' | 'endgroup' | 'debug' | 'notice' | 'warning' | 'error'
  readonly text: string
}

interface Command {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly data: string
}

const LOG_COMMANDS = ['group', 'endgroup', 'debug', 'notice', 'warning', 'error'] as const
const COMMANDS = [...LOG_COMMANDS, 'add-mask', 'set-output', 'save-state', 'stop-commands']

/**
 * Reads one step's lines in order: executes their commands and shows the rest, masked.
 * @param masks the secrets of the job so far; `add-mask` appends to it
 * @param show called with each line of the log
 */
export function createLineReader(masks: string[], show: (line: LogLine) => void) {
  const outputs: Record<string, string> = {}
  const state: Record<string, string> = {}
  let stopToken: string | undefined

  const print = (kind: LogLine['kind'], text: string) => show({ kind, text: maskText(text, masks) })

  function readLine(line: string): void {
    const command = parseCommand(line, stopToken === undefined ? COMMANDS : [stopToken])
    if (command === undefined || command.name === stopToken) {
      if (command !== undefined) stopToken = undefined
      print('text', line)
    } else if (command.name === 'stop-commands') {
      stopToken = command.data
      print('text', line)
    } else if (command.name === 'add-mask') {
      if (command.data.trim() === '')
        print('warning', "Can't add secret mask for empty string in ##[add-mask] command.")
      else addMask(masks, command.data)
    } else if (command.name === 'set-output') {
      outputs[command.properties['name'] ?? ''] = command.data
    } else if (command.name === 'save-state') {
      state[command.properties['name'] ?? ''] = command.data
    } else {
      print(command.name as LogLine['kind'], command.data)
    }
  }

  return { readLine, print, outputs, state }
}

/** `::name key=value::data` at the start of a line, or `##[name key=value]data` anywhere in it. */
function parseCommand(line: string, names: readonly string[]): Command | undefined {
  const match =
    /^\s*::(?<name>[^\s:]+)(?: (?<properties>.*?))?::(?<data>.*)$/.exec(line) ??
    /##\[(?<name>[^\s\]]+)(?: (?<properties>[^\]]*))?\](?<data>.*)$/.exec(line)
  const { name = '', properties = '', data = '' } = match?.groups ?? {}
  const known = names.find((candidate) => candidate.toLowerCase() === name.toLowerCase())
  if (known === undefined) return undefined
  const pairs = [...properties.matchAll(/([^\s,;=]+)=([^,;]*)/g)].map(([, key = '', value = '']) => [
    key,
    unescapeText(value, PROPERTY_ESCAPES),
  ])
  return { name: known, data: unescapeText(data, DATA_ESCAPES), properties: Object.fromEntries(pairs) }
}

/** `%25` is last: earlier, `%250A` would be unescaped twice. */
const DATA_ESCAPES = [
  ['%0D', '\r'],
  ['%0A', '\n'],
  ['%25', '%'],
] as const
const PROPERTY_ESCAPES = [['%3A', ':'], ['%2C', ','], ...DATA_ESCAPES] as const

function unescapeText(text: string, escapes: readonly (readonly [string, string])[]): string {
  return escapes.reduce((rest, [escaped, character]) => rest.replaceAll(escaped, character), text)
}

/**
 * The values in a command file: `name=value` lines and `name<<delimiter` blocks.
 * @throws Error if the format is invalid, which fails the step on GitHub
 */
export function parseCommandFile(text: string): Record<string, string> {
  const values: Record<string, string> = {}
  const lines = text.split(/\r?\n/)
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    if (line === '') continue
    const [, name = '', operator, rest = ''] = /^(.+?)(=|<<)(.*)$/.exec(line) ?? []
    if (operator === undefined) throw new Error(`Invalid format '${line}'`)
    const end = lines.indexOf(rest)
    if (operator === '<<' && end === -1) throw new Error(`Matching delimiter not found '${rest}'`)
    values[name] =
      operator === '='
        ? rest
        : lines
            .splice(0, end + 1)
            .slice(0, -1)
            .join('\n')
  }
  return values
}
