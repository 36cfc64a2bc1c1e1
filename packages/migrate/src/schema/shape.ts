import type { ColumnDef, Node } from '@pgsql/types'

/** What decides whether a change of a table reads or rewrites its rows. */
export interface TableShape {
  /** By name: the type, and the collation if one is named. */
  readonly columns: Map<string, ColumnDef>
  /** Columns that are NOT NULL. */
  readonly required: Set<string>
  /** By name; one without a name has a number. */
  readonly checks: Map<string, Check>
  /** Every index, including partial ones and those of constraints, with all columns that it names. */
  readonly indexes: Map<string, readonly string[]>
  isPartitioned: boolean
  /** The columns that say which partition a row belongs to. */
  partitionKey: readonly string[]
  /** The table whose partition it is. */
  partitionOf: string | undefined
  /** A partition that holds the rows that fit no other. */
  hasDefaultPartition: boolean
}

/** A check of a table. */
export interface Check {
  readonly expression: Node | undefined
  /** Every row is known to meet it. */
  readonly isValid: boolean
}

export const newShape = (): TableShape => ({
  columns: new Map(),
  required: new Set(),
  checks: new Map(),
  indexes: new Map(),
  isPartitioned: false,
  partitionKey: [],
  partitionOf: undefined,
  hasDefaultPartition: false,
})

export const copyShape = (shape: TableShape): TableShape => ({
  columns: new Map(shape.columns),
  required: new Set(shape.required),
  checks: new Map(shape.checks),
  indexes: new Map(shape.indexes),
  isPartitioned: shape.isPartitioned,
  partitionKey: shape.partitionKey,
  partitionOf: shape.partitionOf,
  hasDefaultPartition: shape.hasDefaultPartition,
})
