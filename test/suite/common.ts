import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { TestProjectInlineConfiguration } from 'vitest/config'

/** What every project has, also those of other configurations than the root's. */
export const common = {
  pool: 'forks',
  // They tell what never ends from what a machine at other work does slowly, and nothing else.
  testTimeout: 180_000,
  hookTimeout: 180_000,
  expect: { poll: { timeout: 60_000 } },
  unstubEnvs: true, // files share a process
  setupFiles: [path.join(import.meta.dirname, 'seed.ts')],
} as const satisfies TestProjectInlineConfiguration['test']

const root = path.join(import.meta.dirname, '../..')
const lockfile = createHash('sha256')
  .update(readFileSync(path.join(root, 'pnpm-lock.yaml')))
  .digest('hex')

/** What a run as a whole has. */
export const run = {
  maxWorkers: 2,
  // What a file becomes is kept by its content: else each project would transform the sources of all packages anew.
  // A folder a lockfile: vitest removes a folder of another lockfile while the run already writes into it.
  experimental: {
    fsModuleCache: true,
    fsModuleCachePath: path.join(root, 'node_modules/.cache/vitest', lockfile.slice(0, 16)),
  },
  reporters: ['default', path.join(import.meta.dirname, 'closing-line-reporter.ts')],
}

/**
 * Packages of the workspace are read as sources, so that a test sees an edit of another package without a build. Each
 * package names its sources by this condition in its `exports`. Programs that a test spawns are the built ones.
 */
const conditions = ['@miyabi/source', 'node', 'development|production']

export const sources = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
} as const satisfies TestProjectInlineConfiguration
