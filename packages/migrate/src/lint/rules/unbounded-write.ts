import type { DeleteStmt, Node, UpdateStmt } from '@pgsql/types'
import { bodyStatements } from '../../schema/function-body.js'
import { relationName, shortName } from '../../sql/names.js'
import { asKind, nodesOf } from '../../sql/walk.js'
import type { MigrationRule } from '../rule.js'

export const unboundedWrite: MigrationRule = {
  name: 'unbounded-write',
  demand:
    'A migration does not change every row of a table in one statement: that holds a lock on each row until the end, and doubles the table.',
  check: ({ steps, before }) =>
    steps.flatMap(({ statement }) => {
      const tree = runNow(statement.node)
      const written = [
        ...[...nodesOf(tree, 'UpdateStmt')].flatMap((write) => unbounded('UPDATE', write)),
        ...[...nodesOf(tree, 'DeleteStmt')].flatMap((write) => unbounded('DELETE', write)),
        ...[...nodesOf(tree, 'TruncateStmt')].flatMap(({ relations = [] }) =>
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

/** A statement, and what a DO block does besides. */
function runNow(node: Node): unknown {
  const block = asKind(node, 'DoStmt')
  if (!block) return node
  const body = (block.args ?? []).map((each) => asKind(each, 'DefElem')).find((each) => each?.defname === 'as')?.arg
  return bodyStatements({ body: asKind(body, 'String')?.sval, language: 'plpgsql' })
}

function unbounded(verb: string, { relation, whereClause }: UpdateStmt | DeleteStmt) {
  const always = asKind(whereClause, 'A_Const')?.boolval !== undefined
  return whereClause === undefined || always ? [{ verb, table: relationName(relation) }] : []
}
