import { describe, expect, it } from 'vitest'
import { compareMigrations, type HistoryRow } from './migration-state.js'

const built = [
  { name: '1_first', checksum: 'a' },
  { name: '2_second', checksum: 'b' },
]
const row = (name: string, checksum: string, state: HistoryRow['state'] = 'applied'): HistoryRow => ({
  name,
  checksum,
  state,
})
const none = { pending: [], failed: [], edited: [], unknown: [] }

describe('compareMigrations', () => {
  it.each<[string, HistoryRow[], Partial<typeof none> | Record<string, string[]>]>([
    ['nothing to say where all were applied', [row('1_first', 'a'), row('2_second', 'b')], {}],
    ['all pending in an empty database', [], { pending: ['1_first', '2_second'] }],
    ['one pending', [row('1_first', 'a')], { pending: ['2_second'] }],
    ['one edited', [row('1_first', 'a'), row('2_second', 'x')], { edited: ['2_second'] }],
    ['one failed', [row('1_first', 'a'), row('2_second', 'b', 'unfinished')], { failed: ['2_second'] }],
    [
      'one rolled back, which is pending',
      [row('1_first', 'a'), row('2_second', 'b', 'rolled_back')],
      { pending: ['2_second'] },
    ],
    [
      'one rolled back and applied again',
      [row('1_first', 'a'), row('2_second', 'x', 'rolled_back'), row('2_second', 'b')],
      {},
    ],
    [
      'one that failed and was applied later',
      [row('1_first', 'a'), row('2_second', 'b', 'unfinished'), row('2_second', 'b')],
      {},
    ],
    [
      'one that the code does not know',
      [row('1_first', 'a'), row('2_second', 'b'), row('3_third', 'c')],
      { unknown: ['3_third'] },
    ],
    [
      'nothing of an unknown one that was rolled back',
      [row('1_first', 'a'), row('2_second', 'b'), row('3_third', 'c', 'rolled_back')],
      {},
    ],
  ])('finds %s', (_what, history, found) => {
    expect(compareMigrations(built, history)).toEqual({ ...none, ...found })
  })
})
