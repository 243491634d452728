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
])('finds the notes of %s in the changelog', (version, notes) => {
  expect(findNotes(CHANGELOG, version)).toBe(notes)
})

test.each([
  ['a version without a section', '1.0.0'],
  ['a version with an empty section', 'Unreleased'],
])('rejects %s', (_name, version) => {
  expect(() => findNotes(CHANGELOG, version)).toThrow(
    new Error(`CHANGELOG.md has no entries for ${version}.`),
  )
})

test('rejects a tag that does not match package.json', () => {
  expect(() => describeRelease('v0.0.0')).toThrow(/^The tag is v0\.0\.0, but package\.json has version \d/)
})
