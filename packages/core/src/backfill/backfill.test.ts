import { describe, expect, it } from 'vitest'
import { MiyabiError } from '../errors/error.js'
import { type BackfillBatch, type BackfillProgress, describeBackfill, runBackfill } from './backfill.js'

/** A table of `total` rows, of which a batch scans ten. */
function table(total: number): () => Promise<BackfillBatch> {
  let seen = 0
  return async () => {
    const rows = Math.min(10, total - seen)
    seen += rows
    return { rows, seen, changed: seen, isDone: rows === 0 }
  }
}

describe('runBackfill', () => {
  it('keeps to its rate, and does not catch up on lost time', async () => {
    const times: number[] = []
    const next = table(100)
    const result = await runBackfill(
      async () => {
        times.push(performance.now())
        if (times.length === 3) await new Promise((resolve) => setTimeout(resolve, 150))
        return next()
      },
      { rowsPerSecond: 500 },
    )
    expect(result).toMatchObject({ seen: 100, isDone: true, retries: 0 })
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    expect(Math.min(...pauses)).toBeGreaterThan(18) // 10 rows at 500 a second are 20 ms; a timer may be a little early
    expect(result.rowsPerSecond).toBeLessThan(510)
  })

  it('retries a batch that may succeed, and gives up when its patience is over', async () => {
    const failure = new MiyabiError('test.busy', 'busy', { retryable: true })
    const next = table(20)
    let failures = 2
    const flaky = async (): Promise<BackfillBatch> => {
      if (failures-- > 0) throw failure
      return next()
    }
    expect(await runBackfill(flaky, {})).toMatchObject({ seen: 20, retries: 2 })
    await expect(runBackfill(() => Promise.reject(failure), { patienceMs: 50 })).rejects.toBe(failure)
  })

  it("rejects immediately with an error that is not retryable, and with the reason of the caller's signal", async () => {
    const failure = new MiyabiError('test.refused', 'refused')
    await expect(runBackfill(() => Promise.reject(failure), {})).rejects.toBe(failure)
    const controller = new AbortController()
    const options = { signal: controller.signal, rowsPerSecond: 1, onProgress: () => controller.abort('enough') }
    await expect(runBackfill(table(100), options)).rejects.toBe('enough') // within the pause of ten seconds
  })

  it.each([0, -1, Number.NaN])('rejects a rate that is not above 0: %d', async (rowsPerSecond) => {
    await expect(runBackfill(table(10), { rowsPerSecond })).rejects.toMatchObject({
      code: 'core.backfill.option_invalid',
      details: { option: 'rowsPerSecond' },
    })
  })

  it('reports progress at most once a second, and at the end', async () => {
    const told: BackfillProgress[] = []
    await runBackfill(table(50), { rowsPerSecond: 1e6, total: 60, onProgress: (progress) => told.push(progress) })
    expect(told.map(({ seen, isDone, total }) => ({ seen, isDone, total }))).toEqual([
      { seen: 10, isDone: false, total: 60 },
      { seen: 50, isDone: true, total: 60 },
    ])
  })
})

describe('describeBackfill', () => {
  const progress = {
    seen: 1_200_000,
    changed: 7,
    total: 3_000_000,
    isDone: false,
    rowsPerSecond: 980.4,
    elapsedMs: 1,
    retries: 0,
  }

  it.each([
    [{}, '1,200,000 of about 3,000,000 (40 %), 980 a second, 31 min left'],
    [{ total: undefined, retries: 2 }, '1,200,000, 980 a second, 2 batches retried'],
    [{ total: 5 }, '1,200,000, 980 a second'],
    [{ rowsPerSecond: 0 }, '1,200,000 of about 3,000,000 (40 %), 0 a second, unknown time left'],
    [{ rowsPerSecond: 90_000 }, '1,200,000 of about 3,000,000 (40 %), 90,000 a second, 20 s left'],
    [{ isDone: true }, 'done: 1,200,000 scanned, 7 changed'],
  ])('describes %j for people', (change, text) => {
    expect(describeBackfill({ ...progress, ...change })).toBe(text)
  })
})
