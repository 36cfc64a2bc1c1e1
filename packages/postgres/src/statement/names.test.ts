import { describe, expect, it } from 'vitest'
import { type NamedQuery, StatementNames } from './names.js'

const namesOf = (names: StatementNames) => (query: NamedQuery) => names.of(query)

describe('statement names', () => {
  it('are assigned from the second use on, one per text', () => {
    const nameOf = namesOf(new StatementNames())
    expect(nameOf({ sql: 'SELECT $1', args: [1] })).toBe('')
    const name = nameOf({ sql: 'SELECT $1', args: [2] })
    expect(name).toMatch(/^[0-9a-f]{40}$/)
    expect(nameOf({ sql: 'SELECT $1', args: [3] })).toBe(name)
    nameOf({ sql: 'SELECT $1 + 1', args: [1] })
    expect(nameOf({ sql: 'SELECT $1 + 1', args: [1] })).not.toBe(name)
  })

  it('are never assigned to text without parameters', () => {
    const nameOf = namesOf(new StatementNames())
    const names = [1, 2, 3].map(() => nameOf({ sql: 'BEGIN', args: [] }))
    expect(names).toEqual(['', '', ''])
  })

  it('are bounded, and a flood of texts seen once uses none up', () => {
    const nameOf = namesOf(new StatementNames(3))
    for (let n = 0; n < 10_000; n += 1) nameOf({ sql: `SELECT ${n} = $1`, args: [n] })
    const twice = Array.from({ length: 5 }, (_, n) => {
      nameOf({ sql: `twice ${n}`, args: [n] })
      return nameOf({ sql: `twice ${n}`, args: [n] })
    })
    expect(twice.filter(Boolean)).toHaveLength(3)
  })

  it('are replaced if they were rejected, once for all sessions, and not forever', () => {
    const names = new StatementNames()
    const query = { sql: 'SELECT $1', args: [1] }
    const given = Array.from({ length: 6 }, () => {
      names.of(query)
      const name = names.of(query)
      names.retire(query.sql, name)
      names.retire(query.sql, name)
      return name
    })
    expect(new Set(given).size).toBe(5)
    expect(given.slice(3)).toEqual([expect.stringMatching(/^[0-9a-f]{40}\.3$/), '', ''])
  })
})
