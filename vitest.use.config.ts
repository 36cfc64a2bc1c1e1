import { defineConfig } from 'vitest/config'
import { common, run, sources } from './test/suite/common.js'

/**
 * The packed packages in frameworks, bundlers, compilers and runtimes, with the code of the pages in docs/use. Fetches
 * these from npm: `pnpm test:matrix` runs it, a cell each.
 */
export default defineConfig({
  ...sources,
  test: {
    ...common,
    ...run,
    maxWorkers: 1,
    testTimeout: 900_000,
    hookTimeout: 900_000,
    include: ['test/use/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
  },
})
