import type { Node } from '@pgsql/types'
import { qualifiedName, relationName, textsOf } from '../sql/names.js'
import { asKind, nodesOf } from '../sql/walk.js'
import type { Schema } from './facts.js'

/**
 * Whether an expression or a statement names a column of a table: qualified by the table or its alias, or unqualified
 * if the table is read and has such a column. Scopes of sub-selects are not distinguished: a false use is preferred to
 * a missed one.
 *
 * @param own the table whose columns need no FROM, as in a policy.
 */
export function usesColumn(schema: Schema, tree: unknown, table: string, column: string, own?: string): boolean {
  const aliases = aliasesIn(tree)
  if (own !== undefined) aliases.set(own.replace(/^.*\./, ''), own)
  const isRead = [...aliases.values()].includes(table)
  if (!isRead || !schema.tables.get(table)?.columns.has(column)) return false
  for (const { fields = [] } of nodesOf(tree, 'ColumnRef')) {
    const names = textsOf(fields)
    const isStar = asKind(fields.at(-1), 'A_Star') !== undefined
    const qualifier = names.at(isStar ? -1 : -2)
    if (!isStar && names.at(-1) !== column) continue
    if (qualifier === undefined || aliases.get(qualifier) === table) return true
  }
  return isWritten(tree, table, column)
}

/** What each name of a table in FROM, INTO and the like stands for. */
function aliasesIn(tree: unknown): Map<string, string> {
  const aliases = new Map<string, string>()
  for (const { schemaname, relname = '', alias } of nodesOf(tree, 'RangeVar')) {
    aliases.set(alias?.aliasname ?? relname, qualifiedName([...(schemaname ? [schemaname] : []), relname]))
  }
  for (const { relation } of writesIn(tree)) {
    if (relation) aliases.set(relation.alias?.aliasname ?? relation.relname ?? '', relationName(relation))
  }
  return aliases
}

/** `UPDATE table SET column`, `INSERT INTO table (column)`. */
function isWritten(tree: unknown, table: string, column: string): boolean {
  return [...writesIn(tree)].some(
    ({ relation, columns }) => relationName(relation) === table && columns.some((name) => name === column),
  )
}

function* writesIn(tree: unknown) {
  const named = (targets: readonly Node[] | undefined) =>
    (targets ?? []).flatMap((target) => asKind(target, 'ResTarget')?.name ?? [])
  for (const { relation, targetList } of nodesOf(tree, 'UpdateStmt')) yield { relation, columns: named(targetList) }
  for (const { relation, cols } of nodesOf(tree, 'InsertStmt')) yield { relation, columns: named(cols) }
  for (const { relation } of nodesOf(tree, 'DeleteStmt')) yield { relation, columns: [] }
}
