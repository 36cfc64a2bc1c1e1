import { readdirSync } from 'node:fs'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/**
 * One project a package, and `repository` for what concerns the whole. They share these options by hand: a project that
 * `extends` the root would run the root's `globalSetup` once more for itself.
 */
const project = (name: string, root: string, env: Record<string, string>): TestProjectInlineConfiguration => ({
  test: {
    name,
    root,
    env,
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/pgbouncer/**'], // vitest.pgbouncer.config.ts
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})

/** `--mode long` (`pnpm test:long`) runs the random and fault tests in their whole counts. */
export default defineConfig(({ mode }) => {
  const env: Record<string, string> = mode === 'long' ? { MIYABI_TEST_LONG: '1' } : {}
  return {
    test: {
      projects: [
        ...readdirSync(`${import.meta.dirname}/packages`).map((name) =>
          project(`@miyabi/${name}`, `packages/${name}`, env),
        ),
        project('demo', 'apps/demo', env),
        project('benchmarks', 'benchmarks', env),
        project('repository', '.', env),
      ],
      globalSetup: ['test/global-setup.ts'],
      reporters: ['default', './test/closing-line-reporter.ts'],
      maxWorkers: 2,
    },
  }
})
