import { defineConfig } from 'vitest/config'
import { common, run, sources } from './test/suite/common.js'

/**
 * `pnpm test:alerts`: the rules by promtool, and a real Prometheus that scrapes a real application while faults are
 * made. Both programs come from Debian's package, unless they are installed.
 */
export default defineConfig({
  ...sources,
  test: {
    ...common,
    ...run,
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    include: ['test/alerts/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
  },
})
