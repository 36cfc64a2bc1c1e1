import type { RangeVar } from '@pgsql/types'
import { names } from '../../schema/apply-shape.js'
import type { Table } from '../../schema/facts.js'
import { relationName, shortName } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { alterationsOf, isInUse } from '../in-use.js'
import type { Complaint, LintedMigration, MigrationRule } from '../rule.js'

export const partitionScan: MigrationRule = {
  name: 'partition-scan',
  demand:
    'A table that becomes a partition has a valid check that its rows belong there and the indexes of the whole table, and there is no default partition: otherwise every row is read, or an index built, which blocks all reads and writes.',
  check: (migration) => [...attached(migration), ...created(migration)],
}

export const requireConcurrentPartitionDetach: MigrationRule = {
  name: 'require-concurrent-partition-detach',
  demand:
    'A partition is detached CONCURRENTLY: otherwise it waits for every reader of the whole table, and all others wait behind it.',
  check: (migration) =>
    alterationsOf(migration, 'AT_DetachPartition').flatMap(({ step, name, table, command }) => {
      // PostgreSQL has no CONCURRENTLY if there is a default partition.
      if (asKind(command.def, 'PartitionCmd')?.concurrent || table?.shape.hasDefaultPartition) return []
      return {
        statement: step.statement,
        problem: `it waits until no one reads ${shortName(name)}, and all others wait behind it`,
        remedy:
          'use DETACH PARTITION ... CONCURRENTLY as the only statement of a separate migration, with `-- @limits lock_timeout=1h statement_timeout=2h` in its first line',
      }
    }),
}

const attached = (migration: LintedMigration): Complaint[] =>
  alterationsOf(migration, 'AT_AttachPartition').flatMap(({ step, name, table, command }) => {
    const added = relationName(asKind(command.def, 'PartitionCmd')?.name as RangeVar | undefined)
    const problems = table?.shape.hasDefaultPartition
      ? [`every row of the default partition of ${shortName(name)}`]
      : []
    if (isInUse(migration, step, added)) {
      const partition = step.before.tables.get(added)
      if (!isProven(table, partition))
        problems.push(`every row of ${shortName(added)}, because no valid check proves that they belong there,`)
      else if (!hasIndexes(table, partition)) problems.push(`every row of ${shortName(added)}, for a missing index,`)
    }
    if (problems.length === 0) return []
    return {
      statement: step.statement,
      problem: `it reads ${problems.join(' and ')} and no one can read or write meanwhile`,
      remedy:
        'first: ADD CONSTRAINT ... CHECK (the bounds, and the key IS NOT NULL) NOT VALID on it, VALIDATE it in a separate migration, and CREATE INDEX CONCURRENTLY for each index of the whole table; the check can be dropped afterwards',
    }
  })

/** A new partition claims rows that the default one may already hold. */
const created = (migration: LintedMigration): Complaint[] =>
  migration.steps.flatMap((step) => {
    const create = asKind(step.node, 'CreateStmt')
    if (!create?.partbound || create.partbound.is_default) return []
    const parent = relationName(asKind(create.inhRelations?.[0], 'RangeVar'))
    const isScanned = step.before.tables.get(parent)?.shape.hasDefaultPartition && isInUse(migration, step, parent)
    if (!isScanned) return []
    return {
      statement: step.statement,
      problem: `it reads every row of the default partition of ${shortName(parent)}, and no one can read or write ${shortName(parent)} meanwhile`,
      remedy:
        'omit the default partition; or first ADD CONSTRAINT ... CHECK (not the new bounds) NOT VALID on the default one, and VALIDATE it in a separate migration',
    }
  })

function isProven(whole: Table | undefined, partition: Table | undefined): boolean {
  const key = whole?.shape.partitionKey ?? []
  const checks = [...(partition?.shape.checks.values() ?? [])]
  return (
    key.length > 0 &&
    checks.some(({ expression, isValid }) => isValid && key.every((column) => names(expression, column)))
  )
}

function hasIndexes(whole: Table | undefined, partition: Table | undefined): boolean {
  const own = [...(partition?.shape.indexes.values() ?? [])].map((columns) => columns.join())
  return [...(whole?.shape.indexes.values() ?? [])].every((columns) => own.includes(columns.join()))
}
