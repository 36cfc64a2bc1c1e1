// Creates the JavaScript of the package in the current folder: one file for each of its entries in `exports` and
// `imports`, and shared code in files next to them. Node needs about half a millisecond of CPU for every module,
// however small, so a package of a hundred files slows each process that imports it. tsc creates the declarations.
//
// An entry named `.cjs` is a program, and becomes a single CommonJS file with our other packages in it: it starts
// faster, because an import of a module of Node evaluates all of its exports, some of which load a lot.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const { exports, imports = {}, dependencies = {} } = JSON.parse(readFileSync('package.json', 'utf8'))

const named = [
  ...Object.values(exports).map((entry) => entry.import?.default ?? entry.default),
  ...Object.values(imports).map((target) => target.default ?? target),
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
/** Imports of these are replaced by what `#libraries` exports, in a package that has it; its file states why. */
const LIBRARIES =
  imports['#libraries'] === undefined
    ? {}
    : { '@prisma/adapter-pg': 'adapter', '@prisma/client/runtime/client': 'runtime', pg: 'pg' }
const LIBRARY = new RegExp(
  `^import (\\* as \\w+|\\{[^}]*\\}|\\w+) from ['"](${Object.keys(LIBRARIES).join('|') || '-'})['"]`,
  'gm',
)
/**
 * Imports of builtins are replaced by `process.getBuiltinModule`: an import reads all their exports, and some of these
 * load further modules (docs/decisions/0155-builtins-are-not-imported.md).
 */
const BUILTIN = /^import (\{[^}]*\}|\w+) from '(node:[^']+)'$/gm
const replacedImports = {
  name: 'replaced-imports',
  setup({ onLoad, onResolve, onEnd }) {
    onResolve({ filter: /^#/ }, ({ path: name }) => ({ path: name, external: true }))
    onResolve({ filter: /\/(load|schema\/prisma)\.js$/ }, ({ path: name, importer }) => replacementOf(name, importer))
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8')
        .replace(LIBRARY, (_, names, name) => importOf(names, LIBRARIES[name]))
        .replace(BUILTIN, (_, names, name) => `const ${pattern(names)} = process.getBuiltinModule('${name}')`),
      loader: 'ts',
    }))
    onEnd(({ metafile }) => {
      const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
      const missed = imports.filter(
        ({ path: name, kind }) => name in LIBRARIES || (name.startsWith('node:') && kind === 'import-statement'),
      )
      const text = ({ path: name }) => `${name} is imported in an unexpected way: fix scripts/bundle.mjs`
      return { errors: missed.map((one) => ({ text: text(one) })) }
    })
  },
}

/**
 * A package with `#load` has a part that is loaded when it is first used (src/loaded.ts). TypeScript and tests, which
 * read the sources, see the part itself.
 */
function replacementOf(name, importer) {
  if (!hasLoaded) return undefined
  if (path.basename(name) === 'load.js') return { path: '#load', external: true }
  if (path.basename(importer) !== 'on-demand.ts') return undefined
  return { path: path.resolve('src/prisma-on-demand.ts') }
}

/**
 * The main entry of such a package has all of both parts. It takes the second one in the same way, and not by an import
 * of common files: a file that one caller is importing cannot be required by another.
 */
async function writeIndex() {
  const [onDemand, loaded, index] = await Promise.all(['on-demand', 'loaded', 'index'].map(exportsOf))
  const missing = index.filter((name) => !onDemand.includes(name) && !loaded.includes(name))
  const added = [...onDemand, ...loaded].filter((name) => !index.includes(name))
  if (missing.length + added.length > 0)
    throw new Error(`index.ts must export all of on-demand.ts and loaded.ts: ${[...missing, ...added].join(', ')}`)
  writeFileSync(
    'dist/index.js',
    `import { load } from "#load";
export * from "./on-demand.js";
export const { ${loaded.join(', ')} } = load();
`,
  )
  writeFileSync(
    'dist/load.js',
    `import * as loaded from "./loaded.js";
export const load = () => loaded;
// Never called: tells programs that copy what an application imports of the file that Node takes instead of this one
// (@vercel/nft on Node 20, which has the condition \`module-sync\` where nft believes that it has not).
export function replacement() { return new URL("../load.cjs", import.meta.url) }
`,
  )
}

async function exportsOf(name) {
  const { metafile } = await build({
    ...common,
    entryPoints: [`src/${name}.ts`],
    metafile: true,
    write: false,
    sourcemap: false,
    packages: 'external',
    format: 'esm',
  })
  return Object.values(metafile.outputs)[0].exports
}

/** An import of a library, in one of the three forms. */
function importOf(names, library) {
  const name = /^(?:\* as )?(\w+)$/.exec(names)?.[1]
  if (name !== undefined) return `import { ${library} as ${name} } from "#libraries"`
  return `import { ${library} } from "#libraries"; const ${pattern(names)} = ${library}`
}

/** What a destructuring writes for what an import names. */
function pattern(names) {
  return names.replaceAll(/type \w+( as \w+)?,?/g, '').replaceAll(' as ', ': ')
}

/** Whether a part of the package is loaded when it is first used. */
const hasLoaded = imports['#load'] !== undefined

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
  entryPoints: sourcesOf('.js').filter((file) => !(hasLoaded && ['src/index.ts', 'src/load.ts'].includes(file))),
  metafile: true,
  plugins: [replacedImports],
  // Entries share one copy of common code, so that a class is the same through each entry.
  splitting: true,
  chunkNames: 'shared/[name]-[hash]',
  packages: 'external',
  format: 'esm',
})

if (hasLoaded) await writeIndex()

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
