import { describe, expect, it } from 'vitest'
import { compare } from './compare.js'
import { assertSameResults, DifferentResultError } from './same-results.js'
import type { Contender, Workload } from './workload.js'

const plan = { rounds: 3, sliceMs: 1, warmUpMs: 1, singleRounds: 2 }

const workload = (contenders: Workload['contenders'], changes: Partial<Workload> = {}): Workload => ({
  name: 'anything',
  about: '',
  concurrency: [1],
  contenders,
  ...changes,
})

const quiet = (name: string, result: unknown = name): Contender => ({ name, run: async () => result })

describe('compare', () => {
  it('runs the base under two names, and everybody in every round', async () => {
    const { base, twin, contenders } = await compare(workload([quiet('a'), quiet('b')]), 2, plan)
    expect([base, twin]).toEqual(['a', 'a (again)'])
    expect(contenders.map(({ contender, roundsMs }) => [contender, roundsMs.length])).toEqual([
      ['a', 3],
      ['a (again)', 3],
      ['b', 3],
    ])
  })

  it('shows the errors of a contender, and gives no figures where nothing succeeded', async () => {
    const broken: Contender = { name: 'b', run: () => Promise.reject(new Error('no such table')) }
    const { contenders } = await compare(workload([quiet('a'), broken]), 1, plan)
    expect(contenders[2]).toMatchObject({ contender: 'b', roundsMs: [], firstError: 'no such table' })
    expect(contenders[2]?.errors).toBeGreaterThanOrEqual(3)
  })

  it('counts the read units of an operation, where somebody counts', async () => {
    let readUnits = 7
    const counted: Contender = {
      name: 'a',
      run: async () => {
        readUnits += 2.5
      },
      readUnits: () => readUnits,
    }
    const { contenders } = await compare(workload([counted, quiet('b')]), 2, plan)
    expect(contenders.map(({ roundsReadUnits }) => roundsReadUnits)).toEqual([
      [2.5, 2.5, 2.5],
      [2.5, 2.5, 2.5],
      undefined,
    ])
  })

  it('gives the share of stale results, if they are counted', async () => {
    let calls = 0
    const run = async (): Promise<void> => {
      calls += 1
    }
    const counted: Contender = { name: 'a', run, stale: () => calls }
    const { contenders } = await compare(workload([counted, { ...quiet('b'), stale: () => 7 }, quiet('c')]), 2, plan)
    expect(contenders.map(({ staleShare }) => staleShare)).toEqual([1, 1, 0, undefined])
  })

  it('times single operations one by one, makes ready before each, and tidies up after it', async () => {
    const calls: string[] = []
    const note = (call: string) => async () => void calls.push(call)
    const contender = { name: 'a', before: note('before'), run: note('run'), after: note('after') }
    const { contenders } = await compare(workload([contender], { single: true }), 1, plan)
    expect(contenders.map(({ roundsMs }) => roundsMs.length)).toEqual([2, 2])
    // Warmed up once and run twice, under either name.
    expect(calls).toEqual(Array.from({ length: 6 }, () => ['before', 'run', 'after']).flat())
  })
})

describe('assertSameResults', () => {
  it('takes instants, decimals and the order of keys for the same', async () => {
    const a = quiet('a', { at: new Date('2026-01-01T00:00:00.500Z'), rating: '4.50' })
    const b = quiet('b', { rating: 4.5, at: '2026-01-01T00:00:00.5+00:00' })
    await expect(assertSameResults(workload([a, b]))).resolves.toBeUndefined()
  })

  it('refuses a contender that gives something else', async () => {
    const different = assertSameResults(workload([quiet('a', { id: 1 }), quiet('b', { id: 2 })]))
    await expect(different).rejects.toThrow(DifferentResultError)
    await expect(different).rejects.toThrow('anything: b gives another result than a')
  })

  it('makes ready before each contender', async () => {
    let isReady = false
    const prepared: Contender = {
      name: 'b',
      before: async () => {
        isReady = true
      },
      run: async () => isReady,
    }
    await expect(assertSameResults(workload([quiet('a', true), prepared]))).resolves.toBeUndefined()
  })
})
