import type { Node } from '@pgsql/types'
import { relationName, shortName } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { isInUse } from '../in-use.js'
import type { Complaint, MigrationRule } from '../rule.js'
import { tablesOf } from '../touched-tables.js'

/** Clauses of ALTER TABLE that block no one. */
const GENTLE = [
  'AT_ValidateConstraint',
  'AT_SetStatistics',
  'AT_SetOptions',
  'AT_ResetOptions',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
]

/** Other statements that hold a lock on their table until the migration ends, which others have to wait for. */
const LOCKING = [
  'CreateTrigStmt',
  'CreatePolicyStmt',
  'AlterPolicyStmt',
  'RuleStmt',
  'RenameStmt',
  'LockStmt',
  'DropStmt',
  'IndexStmt',
]

export const validatedUnderLock: MigrationRule = {
  name: 'validated-under-lock',
  demand:
    'A constraint is validated before the same migration locks its table for another change, or in a separate migration: a lock is held until the end, and all others wait behind it while every row is read.',
  check(migration) {
    const locked = new Set<string>()
    const complaints: Complaint[] = []
    for (const step of migration.steps) {
      const alter = asKind(step.node, 'AlterTableStmt')
      const kinds = (alter?.cmds ?? []).flatMap((each) => asKind(each, 'AlterTableCmd')?.subtype ?? [])
      const tables = tablesOf(step.node, step.before).filter((table) => isInUse(migration, step, table))
      if (locks(step.node, kinds)) for (const table of tables) locked.add(table)
      const table = relationName(alter?.relation)
      if (!kinds.includes('AT_ValidateConstraint') || !locked.has(table)) continue
      complaints.push({
        statement: step.statement,
        problem: `it reads every row of ${shortName(table)} under a lock that this migration took earlier and holds until its end`,
        remedy: 'run VALIDATE CONSTRAINT in a separate migration, after this one',
      })
    }
    return complaints
  },
}

const locks = (node: Node, kinds: readonly string[]): boolean =>
  kinds.some((kind) => !GENTLE.includes(kind)) || LOCKING.some((kind) => kind in node)
