import type { Node } from '@pgsql/types'
import type { Schema } from '../../schema/facts.js'
import { isConcurrentIndex } from '../../script/classify.js'
import { relationName, shortName, textsOf } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { isInUse, isOnly, tableOfIndex } from '../in-use.js'
import type { MigrationRule } from '../rule.js'

const ALONE =
  'as the only statement of a separate migration, with `-- @limits lock_timeout=1h statement_timeout=2h` in its first line'

/** PostgreSQL has no CONCURRENTLY for the index of a whole partitioned table. */
const BY_PARTITION =
  'CREATE INDEX name ON ONLY the partitioned table, which builds nothing; CREATE INDEX CONCURRENTLY on each partition, in migrations of their own; then ALTER INDEX name ATTACH PARTITION each of them'

export const requireConcurrentIndexCreation: MigrationRule = {
  name: 'require-concurrent-index-creation',
  demand: 'An index on a table in use is built CONCURRENTLY: otherwise no one can write to the table until it is done.',
  check: (migration) =>
    migration.steps.flatMap((step) => {
      const index = asKind(step.node, 'IndexStmt')
      const name = relationName(index?.relation)
      if (!index || index.concurrent || !isInUse(migration, step, name)) return []
      const isPartitioned = step.before.tables.get(name)?.shape.isPartitioned === true
      // On the partitioned table alone it only changes the catalog; a materialized view has no writers except REFRESH.
      if ((isPartitioned && isOnly(index.relation)) || step.before.views.has(name)) return []
      return {
        statement: step.statement,
        problem: `no one can write to ${shortName(name)} until the index is built${isPartitioned ? ' on all its partitions' : ''}`,
        remedy: isPartitioned ? BY_PARTITION : `CREATE INDEX CONCURRENTLY ${ALONE}`,
      }
    }),
}

export const requireConcurrentIndexDeletion: MigrationRule = {
  name: 'require-concurrent-index-deletion',
  demand:
    'An index of a table in use is dropped CONCURRENTLY: otherwise it waits for every reader, and all others wait behind it.',
  check: (migration) =>
    migration.steps.flatMap((step) => {
      const drop = asKind(step.node, 'DropStmt')
      if (drop?.removeType !== 'OBJECT_INDEX' || drop.concurrent) return []
      const tables = droppedIndexes(step.node).map((index) => tableOfIndex(step.before, index))
      // The index of a partitioned table can only be dropped this way.
      const isNeeded = tables.some(
        (table) => !table || (!table.shape.isPartitioned && isInUse(migration, step, table.name)),
      )
      if (!isNeeded) return []
      return {
        statement: step.statement,
        problem: 'it waits until no one reads the table, and all others wait behind it',
        remedy: `DROP INDEX CONCURRENTLY ${ALONE}`,
      }
    }),
}

export const requireConcurrentReindex: MigrationRule = {
  name: 'require-concurrent-reindex',
  demand:
    'An index of a table in use is rebuilt CONCURRENTLY: otherwise no one can write to the table meanwhile, and only some queries can read it.',
  check: (migration) =>
    migration.steps.flatMap((step) => {
      const reindex = asKind(step.node, 'ReindexStmt')
      if (!reindex || isConcurrentIndex(step)) return []
      const { kind, relation, name } = reindex
      const table =
        kind === 'REINDEX_OBJECT_INDEX'
          ? tableOfIndex(step.before, relation?.relname ?? '')?.name
          : relationName(relation)
      if (relation && table !== undefined && !isInUse(migration, step, table)) return []
      return {
        statement: step.statement,
        problem: `no one can write to ${relation ? shortName(table ?? 'the table') : (name ?? 'any of its tables')} until its indexes are built`,
        remedy: `REINDEX ... CONCURRENTLY ${ALONE}`,
      }
    }),
}

export const concurrentlyOnPartitioned: MigrationRule = {
  name: 'concurrently-on-partitioned',
  demand: 'CONCURRENTLY is for a table or a partition: PostgreSQL refuses it for the index of a partitioned table.',
  check: (migration) =>
    migration.steps.flatMap((step) => {
      const [table] = concurrentTables(step.node, step.before)
      if (table === undefined || !step.before.tables.get(table)?.shape.isPartitioned) return []
      const isDrop = asKind(step.node, 'DropStmt') !== undefined
      return {
        statement: step.statement,
        problem: `${shortName(table)} is partitioned: PostgreSQL refuses CONCURRENTLY for ${isDrop ? 'dropping' : 'building'} an index on all of it (0A000), and the deployment fails`,
        remedy: isDrop ? 'DROP INDEX without CONCURRENTLY, with a short lock_timeout' : BY_PARTITION,
      }
    }),
}

/** The tables on which a statement makes or drops an index CONCURRENTLY. */
function concurrentTables(node: Node, schema: Schema): string[] {
  const index = asKind(node, 'IndexStmt')
  if (index?.concurrent) return [relationName(index.relation)]
  if (!asKind(node, 'DropStmt')?.concurrent) return []
  return droppedIndexes(node).flatMap((name) => tableOfIndex(schema, name)?.name ?? [])
}

const droppedIndexes = (node: Node): string[] =>
  (asKind(node, 'DropStmt')?.objects ?? []).flatMap((object) => textsOf(asKind(object, 'List')?.items).at(-1) ?? [])
