import { defineConfig } from 'vitest/config'
import { run } from './test/suite/common.js'
import { projects, startFolder } from './test/suite/projects.js'

const root = import.meta.dirname

/**
 * How long `pnpm test:long` may take. Its budgets of time end a quarter of an hour earlier, as counts that are fixed
 * take theirs, too.
 */
const LONG_MS = 90 * 60_000
const REST_MS = 15 * 60_000

/** Of all random choices of a short run, so that it is red only for what has changed. */
const SHORT_SEED = '20260101'

/**
 * `--mode long` (`pnpm test:long`) runs the random and fault tests in their whole counts, or for as long as their
 * budgets say, with the choices of the day.
 */
export default defineConfig(({ mode }) => {
  const within = startFolder(root)
  process.chdir(root) // hints name commands as they work where the process runs, and tests say what they expect there
  return { root, test: { ...run, projects: projects({ root, within, env: mode === 'long' ? long() : short() }) } }
})

const short = (): Record<string, string> => ({ MIYABI_TEST_SEED: process.env['MIYABI_TEST_SEED'] || SHORT_SEED })

const long = (): Record<string, string> => ({
  MIYABI_TEST_LONG: '1',
  // An earlier end gives a shorter run: all fixed counts, and the minimum of those that have a budget.
  MIYABI_TEST_UNTIL: process.env['MIYABI_TEST_UNTIL'] || String(Date.now() + LONG_MS - REST_MS),
})
