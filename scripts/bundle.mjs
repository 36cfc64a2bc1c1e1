// Makes the JavaScript of the package in the current folder: one file for each of its entries in `exports` and
// `imports`, and what they share in files beside them. Node takes about half a millisecond of CPU for every module,
// however small, which a package of a hundred files costs each process that imports it. Declarations are made by tsc.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const { exports, imports = {} } = JSON.parse(readFileSync('package.json', 'utf8'))

/** `./dist/a/b.js` is made from `src/a/b.ts`. */
const entryPoints = [
  ...Object.values(exports).map((entry) => entry.import?.default ?? entry.default),
  ...Object.values(imports),
]
  .filter((file) => file.startsWith('./dist/') && file.endsWith('.js'))
  .map((file) => file.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))

for (const file of readdirSync('dist', { recursive: true })) {
  if (/\.js(\.map)?$/.test(file)) rmSync(path.join('dist', file))
}
await build({
  entryPoints,
  outdir: 'dist',
  outbase: 'src',
  bundle: true,
  // Entries share one copy of what both use: a class is one class through either.
  splitting: true,
  chunkNames: 'shared/[name]-[hash]',
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  // The sources are not published; stack traces need their names and lines alone.
  sourcesContent: false,
  logLevel: 'warning',
})
