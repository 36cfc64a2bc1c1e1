import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RowsHash } from './rows-hash.js'

const hashOf = (rows: readonly string[]): RowsHash => {
  const hash = new RowsHash()
  for (const row of rows) hash.add(Buffer.from(row))
  return hash
}

describe('the hash of rows', () => {
  it('does not depend on their order, and is the sum of its parts', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.nat(), (rows, seed) => {
        const at = rows.length === 0 ? 0 : seed % rows.length
        const turned = [...rows.slice(at), ...rows.slice(0, at)]
        const sum = RowsHash.sum([hashOf(rows.slice(0, at)), hashOf(rows.slice(at))])
        const { value, rows: count } = hashOf(rows)
        expect([hashOf(turned).value, sum.value, sum.rows]).toEqual([value, value, count])
      }),
    )
  })

  it('tells rows apart that differ in one bit, in their length, or in how often they come', () => {
    const seen = new Map<string, readonly string[]>()
    const same: unknown[] = []
    const meet = (rows: readonly string[]): void => {
      const { value } = hashOf(rows)
      if (seen.has(value)) same.push([seen.get(value), rows])
      seen.set(value, rows)
    }
    for (let n = 0; n < 20_000; n++) meet([String(n)])
    for (let n = 1; n < 50; n++) meet(['\0'.repeat(n)])
    for (let n = 0; n < 50; n++) meet(Array.from({ length: n }, () => 'same'))
    meet(['ab', 'c'])
    meet(['a', 'bc'])
    expect(same).toEqual([])
  })

  it('reads a row where it lies', () => {
    const hash = new RowsHash()
    hash.add(Buffer.from('xx-the row-yy'), 3, 10)
    expect(hash.value).toBe(hashOf(['the row']).value)
  })
})
