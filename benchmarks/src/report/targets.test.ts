import { describe, expect, it } from 'vitest'
import type { ContenderResult, SuiteResult } from '../harness/result.js'
import { outcomesOf } from './targets.js'

const table = (contender: string, ms: number, readUnits: number): ContenderResult => ({
  contender,
  roundsMs: [ms, ms],
  roundsCpuUs: [ms, ms],
  roundsReadUnits: [readUnits, readUnits],
  latencyUs: { p50: ms, p99: ms },
  errors: 0,
})

const result = (...contenders: readonly ContenderResult[]): SuiteResult => ({
  suite: 'dynamo-size',
  measuredOn: '2026-01-01',
  quick: false,
  machine: { cpu: '', cores: 2, memoryGiB: 1, platform: '', node: '', load: 0 },
  versions: {},
  plan: { rounds: 2, sliceMs: 1, warmUpMs: 1, singleRounds: 1 },
  tables: [
    {
      workload: 'undelivered messages',
      about: '',
      concurrency: 1,
      single: false,
      base: 'small table',
      twin: 'small table (again)',
      contenders,
    },
  ],
})

const small = [table('small table', 1, 5), table('small table (again)', 1.5, 5)]

describe('outcomesOf', () => {
  it('holds counted figures against their target, whatever time it took', () => {
    expect(outcomesOf(result(...small, table('grown table', 9, 5)))).toMatchObject([
      { target: '<= 1.00', measured: '1.00 (at 1)', status: 'met' },
    ])
  })

  it('knows no noise in what is counted', () => {
    expect(outcomesOf(result(...small, table('grown table', 1, 5.5)))).toMatchObject([
      { measured: '1.10 (at 1)', status: 'open' },
    ])
  })

  it.each([
    [13, '3.00 ms (at 1)', 'met'],
    [12, '2.00 ms (at 1)', 'met'],
    [13.1, '3.10 ms (at 1)', 'open'],
  ])(
    'tells by how many milliseconds the slowest calls are behind, whatever the noise of the rounds: %d of 10',
    (ms, measured, status) => {
      const waited = (contender: string, p99: number): ContenderResult => ({
        ...table(contender, contender === 'again' ? 2 : 1, 0),
        latencyUs: { p50: 1, p99: p99 * 1000 },
      })
      const base = 'direct append'
      const measuredTable = {
        workload: 'commit to effect',
        base,
        twin: 'again',
        about: '',
        concurrency: 1,
        single: false,
      }
      const contenders = [waited(base, 10), waited('again', 20), waited('effect by a relay', ms)]
      expect(outcomesOf({ ...result(), suite: 'outbox', tables: [{ ...measuredTable, contenders }] })).toMatchObject([
        { target: '<= 3 ms', measured, status },
      ])
    },
  )
})
