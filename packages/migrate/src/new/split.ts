import type { Statement } from '../sql/parse.js'
import { asKind } from '../sql/walk.js'
import { type CleanScript, droppedIndexes } from './clean.js'

/** The making of one index on a table that is in use, which has to be a migration of its own. */
export interface IndexMigration {
  /** The index. */
  readonly name: string
  readonly up: string
  readonly down: string
}

/**
 * Takes the indexes on tables that exist already out of a script and its reverse: made as Prisma writes it, an index keeps everybody
 * from writing to its table until it is done.
 */
export function splitIndexes(
  up: CleanScript,
  down: CleanScript,
): { readonly up: CleanScript; readonly down: CleanScript; readonly indexes: readonly IndexMigration[] } {
  const made = new Set(up.statements.flatMap(({ node }) => asKind(node, 'CreateStmt')?.relation?.relname ?? []))
  const indexes: IndexMigration[] = []
  const ofNewTables = up.statements.filter(({ node, text }) => {
    const index = asKind(node, 'IndexStmt')
    if (index?.idxname === undefined || made.has(index.relation?.relname ?? '')) return true
    const back = down.statements.find((statement) => isDropOf(statement, index.idxname))
    if (back === undefined) return true
    indexes.push({
      name: index.idxname,
      up: `${text.replace(/^CREATE (UNIQUE )?INDEX/i, 'CREATE $1INDEX CONCURRENTLY')};`,
      down: back.text,
    })
    return false
  })
  const rest = down.statements.filter((statement) => !indexes.some(({ name }) => isDropOf(statement, name)))
  return { up: { ...up, statements: ofNewTables }, down: { ...down, statements: rest }, indexes }
}

const isDropOf = (statement: Statement, index: string | undefined): boolean =>
  index !== undefined && droppedIndexes(statement).includes(index)
