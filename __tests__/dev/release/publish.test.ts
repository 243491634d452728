/** The release script against a local bare repository, with a mock of `gh` that changes its tags like GitHub. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

const SCRIPT = join(import.meta.dirname, '../../../dev/release/publish.sh')

/** Logs its arguments. `MOVE_TAG` moves the released tag while the draft is created. */
const GH = `#!/usr/bin/env bash
set -euo pipefail
echo "$*" >> "$GH_LOG"
git() { command git --git-dir="$REMOTE" "$@"; }
refs=repos/OWNER/client-credentials-token/git
case "$*" in
  "release create "*) if [ -n "\${MOVE_TAG-}" ]; then git tag --force "$3" "$MOVE_TAG"; fi ;;
  "release edit "* | "release delete "*) ;;
  "api --silent $refs/ref/tags/v1") git rev-parse --quiet --verify refs/tags/v1 ;;
  "api --silent --method PATCH $refs/refs/tags/v1 --raw-field sha="*" --field force=true") git update-ref refs/tags/v1 "\${7#sha=}" ;;
  "api --silent --method POST $refs/refs --raw-field ref=refs/tags/v1 --raw-field sha="*) git update-ref refs/tags/v1 "\${9#sha=}" "" ;;
  *) echo "unexpected: gh $*" >&2; exit 2 ;;
esac
`

let folder: string
let remote: string
let clone: string

const git = (...args: string[]) => execFileSync('git', args, { cwd: clone, encoding: 'utf8' }).trim()

function commit(message: string): string {
  git(
    '-c',
    'user.name=Test',
    '-c',
    'user.email=test@example.com',
    'commit',
    '--quiet',
    '--allow-empty',
    `-m${message}`,
  )
  return git('rev-parse', 'HEAD')
}

function pushTag(name: string, sha: string, ...options: string[]): void {
  git('-c', 'user.name=Test', '-c', 'user.email=test@example.com', 'tag', '--force', ...options, name, sha)
  git('push', '--quiet', '--force', 'origin', `refs/tags/${name}`)
}

/** The commit of a tag in the remote repository, or an empty string. */
const remoteTag = (name: string) =>
  spawnSync('git', ['--git-dir', remote, 'rev-parse', '--quiet', '--verify', `refs/tags/${name}^{}`], {
    encoding: 'utf8',
  }).stdout.trim()

function publish(tag: string, sha: string, env: Readonly<Record<string, string>> = {}) {
  const gh = join(folder, 'gh.log')
  writeFileSync(gh, '')
  const { status, stdout, stderr } = spawnSync('bash', [SCRIPT, tag, sha, 'notes.md', 'dist.intoto.jsonl'], {
    cwd: clone,
    encoding: 'utf8',
    env: {
      PATH: [join(folder, 'bin'), process.env['PATH']].join(delimiter),
      GITHUB_REPOSITORY: 'OWNER/client-credentials-token',
      GH_LOG: gh,
      REMOTE: remote,
      ...env,
    },
  })
  const releases = readFileSync(gh, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('release'))
  return { status, printed: stdout + stderr, releases }
}

const CREATE = (tag: string) =>
  `release create ${tag} --verify-tag --draft --title ${tag} --notes-file notes.md dist.intoto.jsonl`

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'release-'))
  remote = join(folder, 'remote.git')
  clone = join(folder, 'clone')
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/gh'), GH)
  chmodSync(join(folder, 'bin/gh'), 0o755)
  mkdirSync(clone)
  execFileSync('git', ['init', '--quiet', '--bare', remote])
  git('init', '--quiet')
  git('remote', 'add', 'origin', remote)
})

afterEach(() => rmSync(folder, { recursive: true }))

/** The workflow runs on Linux, and Windows does not include bash. */
const onPosix = process.platform === 'win32' ? describe.skip : describe

