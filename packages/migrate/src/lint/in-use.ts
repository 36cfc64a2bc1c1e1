import type { AlterTableCmd, RangeVar } from '@pgsql/types'
import type { Schema, Table } from '../schema/facts.js'
import { relationName } from '../sql/names.js'
import { asKind } from '../sql/walk.js'
import type { LintedMigration, Step } from './rule.js'

/** Whether a table may be in use meanwhile: it was not created by this migration. An unknown table counts as used. */
export function isInUse({ name: migration }: Pick<LintedMigration, 'name'>, step: Step, table: string): boolean {
  const known = step.before.tables.get(table)
  return known?.origin === undefined ? !step.made.has(table) : known.origin.migration !== migration
}

/** One clause of an `ALTER TABLE` on a table that is in use. */
export interface Alteration {
  readonly step: Step
  /** As `schema.name`. */
  readonly name: string
  /** As far as the migrations show. */
  readonly table: Table | undefined
  readonly command: AlterTableCmd
}

/** Every clause of every `ALTER TABLE` on a table in use, in order. Excludes views, indexes and sequences. */
export function alterations(migration: LintedMigration): Alteration[] {
  return migration.steps.flatMap((step) => {
    const alter = asKind(step.node, 'AlterTableStmt')
    if (alter?.objtype !== 'OBJECT_TABLE' && alter?.objtype !== 'OBJECT_FOREIGN_TABLE') return []
    const name = relationName(alter.relation)
    if (!isInUse(migration, step, name)) return []
    return (alter.cmds ?? []).flatMap((each) => {
      const command = asKind(each, 'AlterTableCmd')
      return command ? [{ step, name, table: step.before.tables.get(name), command }] : []
    })
  })
}

/** Those of one kind. */
export const alterationsOf = (
  migration: LintedMigration,
  ...kinds: readonly AlterTableCmd['subtype'][]
): Alteration[] => alterations(migration).filter(({ command }) => kinds.includes(command.subtype))

/** The table of an index, as far as the migrations show. */
export const tableOfIndex = (schema: Schema, index: string): Table | undefined =>
  [...schema.tables.values()].find(({ shape }) => shape.indexes.has(index))

/** Whether a statement refers to the table alone, without its partitions: `ON ONLY`. */
export const isOnly = (relation: RangeVar | undefined): boolean => relation?.inh !== true
