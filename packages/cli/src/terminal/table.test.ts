import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { definitions, table } from './table.js'

const plain = (text: string): readonly string[] => stripVTControlCharacters(text).split('\n')
const columns = [{ title: 'id' }, { title: 'rows', align: 'right' }, { title: 'state' }] as const
const rows = [
  { cells: ['20261130T120000000Z', '7', 'whole'], below: ['the text below this row'] },
  { cells: ['20261201T120000000Z', '12', 'damaged'] },
] as const

describe('table', () => {
  it('aligns its columns', () => {
    expect(plain(table(columns, rows))).toEqual([
      'id                   rows  state',
      '20261130T120000000Z     7  whole',
      '    the text below this row',
      '20261201T120000000Z    12  damaged',
    ])
  })

  it('becomes a list of each row if it does not fit, and truncates nothing', () => {
    const lines = plain(table(columns, rows, 30))
    expect(lines).toEqual([
      '20261130T120000000Z',
      '  rows   7',
      '  state  whole',
      '    the text below this row',
      '20261201T120000000Z',
      '  rows   12',
      '  state  damaged',
    ])
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(30)
  })
})

describe('definitions', () => {
  const pairs = [
    ['port', '5432'],
    ['application', 'a text of several words that is longer than a narrow terminal'],
  ] as const

  it('are next to their labels, wrapped at the width', () => {
    expect(plain(definitions(pairs, 50))).toEqual([
      '  port         5432',
      '  application  a text of several words that is',
      '               longer than a narrow terminal',
    ])
  })

  it('are below their labels if the space is narrow', () => {
    expect(plain(definitions(pairs, 40))).toEqual([
      '  port',
      '      5432',
      '  application',
      '      a text of several words that is',
      '      longer than a narrow terminal',
    ])
  })

  it('are never wrapped in a pipe', () => expect(plain(definitions(pairs))).toHaveLength(2))
})
