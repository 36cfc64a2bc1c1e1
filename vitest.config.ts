import { defineConfig } from 'vitest/config'
import { run } from './test/suite/common.js'
import { projects, startFolder } from './test/suite/projects.js'

const root = import.meta.dirname

/** `--mode long` (`pnpm test:long`) runs the random and fault tests in their whole counts. */
export default defineConfig(({ mode }) => ({
  root,
  test: {
    ...run,
    projects: projects({ root, within: startFolder(root), env: mode === 'long' ? { MIYABI_TEST_LONG: '1' } : {} }),
  },
}))
