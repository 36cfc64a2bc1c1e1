import type { Node } from '@pgsql/types'
import { relationName, shortName } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { isInUse } from '../in-use.js'
import type { LintedMigration, MigrationRule, Step } from '../rule.js'

/** Clauses of ALTER TABLE and ALTER INDEX that copy the whole table or index, in the words of SQL. */
const CLAUSES: Readonly<Record<string, string>> = {
  AT_SetLogged: 'SET LOGGED',
  AT_SetUnLogged: 'SET UNLOGGED',
  AT_SetTableSpace: 'SET TABLESPACE',
  AT_SetAccessMethod: 'SET ACCESS METHOD',
  AT_SetExpression: 'SET EXPRESSION',
}

export const rewritesTable: MigrationRule = {
  name: 'rewrites-table',
  demand:
    'A table in use is not copied as a whole (VACUUM FULL, CLUSTER, SET LOGGED, SET UNLOGGED, SET TABLESPACE, SET ACCESS METHOD, SET EXPRESSION): this blocks all reads and writes.',
  check: (migration) =>
    migration.steps.flatMap((step) => {
      const copies = copiesOf(step.node).filter(({ table }) => isAbout(migration, step, table))
      return copies.map(({ words, table }) => ({
        statement: step.statement,
        problem: `${words} rewrites ${table === undefined ? 'every table that it affects' : `all of ${shortName(table)}`}, and no one can read or write it meanwhile`,
        remedy: remedyOf(words),
      }))
    }),
}

const isAbout = (migration: LintedMigration, step: Step, table: string | undefined): boolean =>
  table === undefined || isInUse(migration, step, table)

/** What a statement copies: a table by its name, or several that it does not name. */
function copiesOf(node: Node): { readonly words: string; readonly table: string | undefined }[] {
  const vacuum = asKind(node, 'VacuumStmt')
  const isFull = (vacuum?.options ?? []).some((each) => asKind(each, 'DefElem')?.defname === 'full')
  if (vacuum && isFull) {
    const tables = (vacuum.rels ?? []).flatMap((each) => asKind(each, 'VacuumRelation')?.relation ?? [])
    const names = tables.length === 0 ? [undefined] : tables.map((table) => relationName(table))
    return names.map((table) => ({ words: 'VACUUM FULL', table }))
  }
  const cluster = asKind(node, 'ClusterStmt')
  if (cluster) return [{ words: 'CLUSTER', table: cluster.relation && relationName(cluster.relation) }]
  if (asKind(node, 'AlterTableMoveAllStmt')) return [{ words: 'SET TABLESPACE', table: undefined }]
  const alter = asKind(node, 'AlterTableStmt')
  return (alter?.cmds ?? []).flatMap((each) => {
    const words = CLAUSES[asKind(each, 'AlterTableCmd')?.subtype ?? '']
    return words === undefined ? [] : [{ words, table: relationName(alter?.relation) }]
  })
}

function remedyOf(words: string): string {
  if (words === 'VACUUM FULL' || words === 'CLUSTER')
    return 'use VACUUM without FULL to make room for new rows; to return space to the disk use pg_repack or pg_squeeze outside migrations'
  if (words === 'SET EXPRESSION')
    return 'add a column with the new expression, read that one, and drop the old one later'
  return 'create a new table as required, fill it in batches with a trigger that keeps it up to date, and swap the names; or do it while the table is not in use, and accept it with @ignore'
}
