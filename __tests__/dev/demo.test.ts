import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { createFaultGroups, createFaults } from '../../dev/servers/misbehaving-server.ts'

function runDemo(...args: string[]) {
  const { SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, '../../dev/demo.ts'), ...args],
    { encoding: 'utf8', env: { ...env, NO_COLOR: '1' } },
  )
  return { status, stdout, stderr }
}

/** All groups with their faults, one in a line. */
function expectFaults(text: string): void {
  for (const [group, faults] of Object.entries(createFaultGroups())) {
    const lines = [`${group}:`, ...Object.keys(faults).map((name) => `  ${name}`)]
    expect(text).toContain(`\n${lines.join('\n')}\n`)
  }
}

test('prints the log of a job and the result of the next step', () => {
  const { status, stdout } = runDemo()
  expect(stdout).toMatch(/^Using a local mock of Spotify\. Set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET /)
  expect(stdout).toContain('Requesting an access token from 127.0.0.1:')
  expect(stdout).toMatch(/^ {4}client-id: demo-client-id\n {4}client-secret: \*\*\*$/m)
  expect(stdout).toMatch(/\nThe next step called the Web API with the token and got: Never Gonna .*\n$/)
  expect(status).toBe(0)
})

test('--shared: three jobs use one token', () => {
  const { status, stdout } = runDemo('--shared')
  expect(stdout.match(/Requesting an access token from/g)).toHaveLength(1)
  expect(stdout.match(/Using a Bearer token from another job; it expires at /gm)).toHaveLength(2)
  expect(stdout).toContain("\nSet output 'shared-token'\nWarning: Skip output 'access-token' since it ")
  expect(stdout.match(/^ {4}share-key: \*\*\*$/gm)).toHaveLength(3)
  expect(stdout).toMatch(/\nJobs that called the Web API: 3 of 3\. Token requests: 1\.\n$/)
  expect(status).toBe(0)
})

test('prints the log of a job with a fault', () => {
  const { status, stdout } = runDemo('--fault', 'no access_token')
  expect(stdout).toMatch(/^ {4}client-id: demo-client-id\n {4}client-secret: \*\*\*$/m)
  expect(stdout).toMatch(/^ {4}timeout: 10$/m)
  expect(stdout).toMatch(/^Error: .*no access_token/m)
  expect(status).toBe(0)
})

test.each(['--help', '-h'])('explains itself with %s', (option) => {
  const { status, stdout } = runDemo(option)
  expect(stdout).toMatch(/^Usage: npm run demo -- \[--shared \| --fault NAME\]\n/)
  expectFaults(stdout)
  expect(status).toBe(0)
})

test.each([
  ['--fault without a name', ['--fault'], '--fault requires one of the names above.'],
  ['an empty name', ['--fault='], 'Unknown fault: . Use one of the names above.'],
  ['an unknown name', ['--fault', 'toString'], 'Unknown fault: toString. Use one of the names above.'],
])('lists the faults in groups for %s', (_name, args, cause) => {
  const { status, stdout, stderr } = runDemo(...args)
  expectFaults(stderr)
  expect(stderr.split('\n').slice(-2)).toEqual([cause, ''])
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
})

test.each([
  ['an unknown option', ['--faults', 'reset'], 'Unknown argument: --faults reset.'],
  ['two options', ['--shared', '--fault', 'reset'], '--shared cannot be used with --fault.'],
  ['a name that is not quoted', ['--fault', 'reset', 'once'], 'Unknown argument: once.'],
])('shows the usage for %s', (_name, args, cause) => {
  const { status, stderr } = runDemo(...args)
  expect(stderr).toMatch(/^Usage: /)
  expect(stderr.split('\n').slice(-2)).toEqual([cause, ''])
  expect(status).toBe(1)
})

test('has each fault in one group', () => {
  const names = Object.values(createFaultGroups()).flatMap((faults) => Object.keys(faults))
  expect(names.toSorted()).toEqual(Object.keys(createFaults()).sort())
})
