import { readdirSync } from 'node:fs'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/** What every project has; by hand, for a project that `extends` the root would run the root's `globalSetup` once more for itself. */
const common = (env: Record<string, string>) =>
  ({
    env,
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000 } }, // what a busy machine may take for what an idle one does at once
  }) satisfies TestProjectInlineConfiguration['test']

/** One a folder, for its tests on real servers, each file in a process of its own. */
const project = (name: string, folder: string, env: Record<string, string>): TestProjectInlineConfiguration => ({
  test: {
    ...common(env),
    name,
    include: [`${folder}test/**/*.test.ts`],
    exclude: [`${folder}test/pgbouncer/**`], // vitest.pgbouncer.config.ts
  },
})

/**
 * The pure tests beside the sources of all packages. They start no server and change nothing of their process, so they may share one:
 * for most of them a process and its imports cost a hundred times the test.
 */
const units = (env: Record<string, string>): TestProjectInlineConfiguration => ({
  test: { ...common(env), name: 'units', include: ['{packages/*,apps/*,benchmarks}/src/**/*.test.ts'], isolate: false },
})

/** `--mode long` (`pnpm test:long`) runs the random and fault tests in their whole counts. */
export default defineConfig(({ mode }) => {
  const env: Record<string, string> = mode === 'long' ? { MIYABI_TEST_LONG: '1' } : {}
  return {
    test: {
      projects: [
        units(env),
        ...readdirSync(`${import.meta.dirname}/packages`).map((name) =>
          project(`@miyabi/${name}`, `packages/${name}/`, env),
        ),
        project('demo', 'apps/demo/', env),
        project('benchmarks', 'benchmarks/', env),
        project('repository', '', env),
      ],
      globalSetup: ['test/global-setup.ts'],
      reporters: ['default', './test/closing-line-reporter.ts'],
      maxWorkers: 2,
    },
  }
})
