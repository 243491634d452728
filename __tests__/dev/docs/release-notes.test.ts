import { expect, test } from '@jest/globals'
import { describeRelease, findNotes } from '../../../dev/docs/release-notes.ts'

const CHANGELOG = `# Changelog

## [Unreleased]

## [1.10.0] - 2026-02-01

### Added

- A thing.

## [1.1.0] - 2026-01-01

- Another thing.

[1.1.0]: https://example.com/1.1.0
`

test.each([
  ['1.10.0', '### Added\n\n- A thing.'],
  ['1.1.0', '- Another thing.'],
])('takes the notes of %s from the changelog', (version, notes) => {
  expect(findNotes(CHANGELOG, version)).toBe(notes)
})

test.each([
  ['a version that is not there', '1.0.0'],
  ['a version with nothing below it', 'Unreleased'],
])('refuses %s', (_name, version) => {
  expect(() => findNotes(CHANGELOG, version)).toThrow(new Error(`CHANGELOG.md says nothing of ${version}`))
})

test('refuses a tag that is not that of package.json', () => {
  expect(() => describeRelease('v0.0.0')).toThrow(/^The tag is v0\.0\.0, and package\.json has \d/)
})
