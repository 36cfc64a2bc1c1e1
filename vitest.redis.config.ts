import { defineConfig } from 'vitest/config'
import { common, run, sources } from './test/suite/common.js'

/**
 * `pnpm test:redis`: the cache over a real redis-server, which is killed, stopped, filled and flushed, and over a
 * cluster of two. The program comes from Debian's packages, unless it is installed.
 */
export default defineConfig(({ mode }) => ({
  ...sources,
  test: {
    ...common,
    ...run,
    env: mode === 'long' ? { MIYABI_TEST_LONG: '1' } : { MIYABI_TEST_SEED: '20260101' },
    maxWorkers: 1,
    include: ['packages/db/test/redis/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
  },
}))
