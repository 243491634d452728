/** Prints what CHANGELOG.md says of the version in package.json; fails unless that, the tag and the sources agree. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')

/**
 * The section of a version in a changelog, without its heading.
 * @throws Error if there is none, or nothing in it
 */
export function findNotes(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m)
  const section = sections.find((text) => text.startsWith(`[${version}]`))
  const notes = section
    ?.replace(/^.*\n/, '')
    .replace(/^\[[^\]]+\]: .*\n?/gm, '')
    .trim()
  if (!notes) throw new Error(`CHANGELOG.md says nothing of ${version}`)
  return notes
}

/**
 * What a release of a tag would say.
 * @throws Error if the tag is not that of the version in package.json, or the User-Agent or the changelog is of another
 */
export function describeRelease(tag: string): string {
  const { version }: { version: string } = JSON.parse(read('package.json'))
  if (tag !== `v${version}`) throw new Error(`The tag is ${tag}, and package.json has ${version}`)
  if (!read('src/http.ts').includes(`'client-credentials-token/${version}'`)) {
    throw new Error(`The User-Agent in src/http.ts is not that of ${version}`)
  }
  return findNotes(read('CHANGELOG.md'), version)
}

if (import.meta.main) console.log(describeRelease(process.argv[2] ?? ''))
