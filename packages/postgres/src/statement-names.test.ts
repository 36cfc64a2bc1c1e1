import { describe, expect, it } from 'vitest'
import { createStatementNames } from './statement-names.js'

describe('statement names', () => {
  it('are given from the second time on, one to a text', () => {
    const nameOf = createStatementNames()
    expect(nameOf({ sql: 'SELECT $1', args: [1] })).toBe('')
    const name = nameOf({ sql: 'SELECT $1', args: [2] })
    expect(name).toMatch(/^[0-9a-f]{40}$/)
    expect(nameOf({ sql: 'SELECT $1', args: [3] })).toBe(name)
    nameOf({ sql: 'SELECT $1 + 1', args: [1] })
    expect(nameOf({ sql: 'SELECT $1 + 1', args: [1] })).not.toBe(name)
  })

  it('are never given to text without parameters', () => {
    const nameOf = createStatementNames()
    const names = [1, 2, 3].map(() => nameOf({ sql: 'BEGIN', args: [] }))
    expect(names).toEqual(['', '', ''])
  })

  it('are bounded, and a flood of texts seen once uses none up', () => {
    const nameOf = createStatementNames(3)
    for (let n = 0; n < 10_000; n += 1) nameOf({ sql: `SELECT ${n} = $1`, args: [n] })
    const twice = Array.from({ length: 5 }, (_, n) => {
      nameOf({ sql: `twice ${n}`, args: [n] })
      return nameOf({ sql: `twice ${n}`, args: [n] })
    })
    expect(twice.filter(Boolean)).toHaveLength(3)
  })
})
