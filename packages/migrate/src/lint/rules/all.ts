import type { MigrationRule } from '../rule.js'
import { addingFieldWithDefault } from './adding-field-with-default.js'
import { addingNotNullableField } from './adding-not-nullable-field.js'
import { addingRequiredField } from './adding-required-field.js'
import { changingColumnType } from './changing-column-type.js'
import { addingPrimaryKeyConstraint, disallowedUniqueConstraint } from './constraint-builds-index.js'
import { constraintMissingNotValid } from './constraint-missing-not-valid.js'
import { droppedColumnInUse } from './dropped-column-in-use.js'
import { banDropColumn, banDropObject, banDropTable, dropCascade } from './drops.js'
import { enumValueUsed } from './enum-value-used.js'
import {
  concurrentlyOnPartitioned,
  requireConcurrentIndexCreation,
  requireConcurrentIndexDeletion,
  requireConcurrentReindex,
} from './index-concurrently.js'
import { locksTable } from './locks-table.js'
import { historyChanged, migrationLockReleased } from './migration-lock.js'
import { missingTimeouts } from './missing-timeouts.js'
import { notAlone } from './not-alone.js'
import { partitionScan, requireConcurrentPartitionDetach } from './partitions.js'
import { requireConcurrentRefresh } from './refresh-concurrently.js'
import { banDropNotNull, renamingColumn, renamingTable, renamingType } from './renames.js'
import { rewritesTable } from './rewrites-table.js'
import { transactionControl } from './transaction-control.js'
import { triggersDisabled } from './triggers-disabled.js'
import { unboundedWrite } from './unbounded-write.js'
import { validatedUnderLock } from './validated-under-lock.js'

/**
 * Every rule about what a migration does: how it runs, what it rewrites, scans and blocks, what it destroys, what it
 * breaks.
 */
export const migrationRules: readonly MigrationRule[] = [
  transactionControl,
  notAlone,
  enumValueUsed,
  concurrentlyOnPartitioned,
  addingRequiredField,
  missingTimeouts,
  changingColumnType,
  addingFieldWithDefault,
  rewritesTable,
  requireConcurrentIndexCreation,
  requireConcurrentIndexDeletion,
  requireConcurrentReindex,
  requireConcurrentRefresh,
  disallowedUniqueConstraint,
  addingPrimaryKeyConstraint,
  constraintMissingNotValid,
  validatedUnderLock,
  addingNotNullableField,
  partitionScan,
  requireConcurrentPartitionDetach,
  locksTable,
  unboundedWrite,
  banDropTable,
  banDropColumn,
  droppedColumnInUse,
  banDropObject,
  dropCascade,
  historyChanged,
  migrationLockReleased,
  triggersDisabled,
  renamingColumn,
  renamingTable,
  renamingType,
  banDropNotNull,
]
