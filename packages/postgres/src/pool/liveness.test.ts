import { describe, expect, it } from 'vitest'
import { Liveness } from './liveness.js'
import type { Moment } from './moment.js'

const HOUR = 3_600_000
const start: Moment = { monotonicMs: 1000, wallMs: Date.UTC(2026, 0, 1) }

/** Whether a connection last used at the start is handed out without a test, so much later by each clock. */
function isFresh(later: { readonly monotonicMs: number; readonly wallMs: number }, testBeforeAcquire = true): boolean {
  const now = { monotonicMs: start.monotonicMs + later.monotonicMs, wallMs: start.wallMs + later.wallMs }
  const liveness = new Liveness({ testBeforeAcquire, testBypassMs: 500 }, { onDead: () => {}, now: () => now })
  const client = { isSettled: true, isClean: true, lastUsed: start }
  return liveness.isFresh(client as Parameters<Liveness['isFresh']>[0])
}

describe('a connection that was used a moment ago', () => {
  it('is handed out without a test', () => {
    expect(isFresh({ monotonicMs: 499, wallMs: 499 })).toBe(true)
    expect(isFresh({ monotonicMs: 501, wallMs: 501 })).toBe(false)
  })

  it('is tested where the process was frozen since, whichever clock stood still', () => {
    expect(isFresh({ monotonicMs: 2, wallMs: HOUR })).toBe(false)
    expect(isFresh({ monotonicMs: HOUR, wallMs: 2 })).toBe(false)
  })

  it('is tested where the clock was set back, which tells nothing about the time that passed', () => {
    expect(isFresh({ monotonicMs: 2, wallMs: -HOUR })).toBe(false)
  })

  it('is never tested where that is turned off', () => {
    expect(isFresh({ monotonicMs: HOUR, wallMs: HOUR }, false)).toBe(true)
  })
})
