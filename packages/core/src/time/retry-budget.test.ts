import { describe, expect, it } from 'vitest'
import { RetryBudget } from './retry-budget.js'

describe('RetryBudget', () => {
  it('gives its capacity at once, and then what comes back', () => {
    let nowMs = 0
    const budget = new RetryBudget({ capacity: 3, refillPerSecond: 2, now: () => nowMs })
    expect([1, 2, 3, 4].map(() => budget.take())).toEqual([true, true, true, false])
    nowMs = 499
    expect(budget.take()).toBe(false)
    nowMs = 500
    expect([1, 2].map(() => budget.take())).toEqual([true, false])
  })

  it('saves up no more than its capacity', () => {
    let nowMs = 0
    const budget = new RetryBudget({ capacity: 3, refillPerSecond: 2, now: () => nowMs })
    nowMs = 3_600_000
    expect(budget.remaining).toBe(3)
  })

  it('bounds a storm of any length', () => {
    let nowMs = 0
    const budget = new RetryBudget({ now: () => nowMs })
    let taken = 0
    for (; nowMs < 10_000; nowMs += 1) for (let n = 0; n < 20; n += 1) taken += budget.take() ? 1 : 0
    expect(taken).toBeLessThanOrEqual(1000 + 10 * 100)
    expect(taken).toBeGreaterThanOrEqual(1000 + 10 * 100 - 2)
  })
})
