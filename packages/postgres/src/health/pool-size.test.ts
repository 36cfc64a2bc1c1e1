import { describe, expect, it } from 'vitest'
import type { PoolUsage } from '../pool/usage.js'
import { advisePoolSize, type PoolSizeQuestion } from './pool-size.js'

const server = { maxConnections: 100, reserved: 3, used: 7 }
const advise = (question: Partial<PoolSizeQuestion>) =>
  advisePoolSize({ instances: 1, maxConnections: 20, server, ...question })

describe('the connection sum', () => {
  it('is instances x (maximum + 1) + reserve, compared to the unreserved connections', () => {
    expect(advise({ instances: 4 })).toMatchObject({ needed: 94, available: 97, fits: true, largestMax: 20 })
    expect(advise({ instances: 4, reserve: 14 })).toMatchObject({ needed: 98, fits: false, largestMax: 19 })
    expect(advise({ instances: 4, reserve: 13 })).toMatchObject({ needed: 97, fits: true })
  })

  it("counts the service's pool, and its health check's connection", () => {
    expect(advise({ instances: 4, serviceConnections: 5 })).toMatchObject({
      needed: 118,
      fits: false,
      largestMax: 14,
      sum: '4 x (20 + 1 + 5 + 1) + 10 = 118 connections; the server has 97 for them',
    })
    expect(advise({ instances: 4, serviceConnections: 5, maxConnections: 14 })).toMatchObject({
      needed: 94,
      fits: true,
    })
  })

  it('gives the largest maximum that fits, and it does fit', () => {
    for (const instances of [1, 3, 7, 40]) {
      const { largestMax } = advise({ instances, maxConnections: 1000 })
      expect(advise({ instances, maxConnections: largestMax }).fits).toBe(true)
      expect(advise({ instances, maxConnections: largestMax + 1 }).fits).toBe(false)
    }
    expect(advise({ instances: 90 })).toMatchObject({ fits: false, largestMax: 0 })
    expect(advise({ instances: 90 }).advice).toContain('not even one connection each fits')
  })

  it('respects the limits of the role and the database', () => {
    expect(advise({ server: { ...server, roleLimit: 30 } })).toMatchObject({
      available: 30,
      fits: false,
      largestMax: 19,
    })
    expect(advise({ server: { ...server, databaseLimit: 0 } })).toMatchObject({
      available: 0,
      fits: false,
      largestMax: 0,
    })
  })
})

const usage = (changes: Partial<PoolUsage>, p95 = 0.05): PoolUsage => ({
  windowMs: 60_000,
  acquires: 60_000,
  holdMs: 10,
  busy: 10,
  waitMs: { mean: p95 / 3, p95, p99: p95 * 2, max: p95 * 3 },
  ...changes,
})
const verdict = (measured: PoolUsage, maxConnections = 20) => advise({ maxConnections, usage: measured }).measured

describe('the advice from measured waits', () => {
  it("is the need by Little's law, with a margin for bursts", () => {
    expect(verdict(usage({}))).toMatchObject({ verdict: 'enough', needed: 20, suggestedMax: 20 })
    expect(verdict(usage({}))?.advice).toContain('1000 acquires a second x 10 ms held = 10 connections in use')
  })

  it('is empty if there was too little traffic', () => {
    expect(verdict(usage({ acquires: 99 }))).toMatchObject({ verdict: 'unmeasured', suggestedMax: 20 })
  })

  it('is that a full pool hides the need', () => {
    const measured = verdict(usage({ busy: 19 }, 200))
    expect(measured).toMatchObject({ verdict: 'too_small', suggestedMax: 30 })
    expect(measured?.advice).toContain('a full pool hides how many more the load needs')
  })

  it('never suggests more than fits', () => {
    expect(advise({ instances: 4, usage: usage({ busy: 19 }, 200) }).measured).toMatchObject({ suggestedMax: 20 })
  })

  it('is that waits despite free connections are bursts', () => {
    expect(verdict(usage({ busy: 2 }, 50))).toMatchObject({ verdict: 'bursts', suggestedMax: 20 })
  })

  it('is that a pool far above the need is too large', () => {
    expect(verdict(usage({ busy: 1 }))).toMatchObject({ verdict: 'too_large', needed: 4, suggestedMax: 4 })
  })
})
