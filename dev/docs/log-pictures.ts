/**
 * Draws the job logs in README.md and docs/, as github.com shows them, from runs of the built action against the
 * Spotify mock server: log-{light,dark}.svg for the quick start of README.md, and error-{light,dark}.svg for a wrong
 * secret. Requires bash, curl and jq.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type Job, startJob } from '../runner/fake-runner.ts'
import type { LogLine } from '../runner/runner-commands.ts'
import { type SpotifyMock, startSpotify } from '../servers/spotify-mock.ts'

const ROOT = join(import.meta.dirname, '../..')
const APP = { clientId: '0123456789abcdef0123456789abcdef', clientSecret: 'fake-secret' }

/** What github.com shows as well, but the reader does not need: defaults, the shell, and curl's progress meter. */
const NOISE = /^$|^ {2}(auth-method|timeout|retries|revoke): |^shell: |^ +(% Total|Dload) |--:--:--/

const THEMES = {
  light: {
    background: '#ffffff',
    border: '#d1d9e0',
    text: '#1f2328',
    muted: '#59636e',
    error: '#b31d28',
    errorBackground: '#ffebe9',
  },
  dark: {
    background: '#0d1117',
    border: '#3d444d',
    text: '#f0f6fc',
    muted: '#9198a1',
    error: '#ff8e86',
    errorBackground: '#2b171b',
  },
}
const MAX_CHARACTERS = 100
const LINE_PX = 20
const CHARACTER_PX = 7.25
const MARGIN_PX = 16
const NUMBER_PX = 28

const script = readQuickStartScript()
save('log', 'Job log of a successful run', await runJob(runQuickStart))
save('error', 'Job log of a run with a wrong client secret', await runJob(runWithWrongSecret))

/** The `run:` step of the first workflow in README.md. */
function readQuickStartScript(): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, block = '']) => parse(block))
  const [job] = Object.values<{ steps: { run?: string }[] }>(blocks.find(({ jobs }) => jobs)?.jobs ?? {})
  const step = job?.steps.find(({ run }) => run)
  if (!step?.run) throw new Error('README.md has no workflow with a run: step')
  return step.run.trim()
}

async function runQuickStart(job: Job, spotify: SpotifyMock): Promise<void> {
  const { outputs } = await runAction(job, spotify, APP.clientSecret)
  const { exitCode } = await job.runBash({
    script: script.replaceAll('https://api.spotify.com', spotify.apiUrl),
    env: { TOKEN: outputs['access-token'] },
  })
  if (exitCode !== 0) throw new Error(`The quick start failed (${exitCode}):\n${script}`)
  await job.runPostSteps()
}

async function runWithWrongSecret(job: Job, spotify: SpotifyMock): Promise<void> {
  await runAction(job, spotify, 'wrong-secret')
}

function runAction(job: Job, { tokenUrl }: SpotifyMock, clientSecret: string) {
  return job.runAction({
    with: { 'client-id': APP.clientId, 'client-secret': clientSecret, 'token-url': tokenUrl },
  })
}

/** Runs a job and returns its log, with Spotify's URLs and a fixed time, so that it changes only with the action. */
async function runJob(run: (job: Job, spotify: SpotifyMock) => Promise<void>): Promise<LogLine[]> {
  const log: LogLine[] = []
  await using spotify = await startSpotify(APP)
  const job = startJob({ secrets: [APP.clientSecret, 'wrong-secret'], onLog: (line) => log.push(line) })
  await run(job, spotify)
  return log.map(({ kind, text }) => ({
    kind,
    text: text
      .replaceAll(spotify.tokenUrl, 'https://accounts.spotify.com/api/token')
      .replaceAll(`from ${new URL(spotify.origin).host}`, 'from accounts.spotify.com')
      .replaceAll(spotify.apiUrl, 'https://api.spotify.com')
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/, '2026-11-24 19:00 UTC'),
  }))
}

function save(name: string, label: string, log: readonly LogLine[]): void {
  const scriptLines = script.split('\n')
  const shown = log.filter(
    ({ kind, text }) => kind !== 'endgroup' && !NOISE.test(text) && !scriptLines.includes(text),
  )
  for (const [theme, colors] of Object.entries(THEMES)) {
    writeFileSync(join(ROOT, `docs/${name}-${theme}.svg`), draw(shown, label, colors))
  }
}

function draw(log: readonly LogLine[], label: string, colors: (typeof THEMES)['light']): string {
  const rows = log.flatMap(({ kind, text }, index) => {
    const prefix = kind === 'group' ? '▼ ' : kind === 'error' ? 'Error: ' : ''
    return wrap(prefix + text).map((part, row) => ({ kind, part, number: row === 0 ? index + 1 : '' }))
  })
  const width = Math.ceil(
    Math.max(...rows.map(({ part }) => part.length)) * CHARACTER_PX + NUMBER_PX + 4 * MARGIN_PX,
  )
  const height = rows.length * LINE_PX + 2 * MARGIN_PX
  const drawn = rows.map(({ kind, part, number }, index) => {
    const top = MARGIN_PX + index * LINE_PX
    const y = top + 0.75 * LINE_PX
    const isTitle = kind === 'group'
    const x = MARGIN_PX + NUMBER_PX + (isTitle && number !== '' ? 0 : MARGIN_PX)
    const isMuted = !isTitle && /^(with|env):|^ |^Post job/.test(part)
    const color = kind === 'error' ? colors.error : isMuted ? colors.muted : colors.text
    return [
      kind === 'error'
        ? `<rect x="1" y="${top}" width="${width - 2}" height="${LINE_PX}" fill="${colors.errorBackground}"/>`
        : '',
      `<text x="${NUMBER_PX}" y="${y}" fill="${colors.muted}" text-anchor="end">${number}</text>`,
      `<text x="${x}" y="${y}" fill="${color}"${isTitle ? ' font-weight="600"' : ''} xml:space="preserve">${escapeXml(part)}</text>`,
    ].join('')
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="12" role="img" aria-label="${label}">`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6" fill="${colors.background}" stroke="${colors.border}"/>`,
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

/** Splits a line at blanks into parts of at most MAX_CHARACTERS. */
function wrap(text: string): string[] {
  if (text.length <= MAX_CHARACTERS) return [text]
  const blank = text.lastIndexOf(' ', MAX_CHARACTERS)
  if (blank <= 0) return [text]
  return [text.slice(0, blank), ...wrap(text.slice(blank + 1))]
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
