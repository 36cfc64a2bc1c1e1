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
/** Whoever imports Prisma's runtime gets it by `#prisma-runtime`, whose file says why. */
const RUNTIME = '@prisma/client/runtime/client'
const prismaRuntime = {
  name: 'prisma-runtime',
  setup({ onLoad, onResolve, onEnd }) {
    onResolve({ filter: /^#/ }, ({ path: name }) => ({ path: name, external: true }))
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8')
        .replace(`import * as runtime from "${RUNTIME}"`, 'import { runtime } from "#prisma-runtime"')
        .replace(
          new RegExp(`import (\\{[^}]*\\}) from '${RUNTIME}'`),
          (_, names) => `import { runtime } from "#prisma-runtime"; const ${names.replaceAll(' as ', ': ')} = runtime`,
        ),
      loader: 'ts',
    }))
    onEnd(({ metafile }) => {
      const imported = Object.values(metafile.outputs).flatMap((output) => output.imports.map((one) => one.path))
      const text = `${RUNTIME} is imported in another way than expected: mend scripts/bundle.mjs`
      return { errors: imported.includes(RUNTIME) ? [{ text }] : [] }
    })
  },
}

await build({
  entryPoints,
  outdir: 'dist',
  outbase: 'src',
  bundle: true,
  metafile: true,
  plugins: [prismaRuntime],
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
