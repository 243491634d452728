/** Prints the section of CHANGELOG.md for a tag. Fails if package.json or the User-Agent has another version. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')

/**
 * Returns a version's section of a changelog, without its heading.
 * @throws Error if the section is missing or empty
 */
export function findNotes(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m)
  const section = sections.find((text) => text.startsWith(`[${version}]`))
  const notes = section
    ?.replace(/^.*\n/, '')
    .replace(/^\[[^\]]+\]: .*\n?/gm, '')
    .trim()
  if (!notes) throw new Error(`CHANGELOG.md has no entries for ${version}.`)
  return notes
}

/**
 * Returns the release notes of a tag.
 * @throws Error if package.json, the User-Agent or the changelog has another version
 */
export function describeRelease(tag: string): string {
  const { version }: { version: string } = JSON.parse(read('package.json'))
  if (tag !== `v${version}`) throw new Error(`The tag is ${tag}, but package.json has version ${version}.`)
  if (!read('src/http/send.ts').includes(`'client-credentials-token/${version}'`)) {
    throw new Error(`The User-Agent in src/http/send.ts must contain version ${version}.`)
  }
  return findNotes(read('CHANGELOG.md'), version)
}

if (import.meta.main) console.log(describeRelease(process.argv[2] ?? ''))
