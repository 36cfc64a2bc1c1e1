import type { DeleteStmt, UpdateStmt } from '@pgsql/types'
import { relationName, shortName } from '../../sql/names.js'
import { asKind, nodesOf } from '../../sql/walk.js'
import type { MigrationRule } from '../rule.js'

export const unboundedWrite: MigrationRule = {
  name: 'unbounded-write',
  demand:
    'A migration does not change every row of a table in one statement: that holds a lock on each row until the end, and doubles the table.',
  check: ({ steps, before }) =>
    steps.flatMap(({ statement, node }) => {
      const written = [
        ...[...nodesOf(node, 'UpdateStmt')].flatMap((write) => unbounded('UPDATE', write)),
        ...[...nodesOf(node, 'DeleteStmt')].flatMap((write) => unbounded('DELETE', write)),
        ...[...nodesOf(node, 'TruncateStmt')].flatMap(({ relations = [] }) =>
          relations.map((each) => ({ verb: 'TRUNCATE', table: relationName(asKind(each, 'RangeVar')) })),
        ),
      ]
      return written
        .filter(({ table }) => before.tables.has(table))
        .map(({ verb, table }) => ({
          statement,
          problem: `${verb} reaches every row of ${shortName(table)}: writers wait until all of it is done`,
          remedy: `change the rows in small batches after the migration (docs/MIGRATIONS.md), or say with WHERE which few are meant`,
        }))
    }),
}

function unbounded(verb: string, { relation, whereClause }: UpdateStmt | DeleteStmt) {
  const always = asKind(whereClause, 'A_Const')?.boolval !== undefined
  return whereClause === undefined || always ? [{ verb, table: relationName(relation) }] : []
}
