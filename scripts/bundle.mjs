// Creates the JavaScript of the package in the current folder: one file for each of its entries in `exports` and
// `imports`, and shared code in files next to them. Node needs about half a millisecond of CPU for every module,
// however small, so a package of a hundred files slows each process that imports it. tsc creates the declarations.
//
// An entry named `.cjs` is a program, and becomes a single CommonJS file with our other packages in it: it starts
// faster, because an import of a module of Node evaluates all of its exports, some of which load a lot.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const { exports, imports = {}, dependencies = {} } = JSON.parse(readFileSync('package.json', 'utf8'))

const named = [
  ...Object.values(exports).map((entry) => entry.import?.default ?? entry.default),
  ...Object.values(imports),
]
const files = [...new Set(named)].filter((file) => file.startsWith('./dist/'))

/** `./dist/a/b.js` is created from `src/a/b.ts`. */
const sourcesOf = (extension) =>
  files
    .filter((file) => path.extname(file) === extension)
    .map((file) => file.replace('./dist/', 'src/').replace(/\.c?js$/, '.ts'))

for (const file of readdirSync('dist', { recursive: true })) {
  if (/\.c?js(\.map)?$/.test(file)) rmSync(path.join('dist', file))
}
/** Imports of Prisma's runtime are replaced by `#prisma-runtime`; its file states why. */
const RUNTIME = '@prisma/client/runtime/client'
/**
 * Imports of builtins are replaced by `process.getBuiltinModule`: an import reads all their exports, and some of these
 * load further modules (docs/decisions/0155-builtins-are-not-imported.md).
 */
const BUILTIN = /^import (\{[^}]*\}|\w+) from '(node:[^']+)'$/gm
const replacedImports = {
  name: 'replaced-imports',
  setup({ onLoad, onResolve, onEnd }) {
    onResolve({ filter: /^#/ }, ({ path: name }) => ({ path: name, external: true }))
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8')
        .replace(`import * as runtime from "${RUNTIME}"`, 'import { runtime } from "#prisma-runtime"')
        .replace(
          new RegExp(`import (\\{[^}]*\\}) from '${RUNTIME}'`),
          (_, names) => `import { runtime } from "#prisma-runtime"; const ${pattern(names)} = runtime`,
        )
        .replace(BUILTIN, (_, names, name) => `const ${pattern(names)} = process.getBuiltinModule('${name}')`),
      loader: 'ts',
    }))
    onEnd(({ metafile }) => {
      const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
      const missed = imports.filter(
        ({ path: name, kind }) => name === RUNTIME || (name.startsWith('node:') && kind === 'import-statement'),
      )
      const text = ({ path: name }) => `${name} is imported in an unexpected way: fix scripts/bundle.mjs`
      return { errors: missed.map((one) => ({ text: text(one) })) }
    })
  },
}

/** What a destructuring writes for what an import names. */
function pattern(names) {
  return names.replaceAll(/type \w+( as \w+)?,?/g, '').replaceAll(' as ', ': ')
}

const common = {
  outdir: 'dist',
  outbase: 'src',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  // The sources are not published; stack traces need only their names and lines.
  sourcesContent: false,
  logLevel: 'warning',
}

await build({
  ...common,
  entryPoints: sourcesOf('.js'),
  metafile: true,
  plugins: [replacedImports],
  // Entries share one copy of common code, so that a class is the same through each entry.
  splitting: true,
  chunkNames: 'shared/[name]-[hash]',
  packages: 'external',
  format: 'esm',
})

await build({
  ...common,
  entryPoints: sourcesOf('.cjs'),
  outExtension: { '.js': '.cjs' },
  external: Object.keys(dependencies).filter((name) => !name.startsWith('@miyabi/')),
  conditions: ['@miyabi/source'],
  // What `createRequire` takes besides a URL.
  define: { 'import.meta.url': '__filename' },
  format: 'cjs',
})
