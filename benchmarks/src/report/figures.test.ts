import { describe, expect, it } from 'vitest'
import type { ContenderResult, TableResult } from '../harness/result.js'
import { figuresOf, noiseOf, ratioOf } from './figures.js'

const result = (contender: string, roundsMs: readonly number[]): ContenderResult => ({
  contender,
  roundsMs,
  roundsCpuUs: roundsMs,
  latencyUs: { p50: 1, p99: 2 },
  errors: 0,
})

const table = (...contenders: readonly ContenderResult[]): TableResult => ({
  workload: 'select',
  about: '',
  concurrency: 1,
  single: false,
  base: 'a',
  twin: 'a (again)',
  contenders,
})

describe('ratioOf', () => {
  it('compares within a round, so a round that was slow for all changes nothing', () => {
    expect(ratioOf(result('b', [2, 20, 2]), result('a', [1, 10, 1]))).toEqual({ median: 2, low: 2, high: 2 })
  })

  it('says nothing of a contender without figures', () => {
    expect(ratioOf(result('b', []), result('a', [1]))).toBeUndefined()
  })
})

describe('noiseOf', () => {
  it('is how far the middle half of the rounds strays from 1, in both directions', () => {
    const noise = noiseOf(table(result('a', [1, 1, 1, 1, 1]), result('a (again)', [0.1, 0.5, 1, 1.25, 9])))
    expect(noise).toEqual({ low: 0.5, high: 2 })
  })
})

describe('figuresOf', () => {
  it('claims a difference only beyond the noise, and where the rounds agree', () => {
    const figures = figuresOf(
      table(
        result('a', [1, 1, 1, 1]),
        result('a (again)', [0.8, 0.8, 1.1, 1.1]),
        result('b', [1.2, 1.2, 1.2, 1.2]),
        result('c', [1.3, 1.3, 1.3, 1.3]),
        result('c, at times', [0.5, 0.9, 1.9, 1.9]),
        result('d', [0.7, 0.7, 0.7, 0.7]),
        result('e', []),
      ),
    )
    expect(figures.map(({ result: { contender }, verdict }) => [contender, verdict])).toEqual([
      ['a', 'base'],
      ['a (again)', 'noise'],
      ['b', 'same'],
      ['c', 'slower'],
      ['c, at times', 'same'],
      ['d', 'faster'],
      ['e', 'failed'],
    ])
  })
})
