/**
 * Runs the stand-in for Spotify for ten minutes, for workflows: prints its addresses, and the one app that it knows,
 * as lines for the file of outputs.
 */
import { CLIENT_ID, createSecret } from './leaks-in-log.ts'
import { startSpotify } from './spotify-stand-in.ts'

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
// act hangs up at the end of the step, and ends nothing at that of the job.
process.on('SIGHUP', () => {})
setTimeout(() => process.exit(), LIFETIME_MS)
