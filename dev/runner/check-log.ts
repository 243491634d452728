/** Fails if the log on standard input contains a token or a secret; with `--canaries`, prints the canaries for it. */
import { text } from 'node:stream/consumers'
import { CANARIES, findLeaks } from './leaks-in-log.ts'

if (process.argv.includes('--canaries')) {
  console.log(CANARIES.join('\n'))
} else {
  const log = await text(process.stdin)
  const leaks = findLeaks(log)
  for (const leak of leaks) console.log(`::error::Log check: ${leak}.`)
  console.log(`${log.split('\n').length} lines read, ${leaks.length} problems found`)
  process.exitCode = leaks.length === 0 ? 0 : 1
}
