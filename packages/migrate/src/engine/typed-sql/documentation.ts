import { PrismaError } from '../../errors/prisma-error.js'

/** The description of a parameter in a `-- @param` comment. */
export interface ParameterDocumentation {
  readonly type: string | undefined
  readonly alias: string | undefined
  readonly nullable: boolean
  readonly text: string | null
}

export interface SqlDocumentation {
  /** The leading comment lines that are not about a parameter. */
  readonly text: string | null
  /** By position, from 1. */
  readonly parameters: ReadonlyMap<number, ParameterDocumentation>
}

/** The types a comment may name (https://www.prisma.io/docs/orm/prisma-client/using-raw-sql/typedsql). */
const TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  int: 'int',
  bigint: 'bigint',
  float: 'double',
  double: 'double',
  decimal: 'decimal',
  boolean: 'bool',
  bool: 'bool',
  datetime: 'datetime',
  date: 'date',
  time: 'time',
  json: 'json',
  bytes: 'bytes',
  uuid: 'uuid',
}

const COMMENT = /^\s*--(.*)$/
/** `@param {Int} $1:userId? the user` with the braces, the alias, its question mark and the text each optional. */
const PARAMETER = /^\s*@param\s+(?:\{(\w+)\}\s*)?\$(\d+)(?::(\w+)(\?)?)?\s*(.*)$/

/** Reads the comments at the top of a TypedSQL file. */
export function parseDocumentation(source: string): SqlDocumentation {
  const texts: string[] = []
  const parameters = new Map<number, ParameterDocumentation>()
  for (const line of source.split('\n')) {
    const comment = COMMENT.exec(line)?.[1]
    if (comment === undefined) {
      if (line.trim()) break
      continue
    }
    const parameter = PARAMETER.exec(comment)
    if (parameter) parameters.set(Number(parameter[2]), toParameter(parameter))
    else if (/^\s*@param/.test(comment)) throw unreadable(comment)
    else if (comment.trim()) texts.push(comment.trim())
  }
  return { text: texts.join('\n') || null, parameters }
}

function toParameter([line, type, , alias, optional, text]: RegExpExecArray): ParameterDocumentation {
  const known = type === undefined ? undefined : TYPES[type.toLowerCase()]
  if (type !== undefined && known === undefined) throw unreadable(line)
  return { type: known, alias, nullable: optional !== undefined, text: text || null }
}

function unreadable(comment: string): PrismaError {
  return new PrismaError(
    undefined,
    `SQL documentation parsing: cannot read \`${comment.trim()}\`; expected \`@param {Type} $1:alias? description\``,
  )
}