onPosix('publish.sh', () => {
  test.each([
    ['a lightweight tag', []],
    ['an annotated tag', ['--annotate', '--message=x']],
  ])('publishes the first release of %s, and creates v1', (_name, options) => {
    const sha = commit('a')
    pushTag('v1.0.0', sha, ...options)
    const { status, releases } = publish('v1.0.0', sha)
    expect(releases).toEqual([CREATE('v1.0.0'), 'release edit v1.0.0 --draft=false --latest=true'])
    expect(status).toBe(0)
    expect(remoteTag('v1')).toBe(sha)
  })

  test('moves v1 to the latest release', () => {
    const [first, second] = [commit('a'), commit('b')]
    pushTag('v1.9.0', first)
    pushTag('v1', first)
    pushTag('v1.10.0', second)
    expect(publish('v1.10.0', second)).toMatchObject({ status: 0 })
    expect(remoteTag('v1')).toBe(second)
  })

  test('creates v1 although pre-releases exist', () => {
    const sha = commit('a')
    for (const name of ['v1.0.0-rc.1', 'v1.0.1-rc.1', 'v1.0.0']) pushTag(name, sha)
    const { status, releases } = publish('v1.0.0', sha)
    expect(status).toBe(0)
    expect(releases).toContain('release edit v1.0.0 --draft=false --latest=true')
    expect(remoteTag('v1')).toBe(sha)
  })

  test('leaves v1 where it is for a patch of an older minor version', () => {
    const [old, latest] = [commit('a'), commit('b')]
    pushTag('v1.2.0', latest)
    pushTag('v1', latest)
    pushTag('v1.1.5', old)
    const { status, printed, releases } = publish('v1.1.5', old)
    expect(status).toBe(0)
    expect(releases).toEqual([CREATE('v1.1.5'), 'release edit v1.1.5 --draft=false --latest=false'])
    expect(printed).toContain('v1.2.0')
    expect(remoteTag('v1')).toBe(latest)
  })

  test('moves v1 for a patch of an older major version, which is not the latest release', () => {
    const [first, second] = [commit('a'), commit('b')]
    pushTag('v1', first)
    pushTag('v2.0.0', first)
    pushTag('v1.9.1', second)
    const { releases } = publish('v1.9.1', second)
    expect(releases).toContain('release edit v1.9.1 --draft=false --latest=false')
    expect(remoteTag('v1')).toBe(second)
  })

  test('rejects a tag that was moved before the approval', () => {
    const [checked, other] = [commit('a'), commit('b')]
    pushTag('v1.0.0', other)
    git('tag', '--force', 'v1.0.0', checked)
    const { status, printed, releases } = publish('v1.0.0', checked)
    expect(status).toBe(1)
    expect(printed).toMatch(
      /^::error::v1\.0\.0 does not point to [0-9a-f]{40}, the commit that was checked\. Delete /m,
    )
    expect(releases).toEqual([])
    expect(remoteTag('v1')).toBe('')
  })

  test('rejects a tag that was deleted before the approval', () => {
    const { status, releases } = publish('v1.0.0', commit('a'))
    expect(status).toBe(1)
    expect(releases).toEqual([])
  })

  test('deletes the draft if the tag is moved while it is created', () => {
    const [checked, other] = [commit('a'), commit('b')]
    git('push', '--quiet', 'origin', `${other}:refs/heads/main`)
    pushTag('v1.0.0', checked)
    const { status, printed, releases } = publish('v1.0.0', checked, { MOVE_TAG: other })
    expect(status).toBe(1)
    expect(printed).toMatch(/^::error::v1\.0\.0 was moved while its release was created\./m)
    expect(releases).toEqual([CREATE('v1.0.0'), 'release delete v1.0.0 --yes'])
    expect(remoteTag('v1')).toBe('')
  })

  test.each(['v1.0.0-rc.1', 'v1', 'v1.0'])('rejects the tag %s', (tag) => {
    const sha = commit('a')
    pushTag(tag, sha)
    const { status, printed, releases } = publish(tag, sha)
    expect(status).toBe(1)
    expect(printed).toBe(`::error::${tag} must have the form v1.2.3.\n`)
    expect(releases).toEqual([])
  })

  test('fails if gh fails', () => {
    const sha = commit('a')
    pushTag('v1.0.0', sha)
    expect(publish('v1.0.0', sha, { GITHUB_REPOSITORY: 'OWNER/other' })).toMatchObject({ status: 2 })
    expect(remoteTag('v1')).toBe('')
  })
})
