import { type LogFields, RetryBudget, silentLogger } from '@miyabi/core'
import { describe, expect, it } from 'vitest'
import type { PostgresErrorCode } from '../errors/codes.js'
import { PostgresError } from '../errors/errors.js'
import { Retrier, type Tries } from './retrier.js'

const quiet = { total: 1, active: 0, idle: 1, connecting: 0, waiting: 0, max: 1, min: 0 }
const conflict = () => new PostgresError('postgres.serialization_failure', 'conflict')

/** Fails `times` times, then gives the number of the attempt; with the pauses that were made, in milliseconds. */
async function retried(
  changes: Partial<Tries<number>> & {
    readonly times?: number
    readonly budget?: RetryBudget
    readonly stats?: typeof quiet
  },
): Promise<{ readonly outcome: unknown; readonly pauses: readonly number[] }> {
  const { times = Number.POSITIVE_INFINITY, budget = new RetryBudget(), stats = quiet, ...tries } = changes
  const pauses: number[] = []
  const logger = { ...silentLogger, debug: ({ pauseMs }: LogFields) => void pauses.push(Number(pauseMs)) }
  const outcome = await new Retrier(budget, () => stats, logger)
    .run({
      what: 'transaction',
      attempt: async (attempt) => {
        if (attempt <= times) throw conflict()
        return attempt
      },
      on: new Set<PostgresErrorCode>(['postgres.serialization_failure']),
      remainingMs: () => Number.POSITIVE_INFINITY,
      ...tries,
    })
    .catch((error: unknown) => error)
  return { outcome, pauses }
}

describe('a retry', () => {
  it('comes after a random pause, whose bound doubles from 10 ms', async () => {
    const runs = await Promise.all(Array.from({ length: 40 }, () => retried({ times: 4 })))
    for (const { outcome, pauses } of runs) {
      expect(outcome).toBe(5)
      for (const [n, pauseMs] of pauses.entries()) expect(pauseMs).toBeLessThan(10 * 2 ** n)
    }
    const nth = (n: number): number[] => runs.map(({ pauses }) => pauses[n] ?? 0)
    expect(new Set(nth(3)).size).toBeGreaterThan(10)
    expect(Math.max(...nth(3))).toBeGreaterThan(40) // below that in all of 40: once in a million million runs
  })

  it('waits for as long as it says', async () => {
    const start = performance.now()
    const { pauses } = await retried({ times: 6 })
    const told = pauses.reduce((sum, pauseMs) => sum + pauseMs, 0)
    expect(performance.now() - start).toBeGreaterThanOrEqual(told * 0.95 - 10)
    expect(told).toBeGreaterThan(0)
  })

  it('is not made where its pause would outlast the deadline', async () => {
    const { outcome, pauses } = await retried({ remainingMs: () => 0 })
    expect(pauses).toEqual([])
    expect(outcome).toMatchObject({
      code: 'postgres.serialization_failure',
      details: { attempts: 1, gaveUp: 'deadline' },
    })
  })

  it('is not made once the budget is spent, nor while callers wait for a pool that is all in use', async () => {
    const budget = new RetryBudget({ capacity: 2, refillPerSecond: 0 })
    expect((await retried({ budget })).outcome).toMatchObject({ details: { attempts: 3, gaveUp: 'budget' } })
    const full = { ...quiet, active: 1, idle: 0, waiting: 1 }
    expect((await retried({ stats: full })).outcome).toMatchObject({ details: { attempts: 1, gaveUp: 'saturated' } })
    expect((await retried({ stats: { ...full, active: 0 }, times: 1 })).outcome).toBe(2)
  })

  it('is made after a lost connection also while callers wait: it is no sign of load, and it waits behind them', async () => {
    const full = { ...quiet, active: 1, idle: 0, waiting: 1 }
    const lost = new PostgresError('postgres.connection_lost')
    const attempt = (n: number): Promise<number> => (n === 1 ? Promise.reject(lost) : Promise.resolve(n))
    expect((await retried({ stats: full, attempt, on: new Set([lost.code]) })).outcome).toBe(2)
  })

  it('is given up in its pause when the caller goes away', async () => {
    const controller = new AbortController()
    let attempts = 0
    const { outcome } = await retried({
      signal: controller.signal,
      attempt: async () => {
        attempts += 1
        throw conflict()
      },
      onPause: () => controller.abort(new Error('gone')),
    })
    expect(outcome).toMatchObject({ message: 'gone' })
    expect(attempts).toBe(1)
  })

  it('that another failure began goes on while no connection can be had, which begins none itself', async () => {
    const unreachable = new PostgresError('postgres.unreachable', 'down')
    const failing = (failures: readonly Error[]) => async (attempt: number) => {
      const failure = failures[attempt - 1]
      if (failure) throw failure
      return attempt
    }
    expect((await retried({ attempt: failing([conflict(), unreachable, unreachable]) })).outcome).toBe(4)
    expect((await retried({ attempt: failing([unreachable]) })).outcome).toBe(unreachable)
  })

  it('follows no error but those of the database that it is told of', async () => {
    const own = new Error('mine')
    expect((await retried({ attempt: () => Promise.reject(own) })).outcome).toBe(own)
    const elsewhere = Object.assign(new Error('another server'), { code: 'ECONNREFUSED' })
    const attempt = (n: number): Promise<never> => Promise.reject(n === 1 ? conflict() : elsewhere)
    expect((await retried({ attempt })).outcome).toBe(elsewhere)
    expect((await retried({ on: new Set() })).outcome).toMatchObject({ code: 'postgres.serialization_failure' })
  })
})
