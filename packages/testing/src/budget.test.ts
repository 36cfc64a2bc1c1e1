import { describe, expect, it } from 'vitest'
import { Budget } from './budget.js'

const AT = Date.UTC(2026, 0, 31, 12)
const long = { MIYABI_TEST_LONG: '1' }
const options = { name: 'kills', short: 3, longSeconds: 60 }

/** Rounds until there is no other, each of so many seconds. */
function roundsOf(env: Record<string, string>, seconds: number): { rounds: number; printed: string[] } {
  let ms = AT
  const printed: string[] = []
  const budget = new Budget({ ...options, env, now: () => ms, print: (line) => printed.push(line) })
  while (budget.next()) ms += seconds * 1000
  budget[Symbol.dispose]()
  return { rounds: budget.rounds, printed }
}

describe('a budget', () => {
  it('is a count in a short run, and says nothing', () => {
    expect(roundsOf({}, 1)).toEqual({ rounds: 3, printed: [] })
  })

  it('is a time in a long run, and prints the count that it reached and the seed', () => {
    expect(roundsOf(long, 2)).toEqual({ rounds: 30, printed: ['kills: 30 in 60 s, seed 20260131'] })
  })

  it('is never less in a long run than in a short one', () => {
    expect(roundsOf(long, 100).rounds).toBe(3)
  })

  it('ends with the time of the whole run', () => {
    expect(roundsOf({ ...long, MIYABI_TEST_UNTIL: String(AT + 20_000) }, 2).rounds).toBe(10)
  })

  it('gives the same choices the whole day, others the next day and to others, and those of a day that is named', () => {
    const choices = (name: string, ms: number, env = {}) => {
      const budget = new Budget({ ...options, name, env, now: () => ms })
      return Array.from({ length: 5 }, () => budget.random())
    }
    const today = choices('kills', AT)
    expect(choices('kills', AT + 3_600_000)).toEqual(today)
    expect(choices('kills', AT + 86_400_000)).not.toEqual(today)
    expect(choices('cuts', AT)).not.toEqual(today)
    expect(choices('kills', AT + 86_400_000, { MIYABI_TEST_SEED: '20260131' })).toEqual(today)
    for (const choice of today) expect(choice >= 0 && choice < 1).toBe(true)
  })
})
