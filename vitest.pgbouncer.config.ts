import { defineConfig } from 'vitest/config'

/**
 * `pnpm test:pgbouncer`: the PostgreSQL suite through PgBouncer in transaction mode, which must be installed.
 */
export default defineConfig({
  test: {
    root: 'packages/postgres',
    include: [
      'test/pool/**/*.test.ts',
      'test/prisma/**/*.test.ts',
      'test/health.fault.test.ts',
      'test/pgbouncer/**/*.test.ts',
      'test/transaction/**/*.test.ts',
      'test/errors/**/*.test.ts',
    ],
    globalSetup: ['test/pgbouncer/global-setup.ts'],
    reporters: ['default', '../../test/closing-line-reporter.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
