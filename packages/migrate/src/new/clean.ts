import { isTransactionControl } from '../script/classify.js'
import { qualifiedName, textsOf } from '../sql/names.js'
import type { Statement } from '../sql/parse.js'
import { asKind, nodesOf } from '../sql/walk.js'

/** What is left of a script that Prisma wrote. */
export interface CleanScript {
  readonly statements: readonly Statement[]
  /** What was omitted and matters to the reader of the script. */
  readonly notes: readonly string[]
}

/**
 * Removes the harmful parts of a Prisma script:
 *
 * - BEGIN and COMMIT around the change of an enum, which would end the transaction of the whole script;
 * - everything it does to a partial index: Prisma treats it as an index on all rows, renames or drops it, and creates
 *   it again and again.
 *
 * @param partialIndexes names of the partial indexes that migrations create.
 */
export function cleanScript(statements: readonly Statement[], partialIndexes: ReadonlySet<string>): CleanScript {
  const notes: string[] = []
  const kept = statements.filter((statement) => {
    if (isTransactionControl(statement)) return false
    const index = indexesOf(statement).find((name) => partialIndexes.has(name))
    if (index === undefined) return true
    notes.push(
      `Omitted, because ${index} is a partial index, which Prisma treats as an index on all rows: ${statement.text.replaceAll(/\s+/g, ' ')};`,
    )
    return false
  })
  return { statements: kept, notes }
}

/** The names of the partial indexes that a script creates. */
export const partialIndexesOf = (statements: readonly Statement[]): string[] =>
  [...nodesOf(statements, 'IndexStmt')].flatMap(({ idxname, whereClause }) => (idxname && whereClause ? [idxname] : []))

/** The indexes that a statement creates, drops, or renames, by both names. */
function indexesOf({ node }: Statement): string[] {
  const rename = asKind(node, 'RenameStmt')
  if (rename?.renameType === 'OBJECT_INDEX') return [rename.relation?.relname ?? '', rename.newname ?? '']
  const index = asKind(node, 'IndexStmt')?.idxname
  return [...(index === undefined ? [] : [index]), ...droppedIndexes({ node })]
}

/** The indexes that a statement drops, without their schemas. */
export function droppedIndexes({ node }: Pick<Statement, 'node'>): string[] {
  const drop = asKind(node, 'DropStmt')
  if (drop?.removeType !== 'OBJECT_INDEX') return []
  return (drop.objects ?? []).flatMap((object) => textsOf(asKind(object, 'List')?.items).at(-1) ?? [])
}

/** The tables and columns that a script drops, as a header comment names them. */
export function droppedBy(statements: readonly Statement[]): string[] {
  return statements.flatMap(({ node }) => {
    const drop = asKind(node, 'DropStmt')
    if (drop?.removeType === 'OBJECT_TABLE') {
      return (drop.objects ?? []).map((object) => plainName(textsOf(asKind(object, 'List')?.items)))
    }
    const alter = asKind(node, 'AlterTableStmt')
    const { schemaname, relname = '' } = alter?.relation ?? {}
    const table = plainName(schemaname === undefined ? [relname] : [schemaname, relname])
    return (alter?.cmds ?? []).flatMap((each) => {
      const command = asKind(each, 'AlterTableCmd')
      return command?.subtype === 'AT_DropColumn' ? [`${table}.${command.name}`] : []
    })
  })
}

const plainName = (parts: readonly string[]): string => qualifiedName(parts).replace(/^public\./, '')
