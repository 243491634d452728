/**
 * Runs the Spotify mock server for ten minutes, for workflows, and prints its URLs and the credentials of its one app
 * as lines for GITHUB_OUTPUT.
 */
import { CLIENT_ID, createSecret } from '../runner/leaks-in-log.ts'
import { startSpotify } from './spotify-mock.ts'

const LIFETIME_MS = 10 * 60_000

const app = { clientId: CLIENT_ID, clientSecret: createSecret() }
const { tokenUrl, apiUrl } = await startSpotify(app)
console.log(
  [
    `client-id=${app.clientId}`,
    `client-secret=${app.clientSecret}`,
    `token-url=${tokenUrl}`,
    `api-url=${apiUrl}`,
  ].join('\n'),
)
// act sends SIGHUP at the end of the step, and does not end the process at the end of the job.
process.on('SIGHUP', () => {})
setTimeout(() => process.exit(), LIFETIME_MS)
