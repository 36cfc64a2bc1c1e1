import type { Node } from '@pgsql/types'
import type { SqlError } from 'libpg-query'
import { SqlSyntaxError } from '../errors/errors.js'
import { notPlainSql } from './not-plain.js'
import { loadParser } from './parser.js'

/** One statement of a script, as PostgreSQL's own parser (version 18) reads it. */
export interface Statement {
  readonly node: Node
  /** As written, from its first word on and without the semicolon. */
  readonly text: string
  /** The line of its first word, from 1. */
  readonly line: number
  /** The position of its first word in the script, in characters from 0. */
  readonly offset: number
  /** The comments before it and in it, in order. */
  readonly comments: readonly Comment[]
}

/** A comment of a script. */
export interface Comment {
  /** Without its delimiters. */
  readonly text: string
  /** From 1. */
  readonly line: number
}

/**
 * Parses a script.
 * @throws {SqlSyntaxError} `migrate.sql_syntax`, with the line.
 */
export async function parseSql(sql: string): Promise<Statement[]> {
  const foreign = notPlainSql(sql)
  if (foreign) throw new SqlSyntaxError(foreign.problem, foreign.line)
  const { parse, scan, hasSqlDetails } = await loadParser()
  if (sql === '') return [] // which the parser treats as an error
  const { stmts = [] } = await parse(sql).catch((error: unknown) => {
    throw hasSqlDetails(error) ? syntaxError(sql, error) : error
  })
  const bytes = Buffer.from(sql) // the parser counts in bytes
  const [statementAt, commentAt] = [placesIn(bytes), placesIn(bytes)]
  const tokens = stmts.length === 0 ? [] : (await scan(sql)).tokens
  const comments = tokens.filter(({ tokenName }) => tokenName.endsWith('_COMMENT'))
  let previousEnd = 0
  return stmts.map(({ stmt, stmt_location: start = 0, stmt_len: length }) => {
    const end = length === undefined ? bytes.length : start + length
    const own = comments.filter((comment) => comment.start >= previousEnd && comment.start < end)
    previousEnd = end
    return {
      node: stmt as Node,
      text: bytes.subarray(start, end).toString().trim(),
      ...statementAt(start),
      comments: own.map(({ text, start }) => ({ text: bare(text), line: commentAt(start).line })),
    }
  })
}

/** Where the bytes at ascending positions are. Reads the script once, however many statements it has. */
function placesIn(bytes: Buffer): (position: number) => Pick<Statement, 'line' | 'offset'> {
  let read = 0
  let [line, offset] = [1, 0]
  return (position) => {
    const passed = bytes.subarray(read, position).toString()
    read = position
    line += passed.split('\n').length - 1
    offset += passed.length
    return { line, offset }
  }
}

function syntaxError(sql: string, { message, sqlDetails }: SqlError): SqlSyntaxError {
  const line = sql.slice(0, sqlDetails?.cursorPosition).split('\n').length
  return new SqlSyntaxError(message, line)
}

const bare = (comment: string): string => comment.replace(/^--|^\/\*|\*\/$/g, '').trim()
