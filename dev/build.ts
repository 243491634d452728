/** Bundles what `tsc` left in lib/ into dist/, which GitHub runs. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

type Ncc = (
  entry: string,
  options: object,
) => Promise<{ code: string; assets: Record<string, { source: Buffer }> }>
const ncc: Ncc = createRequire(import.meta.url)('@vercel/ncc')

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

// CommonJS, though the sources are ES modules: it starts faster.
const { code, assets } = await ncc(join(root, 'lib/index.js'), {
  esm: false,
  filename: 'index.js',
  license: 'licenses.txt',
  cache: false,
  quiet: true,
})
rmSync(dist, { recursive: true, force: true })
mkdirSync(dist)
writeFileSync(join(dist, 'index.js'), code)
writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n')
for (const [name, { source }] of Object.entries(assets)) writeFileSync(join(dist, name), source)
