import { describe, expect, it } from 'vitest'
import { parseSql } from './parse.js'

describe('parseSql', () => {
  it('gives each statement with its line, its text and its comments', async () => {
    const statements = await parseSql(
      '-- größer: über alles\n\nSELECT 1;\n/* two */ SELECT\n  2; -- three\nDO $$ -- no comment of the script\n$$',
    )
    expect(statements.map(({ node, ...rest }) => [Object.keys(node), rest])).toEqual([
      [['SelectStmt'], { text: 'SELECT 1', line: 3, offset: 23, comments: [{ text: 'größer: über alles', line: 1 }] }],
      [['SelectStmt'], { text: 'SELECT\n  2', line: 4, offset: 43, comments: [{ text: 'two', line: 4 }] }],
      [
        ['DoStmt'],
        { text: 'DO $$ -- no comment of the script\n$$', line: 6, offset: 64, comments: [{ text: 'three', line: 5 }] },
      ],
    ])
    expect(await parseSql('-- nothing\n')).toEqual([])
  })

  it.each([
    ['SELECT 1;\n\nSELEC 2', 3],
    ["-- ü\nSELECT 'open", 2],
  ])('names the line of what is no SQL: %j', async (sql, line) => {
    await expect(parseSql(sql)).rejects.toMatchObject({ code: 'migrate.sql_syntax', details: { line } })
  })
})
