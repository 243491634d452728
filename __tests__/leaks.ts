import { expect } from '@jest/globals'
import { type Job, type JobOptions, type StepResult, startJob } from '../dev/runner/fake-runner.ts'

const SLICE_CHARACTERS = 12

/**
 * Checks that a step leaks no secret: the first line that it prints with a secret is the command that masks it, and no
 * part of 12 characters, in any form of `encodedForms`, appears in the log or in a command file. The access token appears in
 * its output and in the state for the post step, and nowhere else. The output `shared-token`, which the log of the next
 * job shows, is checked for more forms.
 */
export function expectNoLeak(step: StepResult, secrets: readonly string[]): void {
  const { printed, log, files, outputs, state } = step
  const { revocation, ...more } = state
  const { 'access-token': token = '', 'shared-token': sharedToken = '', ...others } = outputs
  // Without a token to revoke, the state is missing or empty.
  const { accessToken, ...rest } = JSON.parse(revocation || JSON.stringify({ accessToken: token }))
  expect({ accessToken, more }).toEqual({ accessToken: token, more: {} })
  expect(files).toMatchObject({ ENV: '', PATH: '', STEP_SUMMARY: '' })

  // Without the first group, where the runner itself shows the inputs.
  const shown = log.slice(log.findIndex(({ kind }) => kind === 'endgroup')).map(({ text }) => text)
  const readable = [...shown, JSON.stringify([others, rest])].join('\n')
  const readableSlices = new Set(slicesOf(readable, SLICE_CHARACTERS))
  // Assertions and ID tokens, which a test may not have seen.
  expect(readable).not.toMatch(/\bey[\w-]{8,}\.[\w-]{8,}\.[\w-]+/)
  for (const secret of secrets.filter((secret) => secret !== '')) {
    const first = printed.find((line) => line.includes(secret))
    expect([undefined, `::add-mask::${secret}`]).toContain(first)
    for (const form of encodedForms(secret)) {
      const leaked =
        form.length < SLICE_CHARACTERS
          ? readable.includes(form) && form
          : slicesOf(form, SLICE_CHARACTERS).find((slice) => readableSlices.has(slice))
      if (leaked) throw new Error(`'${leaked}', a part of a secret, can be read in:\n${readable}`)
    }
    expectNotIn(sharedToken, secret)
  }
}

/** Checks the text, and the bytes that each of its parts encodes, for a secret as it is, reversed, or in any encoding. */
function expectNotIn(sharedToken: string, secret: string): void {
  if (sharedToken === '') return
  // A secret that may be a key in base64 stands for the bytes of the key, too.
  const isKey = /^[\w+/-]{43}=?$/.test(secret)
  const values = [Buffer.from(secret), ...(isKey ? [Buffer.from(secret, 'base64')] : [])]
  const forms = [
    ...encodedForms(secret),
    [...secret].toReversed().join(''),
    Buffer.from(secret, 'utf16le').toString('latin1'),
    ...values.flatMap((bytes) => [
      bytes.toString('latin1'),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
    ]),
  ]
  const decoded = sharedToken.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'))
  const texts = [sharedToken, ...decoded]
  for (const form of forms) {
    const parts = form.length < SLICE_CHARACTERS ? [form] : slicesOf(form, SLICE_CHARACTERS)
    const leaked = parts.find((part) => texts.some((text) => text.includes(part)))
    if (leaked !== undefined) throw new Error(`'${leaked}', a part of a secret, is in shared-token`)
  }
}

/** The secret as it is, in base64 in each of the three alignments, and escaped for URLs, forms, JSON and XML. */
export function encodedForms(secret: string): string[] {
  const base64 = [0, 1, 2].flatMap((offset) => {
    // Without the characters that depend on the text around it.
    const text = Buffer.from('x'.repeat(offset) + secret)
      .toString('base64')
      .slice(offset && 4)
      .replace(/.?.?.?=*$/, '')
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')]
  })
  const form = new URLSearchParams({ '': secret }).toString().slice(1)
  return [
    secret,
    ...base64.filter((text) => text.length >= SLICE_CHARACTERS),
    encodeURIComponent(secret),
    form,
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    secret.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`),
  ]
}

function slicesOf(text: string, size: number): string[] {
  return Array.from({ length: text.length - size + 1 }, (_slice, start) => text.slice(start, start + size))
}

/** A job that checks each step of this action for leaks of its secrets: inputs, values derived from them, and masks. */
export function startCheckedJob(options?: JobOptions): Job {
  const job = startJob(options)
  let known: readonly string[] = []
  return {
    ...job,
    async runAction(step) {
      const result = await job.runAction(step)
      const request = { ...options?.env, ...step.env }['ACTIONS_ID_TOKEN_REQUEST_TOKEN']
      known = [...secretsIn(step.with), ...(request ? [request] : [])]
      checkStep(result, known)
      return result
    },
    async runPostSteps(changedEnv, changedInputs) {
      const results = await job.runPostSteps(changedEnv, changedInputs)
      for (const result of results) checkStep(result, known)
      return results
    },
  }
}

function checkStep(result: StepResult, known: readonly string[]): void {
  expectNoLeak(result, [...known, ...result.masks, result.outputs['access-token'] ?? ''])
}

function secretsIn(inputs: Readonly<Record<string, string>>): string[] {
  const { 'client-id': id = '', 'client-secret': secret = '', 'private-key': key = '' } = inputs
  const { 'refresh-token': refreshToken = '', 'share-key': shareKey = '' } = inputs
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)
  const pairs = secret === '' ? [] : [`${id}:${secret}`, `${encode(id)}:${encode(secret)}`]
  const lines = key.split(/\r?\n|\\n/).filter((line) => line !== '' && !line.startsWith('-----'))
  const credentials = pairs.map((pair) => Buffer.from(pair).toString('base64'))
  return [secret.trim(), refreshToken.trim(), shareKey.trim(), ...credentials, ...lines]
}
