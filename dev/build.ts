/** Bundles the output of `tsc` in lib/ into dist/, which GitHub runs. */
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { transformFileSync } from '@swc/core'

type Ncc = (
  entry: string,
  options: object,
) => Promise<{ code: string; assets: Record<string, { source: Buffer }> }>
const ncc: Ncc = createRequire(import.meta.url)('@vercel/ncc')

const root = join(import.meta.dirname, '..')
const lib = join(root, 'lib')
const packages = join(root, 'node_modules')
const dist = join(root, 'dist')

const readManifest = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

rmSync(join(lib, 'node_modules'), { recursive: true, force: true })
for (const name of ['@actions/core', '@actions/http-client', 'jose']) copyWithoutSideEffects(name)
// The action's own code stays readable. The packages have more code than the action uses, so they are minified.
for (const file of globSync('{,{http,inputs,oauth}/}*.js', { cwd: lib })) rewrite(join(lib, file), false)
for (const file of globSync('node_modules/{@actions/*/lib,jose/dist/webapi}/**/*.js', { cwd: lib })) {
  rewrite(join(lib, file), true)
}
// CommonJS, although the sources are ES modules: it starts faster.
const { code, assets } = await ncc(join(lib, 'run.js'), {
  esm: false,
  filename: 'run.cjs',
  cache: false,
  quiet: true,
  // `@actions/http-client` imports both for functions that the action does not use. `undici` alone adds 0.9 MB.
  externals: { undici: 'https', tunnel: 'https' },
})
rmSync(dist, { recursive: true, force: true })
mkdirSync(dist)
// Node.js does not read package.json for .cjs files. ncc appends .js to the names of additional files, and comments that
// take 0.3 kB of the download.
const tidy = (text: string) =>
  text
    .replaceAll('.run.cjs.js', '.run.cjs')
    .replace(/^\/\*{6}\/ ?|^\/\/ EXTERNAL MODULE.*\n|\/\* (harmony export|binding) \*\/ */gm, '')
writeFileSync(join(dist, 'run.cjs'), tidy(code))
for (const [name, { source }] of Object.entries(assets)) {
  writeFileSync(join(dist, tidy(name)), tidy(`${source}`))
}
writeFileSync(join(dist, 'index.cjs'), toCommonJs('index.js'))
writeFileSync(join(dist, 'post.cjs'), toCommonJs('post-index.js'))
writeFileSync(join(dist, 'licenses.txt'), gatherLicenses())

/** Returns the code of an entry point, which loads run.cjs. */
function toCommonJs(name: string): string {
  const { code } = transformFileSync(join(lib, name), {
    swcrc: false,
    jsc: { target: 'es2024' },
    module: { type: 'commonjs', noInterop: true },
  })
  return code.replaceAll('./run.js', './run.cjs')
}

/**
 * Copies a package to where ncc finds it first, marked as free of side effects. Then ncc omits its unused modules: in
 * `@actions/core`, everything that starts processes or writes summaries.
 */
function copyWithoutSideEffects(name: string): void {
  const copy = join(lib, 'node_modules', name)
  cpSync(join(packages, name), copy, { recursive: true })
  writeFileSync(join(copy, 'package.json'), JSON.stringify({ ...readManifest(copy), sideEffects: false }))
}

/** Removes the comments, which would be a fifth of the download. Those that configure ncc are kept. */
function rewrite(file: string, minify: boolean): void {
  const options = { compress: minify, mangle: minify, format: { comments: { regex: 'webpack' } } }
  const { code } = transformFileSync(file, {
    swcrc: false,
    minify,
    jsc: { target: 'es2024', minify: options },
  })
  writeFileSync(file, code)
}

/** Returns the licenses of all bundled packages. ncc's own list omits packages in additional files. */
function gatherLicenses(): string {
  const texts = Object.keys(readManifest(root).dependencies).map((dependency) => {
    const folder = join(packages, dependency)
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name))
    if (file === undefined) throw new Error(`${dependency} has no license file`)
    const { name, version, license } = readManifest(folder)
    return `${name} ${version}\n${license}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
  })
  return texts.join('\n')
}
