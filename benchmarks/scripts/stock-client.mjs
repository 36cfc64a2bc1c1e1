// The generated client by itself, as an application without our package would compile its own: a file for a file.
import path from 'node:path'
import { build } from 'esbuild'

const root = path.resolve(import.meta.dirname, '../..')
await build({
  entryPoints: [path.join(root, 'packages/postgres/src/schema/generated/**/*.ts')],
  outdir: path.join(root, 'benchmarks/dist/stock-client'),
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
})
