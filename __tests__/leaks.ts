import { expect } from '@jest/globals'
import { type Job, type JobOptions, type StepResult, startJob } from '../dev/runner/fake-runner.ts'

const SLICE_CHARACTERS = 12

/**
 * The leak law. Of each secret, what a step prints first is exactly the command that masks it; and no part of it as
 * long as 12 characters, in any form of `formsOf`, stands in what the runner shows or in a command file. The access
 * token stands in its output and in the state for the post step, and nowhere else there.
 */
export function expectNoLeak(step: StepResult, secrets: readonly string[]): void {
  const { printed, log, files, outputs, state } = step
  const { isPost, revocation, ...more } = state
  const { 'access-token': token = '', ...others } = outputs
  const { accessToken, ...rest } = JSON.parse(revocation ?? `{"accessToken":${JSON.stringify(token)}}`)
  expect({ accessToken, more }).toEqual({ accessToken: token, more: {} })
  expect(files).toMatchObject({ ENV: '', PATH: '', STEP_SUMMARY: '' })

  // Without the headline, where the runner itself shows the inputs.
  const shown = log.slice(log.findIndex(({ kind }) => kind === 'endgroup')).map(({ text }) => text)
  const readable = [...shown, JSON.stringify([others, isPost, rest])].join('\n')
  const readableSlices = new Set(slicesOf(readable, SLICE_CHARACTERS))
  // No assertion and no ID token, of which a test may not know.
  expect(readable).not.toMatch(/\bey[\w-]{8,}\.[\w-]{8,}\.[\w-]+/)
  for (const secret of secrets.filter((secret) => secret !== '')) {
    const first = printed.find((line) => line.includes(secret))
    expect([undefined, `::add-mask::${secret}`]).toContain(first)
    for (const form of formsOf(secret)) {
      const leaked =
        form.length < SLICE_CHARACTERS
          ? readable.includes(form) && form
          : slicesOf(form, SLICE_CHARACTERS).find((slice) => readableSlices.has(slice))
      if (leaked) throw new Error(`'${leaked}', a part of a secret, can be read in:\n${readable}`)
    }
  }
}

/** As it is, reversed, in base64 at each of the three alignments, and as URLs, forms and JSON have it. */
function formsOf(secret: string): string[] {
  const base64 = [0, 1, 2].map((offset) =>
    // Without what depends on the characters around it.
    Buffer.from('x'.repeat(offset) + secret)
      .toString('base64')
      .slice(offset && 4)
      .replace(/.?.?.?=*$/, ''),
  )
  const form = new URLSearchParams({ '': secret }).toString().slice(1)
  return [
    secret,
    [...secret].toReversed().join(''),
    ...base64.filter((text) => text.length >= SLICE_CHARACTERS),
    encodeURIComponent(secret),
    form,
    JSON.stringify(secret).slice(1, -1),
  ]
}

function slicesOf(text: string, size: number): string[] {
  return Array.from({ length: text.length - size + 1 }, (_slice, start) => text.slice(start, start + size))
}

/** A job whose every step of this action is held to the leak law, with all the secrets that can be known of it. */
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
    async runPostSteps(changed) {
      const results = await job.runPostSteps(changed)
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
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)
  const pairs = secret === '' ? [] : [`${id}:${secret}`, `${encode(id)}:${encode(secret)}`]
  const lines = key.split(/\r?\n|\\n/).filter((line) => line !== '' && !line.startsWith('-----'))
  return [secret.trim(), ...pairs.map((pair) => Buffer.from(pair).toString('base64')), ...lines]
}
