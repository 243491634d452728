import * as core from '@actions/core'
import { main } from './main.ts'
import { post } from './post.ts'

/** Runs the main step. */
export function runMain(): void {
  run(main, core.setFailed)
}

/** Runs the post step with the state that the main step saved. */
export function runPost(state: string): void {
  run(
    () => post(state),
    // A token that is not revoked must not fail a job that has done its work.
    (message) => core.warning(`${message} The token remains valid until it expires.`),
  )
}

/** Turns whatever stops a step into one line of the log. */
function run(step: () => Promise<void>, fail: (message: string) => void): void {
  // A promise that never settles leaves the event loop empty, and Node.js would exit with code 0.
  const failUnfinished = () =>
    fail(
      'Ended unexpectedly: the connection closed without a response or an error. Re-run the job; if it keeps failing, check token-url or issuer.',
    )
  process.once('beforeExit', failUnfinished)
  step()
    .catch(({ message }: Error) => fail(message))
    .finally(() => process.off('beforeExit', failUnfinished))
}
