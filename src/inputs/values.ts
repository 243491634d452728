/** Reads single inputs. Every error starts with the name of the input. */
import * as core from '@actions/core'

export const WHERE_VALUES_COME_FROM =
  'Check that the secret or variable exists and is available to this job (environment secrets need environment:). Repository secrets are not passed to workflows triggered from forks or by Dependabot.'

/**
 * The value of an input without whitespace around it; empty if it is not set.
 * @throws Error if the value has an unevaluated expression
 */
export function readText(name: string): string {
  const value = core.getInput(name)
  if (value.includes('${{')) {
    throw new Error(
      `${name} contains an unevaluated \${{ expression. Write it directly in the workflow file, for example \${{ secrets.NAME }}.`,
    )
  }
  return value
}

/** @throws Error with the advice if the input is empty */
export function requireText(name: string, advice = WHERE_VALUES_COME_FROM): string {
  const value = readText(name)
  if (value === '') throw new Error(`${name} is empty. ${advice}`)
  return value
}

/**
 * A value of one line; `undefined` if the input is not set.
 * @throws Error if it contains a control character
 */
export function readLine(name: string): string | undefined {
  const value = readText(name)
  if (/[\p{Cc}\u2028\u2029]/u.test(value)) {
    throw new Error(`${name} contains a line break or control character. Store it again as a single line.`)
  }
  return value === '' ? undefined : value
}

/** @throws Error with the advice if the input is empty, or not a single line */
export function requireLine(name: string, advice?: string): string {
  requireText(name, advice)
  return readLine(name) as string
}

/** The lines of an input that are not empty. */
export function readLines(name: string): string[] {
  return readText(name)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** @throws Error if the value is not an integer in this range */
export function readInteger(name: string, min: number, max: number): number {
  const text = core.getInput(name)
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new Error(`${name} must be an integer from ${min} to ${max}.`)
  }
  return value
}

/**
 * One of several names.
 * @param fallback if the input is not set
 * @throws Error if the value is none of them
 */
export function readNameOr<Name extends string>(fallback: Name, name: string, names: readonly Name[]): Name {
  const value = core.getInput(name) || fallback
  const found = names.find((candidate) => candidate === value)
  if (found === undefined) throw new Error(`${name} must be one of ${names.join(', ')}.`)
  return found
}

/** @throws Error if the value is neither `true` nor `false` */
export function readBoolean(name: string): boolean {
  const text = core.getInput(name).toLowerCase()
  if (text !== 'true' && text !== 'false') throw new Error(`${name} must be true or false.`)
  return text === 'true'
}
