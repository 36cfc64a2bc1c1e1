import { relationName, shortName } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { isInUse } from '../in-use.js'
import type { MigrationRule } from '../rule.js'

/** From SHARE on, no one can write meanwhile (`src/include/storage/lockdefs.h`). */
const SHARE = 5

export const locksTable: MigrationRule = {
  name: 'locks-table',
  demand: 'No table in use is locked as a whole with LOCK TABLE: no one can write to it until the migration has ended.',
  check: (migration) =>
    migration.steps.flatMap((step) => {
      const lock = asKind(step.node, 'LockStmt')
      if (!lock || (lock.mode ?? 0) < SHARE) return []
      const tables = (lock.relations ?? []).map((each) => relationName(asKind(each, 'RangeVar')))
      return tables
        .filter((table) => isInUse(migration, step, table))
        .map((table) => ({
          statement: step.statement,
          problem: `no one can write to ${shortName(table)} until the migration has ended`,
          remedy:
            'omit it: each statement takes the lock that it needs; to block others from rows, lock those (SELECT ... FOR UPDATE)',
        }))
    }),
}
