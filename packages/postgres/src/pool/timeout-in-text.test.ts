import { expect, it } from 'vitest'
import { longestTimeoutIn } from './timeout-in-text.js'

it.each<[string, number]>([
  ['SELECT 1', 0],
  ['SHOW statement_timeout', 0],
  ["SELECT current_setting('statement_timeout')", 0],
  ['SET statement_timeout = 5000', 5000],
  ["SET LOCAL statement_timeout TO '5min'", 300_000],
  ["set session STATEMENT_TIMEOUT to '1.5 h'", 5_400_000],
  ["SELECT set_config('statement_timeout', '90s', true)", 90_000],
  ['BEGIN; SET LOCAL statement_timeout = 100; SET LOCAL statement_timeout = 2000', 2000],
  ['SET LOCAL statement_timeout = 0', Number.POSITIVE_INFINITY],
  ["SELECT set_config('statement_timeout', $1, true)", Number.POSITIVE_INFINITY],
])('%s sets a limit of %d ms', (text, ms) => {
  expect(longestTimeoutIn(text)).toBe(ms)
})
