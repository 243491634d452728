import * as core from '@actions/core'
import { main } from './main.ts'
import { revokeToken } from './post.ts'

/** Runs the main step. */
export function runMain(): void {
  run(async () => {
    // First of all, or a main step that fails early would be run a second time as its own post step.
    core.saveState('isPost', 'true')
    await main()
  }, core.setFailed)
}

/** Runs the post step, with what main left to do for it. */
export function runPost(revocation: string): void {
  run(
    () => revokeToken(revocation),
    // The job has done its work: what is left undone is told, but does not fail it.
    (message) => core.warning(`${message} Until it expires, the token stays valid.`),
  )
}

/** Whatever keeps a job from its end becomes one line of the log. */
function run(job: () => Promise<void>, fail: (message: string) => void): void {
  // A promise that nothing will ever settle leaves the event loop empty, and Node would exit with 0.
  const failUnfinished = () =>
    fail(
      'Stopped in the middle: the connection was gone without an answer and without an error. Run the job again; if it fails again, check token-url or issuer.',
    )
  process.once('beforeExit', failUnfinished)
  job()
    .catch(({ message }: Error) => fail(message))
    .finally(() => process.off('beforeExit', failUnfinished))
}
