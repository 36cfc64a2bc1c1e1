import type { Node, RangeVar } from '@pgsql/types'
import type { Schema } from '../../schema/facts.js'
import { relationName, shortName } from '../../sql/names.js'
import { asKind, type Kinds, nodesOf } from '../../sql/walk.js'
import { isAlwaysTrue } from '../always-true.js'
import { isInUse } from '../in-use.js'
import type { MigrationRule } from '../rule.js'

/** Definitions that are run later. */
const LATER: readonly Kinds[] = ['CreateFunctionStmt', 'RuleStmt', 'ViewStmt']

export const unboundedWrite: MigrationRule = {
  name: 'unbounded-write',
  demand:
    'A migration does not change every row of a table in one statement: this holds a lock on each row until the end, and doubles the size of the table.',
  check: (migration) =>
    migration.steps.flatMap((step) =>
      writesOf(step.node, step.before)
        .filter(({ table }) => isInUse(migration, step, table))
        .map(({ verb, table }) => ({
          statement: step.statement,
          problem: `${verb} affects every row of ${shortName(table)}: writers wait until all of it is done`,
          remedy: `change the rows in small batches after the migration (docs/MIGRATIONS.md), or limit it to a few rows with WHERE`,
        })),
    ),
}

interface Write {
  readonly verb: string
  readonly table: string
}

/** Everything in a statement that affects all rows of a table. */
function writesOf(node: Node, schema: Schema): Write[] {
  if (LATER.some((kind) => kind in node)) return []
  const unbounded = (verb: string, relation: RangeVar | undefined, where: Node | undefined): Write[] => {
    const table = relationName(relation)
    return isAlwaysTrue(where, schema.tables.get(table)) ? [{ verb, table }] : []
  }
  const every = <Kind extends Kinds>(kind: Kind) => [...nodesOf(node, kind, LATER)]
  return [
    ...every('UpdateStmt').flatMap(({ relation, whereClause }) => unbounded('UPDATE', relation, whereClause)),
    ...every('DeleteStmt').flatMap(({ relation, whereClause }) => unbounded('DELETE', relation, whereClause)),
    ...every('TruncateStmt').flatMap(({ relations = [] }) =>
      relations.map((each) => ({ verb: 'TRUNCATE', table: relationName(asKind(each, 'RangeVar')) })),
    ),
    ...every('MergeStmt').flatMap(({ relation, sourceRelation, mergeWhenClauses = [] }) => {
      const isChange = mergeWhenClauses.some((each) => {
        const { commandType, condition } = asKind(each, 'MergeWhenClause') ?? {}
        return (commandType === 'CMD_UPDATE' || commandType === 'CMD_DELETE') && isAlwaysTrue(condition, undefined)
      })
      return isChange && isWhole(sourceRelation) ? [{ verb: 'MERGE', table: relationName(relation) }] : []
    }),
    ...every('InsertStmt').flatMap(({ relation, selectStmt, onConflictClause }) => {
      const isChange =
        onConflictClause?.action === 'ONCONFLICT_UPDATE' && isAlwaysTrue(onConflictClause.whereClause, undefined)
      return isChange && isWhole(selectStmt)
        ? [{ verb: 'INSERT ... ON CONFLICT DO UPDATE', table: relationName(relation) }]
        : []
    }),
    ...every('SelectStmt').flatMap(({ lockingClause = [], fromClause = [], whereClause, limitCount }) => {
      const isLocking = lockingClause.some((each) => /UPDATE$/.test(asKind(each, 'LockingClause')?.strength ?? ''))
      if (!isLocking || limitCount) return []
      return fromClause.flatMap((each) => {
        const table = asKind(each, 'RangeVar')
        return table ? unbounded('SELECT ... FOR UPDATE', table, whereClause) : []
      })
    }),
  ]
}

/** Whether rows come from a whole table: neither from VALUES, nor from a query that selects some. */
function isWhole(source: Node | undefined): boolean {
  if (asKind(source, 'RangeVar')) return true
  const sub = asKind(source, 'RangeSubselect')
  if (sub) return isWhole(sub.subquery)
  const select = asKind(source, 'SelectStmt')
  if (!select || select.valuesLists || select.limitCount || !select.fromClause) return false
  return isAlwaysTrue(select.whereClause, undefined)
}
