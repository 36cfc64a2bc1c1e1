import { readdirSync } from 'node:fs'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/**
 * One project a package, and `repository` for what concerns the whole. They share these options by hand: a project that
 * `extends` the root would run the root's `globalSetup` once more for itself.
 */
const project = (name: string, root: string): TestProjectInlineConfiguration => ({
  test: {
    name,
    root,
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})

export default defineConfig({
  test: {
    projects: [
      ...readdirSync('packages').map((name) => project(`@miyabi/${name}`, `packages/${name}`)),
      project('demo', 'apps/demo'),
      project('repository', '.'),
    ],
    globalSetup: ['test/global-setup.ts'],
    reporters: ['default', './test/closing-line-reporter.ts'],
    maxWorkers: 2,
  },
})
