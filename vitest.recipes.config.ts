import { defineConfig } from 'vitest/config'
import { common, run, sources } from './test/suite/common.js'

/**
 * `pnpm test:recipes`: all recipes of CONTRIBUTING.md, followed in a copy of the repository, with the commands that
 * prove them and the checks of continuous integration.
 */
export default defineConfig({
  ...sources,
  test: {
    ...common,
    ...run,
    maxWorkers: 1,
    include: ['test/recipe/whole.test.ts'],
  },
})
