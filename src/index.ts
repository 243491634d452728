import * as core from '@actions/core'
import { main } from './main.ts'

/** Runs the job; whatever keeps it from its end becomes one `::error::` and exit code 1. */
function run(job: () => Promise<void>): void {
  // A promise that nothing will ever settle leaves the event loop empty, and Node would exit with 0.
  const failUnfinished = () =>
    core.setFailed(
      'Stopped without a token: the connection was gone without an answer and without an error. Check token-url, and run the job again.',
    )
  process.once('beforeExit', failUnfinished)
  job()
    .catch((error: unknown) => core.setFailed(error instanceof Error ? error.message : String(error)))
    .finally(() => process.off('beforeExit', failUnfinished))
}

// The runner registers the post step before main begins and starts this same file for it. There is nothing
// to do then: no input names a revocation endpoint (RFC 7009), and Spotify has none.
const isPost = core.getState('isPost') !== ''
if (!isPost) {
  run(async () => {
    // First of all, or a main step that fails early would be run a second time as its own post step.
    core.saveState('isPost', 'true')
    await main()
  })
}
