import { readdirSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const packages = readdirSync('packages')
const project = (name: string, root: string) => ({ extends: true as const, test: { name, root } })

export default defineConfig({
  test: {
    projects: [...packages.map((name) => project(`@miyabi/${name}`, `packages/${name}`)), project('demo', 'apps/demo')],
    globalSetup: ['test/global-setup.ts'],
    reporters: ['default', './test/closing-line-reporter.ts'],
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
