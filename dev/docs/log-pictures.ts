/** Draws docs/log-light.svg and docs/log-dark.svg: the log of the demo job, as github.com shows it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runDemoJob } from '../runner/demo-job.ts'
import type { LogLine } from '../runner/runner-commands.ts'
import { startSpotify } from '../servers/spotify-mock.ts'

const APP = { clientId: 'demo-client-id', clientSecret: 'demo-client-secret-not-real' }
const THEMES = {
  light: { background: '#ffffff', border: '#d1d9e0', text: '#1f2328', muted: '#59636e', number: '#818b98' },
  dark: { background: '#0d1117', border: '#3d444d', text: '#f0f6fc', muted: '#9198a1', number: '#656c76' },
}
const LINE_PX = 20
const CHARACTER_PX = 7.25
const MARGIN_PX = 16
const NUMBER_PX = 28

const lines: LogLine[] = []
await using spotify = await startSpotify(APP)
await runDemoJob(APP, { 'token-url': spotify.tokenUrl }, spotify.apiUrl, {
  onLog: (line) => lines.push(line),
})
const shown = lines.filter(({ kind }) => kind !== 'endgroup').map(withRealNames)
const path = (theme: string) => join(import.meta.dirname, `../../docs/log-${theme}.svg`)
for (const [theme, colors] of Object.entries(THEMES)) writeFileSync(path(theme), draw(shown, colors))

/** Replaces ports and times, so that the picture changes only with the log. */
function withRealNames({ kind, text }: LogLine): LogLine {
  const { host } = new URL(spotify.origin)
  return {
    kind,
    text: text
      .replaceAll(spotify.tokenUrl, 'https://accounts.spotify.com/api/token')
      .replaceAll(`from ${host}`, 'from accounts.spotify.com')
      .replaceAll(spotify.apiUrl, 'https://api.spotify.com')
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/, '2026-11-24 19:00 UTC'),
  }
}

function draw(log: readonly LogLine[], colors: (typeof THEMES)['light']): string {
  const width = Math.max(...log.map(({ text }) => text.length)) * CHARACTER_PX + NUMBER_PX + 4 * MARGIN_PX
  const height = log.length * LINE_PX + 2 * MARGIN_PX
  const rows = log.map(({ kind, text }, index) => {
    const y = MARGIN_PX + (index + 0.75) * LINE_PX
    const isTitle = kind === 'group'
    const x = MARGIN_PX + NUMBER_PX + (isTitle ? 0 : MARGIN_PX)
    const color = isTitle || /^(Requesting|Got)/.test(text) ? colors.text : colors.muted
    return [
      `<text x="${NUMBER_PX}" y="${y}" fill="${colors.number}" text-anchor="end">${index + 1}</text>`,
      `<text x="${x}" y="${y}" fill="${color}"${isTitle ? ' font-weight="600"' : ''} xml:space="preserve">${escapeXml(`${isTitle ? '▼ ' : ''}${text}`)}</text>`,
    ].join('')
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="12" role="img" aria-label="The log of a job">`,
    `<rect x="0.5" y="0.5" width="${Math.ceil(width) - 1}" height="${height - 1}" rx="6" fill="${colors.background}" stroke="${colors.border}"/>`,
    ...rows,
    '</svg>\n',
  ].join('\n')
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
