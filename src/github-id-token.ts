import * as core from '@actions/core'
import type { Endpoint } from './endpoints.ts'
import { Failure } from './failure.ts'
import { type Answer, get } from './http.ts'
import { parseJsonObject } from './json-object.ts'
import { explainFailure } from './oauth-error.ts'
import { printable } from './printable.ts'

/** Where the runner lets a job with `permissions: id-token: write` ask for an ID token, and by which right. */
export interface IdTokenRequest {
  readonly endpoint: Endpoint
  readonly requestToken: string
}

const CHECK_PERMISSION =
  'Check that the job has permissions: id-token: write, and assertion-audience, if it is given.'

/**
 * An ID token of the workflow run from GitHub (OpenID Connect Core 1.0, 2), masked. The toolkit's own function for
 * it never settles when its connection breaks off.
 * @param secrets what must not be shown, though GitHub may have sent it
 * @param deadline by the clock of `monotonicMs()`
 * @throws Failure with what kept it from coming
 */
export async function requestIdToken(
  { endpoint, requestToken }: IdTokenRequest,
  audience: string,
  secrets: readonly string[],
  deadline: number,
): Promise<string> {
  const url = new URL(endpoint.url)
  url.searchParams.append('audience', audience)
  const idToken = await get({ ...endpoint, url }, { Authorization: `Bearer ${requestToken}` }, deadline)
    .then((answer) => parseIdToken(answer, [requestToken, ...secrets]))
    .catch(({ reason, cure, passing }: Failure) => {
      throw new Failure(`no ID token from ${url.host}: ${reason}`, cure, passing)
    })
  core.setSecret(idToken)
  return idToken
}

function parseIdToken(answer: Answer, secrets: readonly string[]): string {
  const value = parseJsonObject(answer.body)?.['value']
  if (answer.status !== 200) {
    const { reason, cure, passing } = explainFailure(answer, secrets, CHECK_PERMISSION)
    throw new Failure(reason, passing ? cure : CHECK_PERMISSION, passing)
  }
  if (typeof value !== 'string' || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(value)) {
    throw new Failure(`HTTP ${answer.status} without an ID token`, CHECK_PERMISSION)
  }
  return value
}

/** Whom an ID token says the workflow is, for an error to tell: the claims that a server compares, without `secrets`. */
export function describeIdToken(idToken: string, secrets: readonly string[]): string {
  const claims = parseJsonObject(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()) ?? {}
  return ['iss', 'sub', 'aud']
    .map((name) => `${name} ${typeof claims[name] === 'string' ? printable(claims[name], secrets) : '?'}`)
    .join(', ')
}
