import { defineConfig } from 'vitest/config'
import { common, run, sources } from './test/suite/common.js'

/** `pnpm test:pg-dump`: the copy by pg_dump, and recovery, with programs of PostgreSQL 15 or later, to be installed. */
export default defineConfig({
  ...sources,
  test: {
    ...common,
    ...run,
    root: 'packages/postgres',
    include: ['test/pg-dump/**/*.test.ts'],
    globalSetup: ['../../test/global-setup.ts'],
  },
})
