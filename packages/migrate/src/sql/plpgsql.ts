import type { Node } from '@pgsql/types'
import { parser } from './parser.js'
import { asKind } from './walk.js'

/** Whether a DO block ends the transaction that it runs in. */
export function endsTransaction(node: Node): boolean {
  const tree = asKind(node, 'DoStmt') && parseBody(bodyOf(node))
  return firstOf(tree, 'PLpgSQL_stmt_commit') !== undefined || firstOf(tree, 'PLpgSQL_stmt_rollback') !== undefined
}

/** The text of a DO block. */
export function bodyOf(node: Node): string {
  const options = (asKind(node, 'DoStmt')?.args ?? []).flatMap((option) => asKind(option, 'DefElem') ?? [])
  return asKind(options.find(({ defname }) => defname === 'as')?.arg, 'String')?.sval ?? ''
}

/** The parser's own tree of a PL/pgSQL body; undefined where it cannot be read. */
export function parseBody(body: string): unknown {
  const marks = `$body${body.includes('$body$') ? '0' : ''}$`
  try {
    return parser().parsePlPgSQLSync(`CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS ${marks}${body}${marks}`)
  } catch {
    return undefined
  }
}

/** The value of the first key of this name. */
export function firstOf(tree: unknown, name: string): unknown {
  if (typeof tree !== 'object' || tree === null) return undefined
  for (const [key, value] of Object.entries(tree)) {
    const found = key === name ? value : firstOf(value, name)
    if (found !== undefined) return found
  }
  return undefined
}
