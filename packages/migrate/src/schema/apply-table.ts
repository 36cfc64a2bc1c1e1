import type {
  AlterTableCmd,
  AlterTableStmt,
  Constraint,
  CreateStmt,
  IndexStmt,
  Node,
  PartitionBoundSpec,
} from '@pgsql/types'
import { relationName, textsOf } from '../sql/names.js'
import { asKind } from '../sql/walk.js'
import { addIndexToShape, addToShape, alterShape } from './apply-shape.js'
import { applyViewOptions } from './apply-view.js'
import { MIGRATOR, newTable, type Origin, type Schema, type Table } from './facts.js'

/** `CREATE TABLE`, including partitions; temporary tables are ignored. */
export function applyCreateTable(schema: Schema, statement: CreateStmt, origin: Origin): void {
  const { relation, tableElts = [], inhRelations = [], partspec, partbound } = statement
  const name = relationName(relation)
  if (relation?.relpersistence === 't' || schema.tables.has(name)) return
  const table = newTable(name, origin)
  table.shape.isPartitioned = partspec !== undefined
  table.shape.partitionKey = (partspec?.partParams ?? []).flatMap((each) => asKind(each, 'PartitionElem')?.name ?? [])
  schema.tables.set(name, table)
  for (const parent of inhRelations) {
    const inherited = schema.tables.get(relationName(asKind(parent, 'RangeVar')))
    for (const column of inherited?.columns ?? []) table.columns.add(column)
    for (const [index, column] of inherited?.indexes ?? []) table.indexes.set(`${name} ${index}`, column)
    if (inherited) inheritShape(table, inherited, partbound)
  }
  for (const element of tableElts) {
    addElement(table, element)
    addToShape(table.shape, element, name)
    const like = asKind(element, 'TableLikeClause')
    if (like) copyLike(table, schema.tables.get(relationName(like.relation)), like.options ?? 0)
  }
}

/** Of `LIKE ... INCLUDING CONSTRAINTS`, in the parser's own numbers (`TableLikeOption`). */
const LIKE_CONSTRAINTS = 4

/** Columns are copied with what makes them required; indexes and policies are not copied. */
function copyLike(table: Table, model: Table | undefined, options: number): void {
  if (!model) return
  for (const column of model.columns) table.columns.add(column)
  for (const [column, definition] of model.shape.columns) table.shape.columns.set(column, definition)
  for (const column of model.shape.required) table.shape.required.add(column)
  if (options & LIKE_CONSTRAINTS) for (const [check, facts] of model.shape.checks) table.shape.checks.set(check, facts)
}

/** `ALTER TABLE`, and `ALTER VIEW ... SET (...)`, which is the same to the parser. */
export function applyAlterTable(schema: Schema, { relation, cmds = [] }: AlterTableStmt, origin: Origin): void {
  const name = relationName(relation)
  const commands = cmds.flatMap((command) => asKind(command, 'AlterTableCmd') ?? [])
  const table = schema.tables.get(name)
  for (const { subtype, def } of commands) {
    const partition = schema.tables.get(relationName(asKind(def, 'PartitionCmd')?.name))
    if (partition && subtype === 'AT_AttachPartition') partition.shape.partitionOf = name
    if (partition && subtype === 'AT_DetachPartition') partition.shape.partitionOf = undefined
  }
  if (table) for (const command of commands) alterTable(table, command)
  else applyViewOptions(schema, name, commands, origin)
}

/** `CREATE INDEX`; a partial index does not count for rows outside its condition. */
export function applyCreateIndex(schema: Schema, statement: IndexStmt): void {
  const { relation, idxname, indexParams = [], whereClause } = statement
  const table = schema.tables.get(relationName(relation))
  if (table) addIndexToShape(table.shape, statement)
  if (whereClause) return
  const column = asKind(indexParams[0], 'IndexElem')?.name
  table?.indexes.set(idxname ?? `unnamed ${table.indexes.size}`, column)
}

function alterTable(table: Table, command: AlterTableCmd): void {
  const { subtype, name = '', def, newowner } = command
  alterShape(table.shape, command, table.name)
  switch (subtype) {
    case 'AT_AddColumn':
    case 'AT_AddConstraint':
      if (def) addElement(table, def)
      break
    case 'AT_DropColumn':
      table.columns.delete(name)
      for (const [index, column] of table.indexes) if (column === name) table.indexes.delete(index)
      break
    case 'AT_DropConstraint':
      table.indexes.delete(name)
      break
    case 'AT_EnableRowSecurity':
      table.rowSecurity = true
      break
    case 'AT_DisableRowSecurity':
      table.rowSecurity = false
      break
    case 'AT_ForceRowSecurity':
      table.isForced = true
      break
    case 'AT_NoForceRowSecurity':
      table.isForced = false
      break
    case 'AT_ChangeOwner':
      table.owner = newowner && (newowner.rolename ?? MIGRATOR)
      break
  }
}

/** A child has the columns of its parent, and the checks and indexes. */
function inheritShape({ shape, name }: Table, parent: Table, bound: PartitionBoundSpec | undefined): void {
  for (const [column, definition] of parent.shape.columns) shape.columns.set(column, definition)
  for (const column of parent.shape.required) shape.required.add(column)
  for (const [check, facts] of parent.shape.checks) shape.checks.set(check, facts)
  for (const [index, columns] of parent.shape.indexes) shape.indexes.set(`${name} ${index}`, columns)
  if (bound) shape.partitionOf = parent.name
  if (bound?.is_default) parent.shape.hasDefaultPartition = true
}

/** A column or a constraint, of a new table or an old one. */
function addElement(table: Table, element: Node): void {
  const column = asKind(element, 'ColumnDef')
  if (column?.colname !== undefined) {
    table.columns.add(column.colname)
    for (const each of column.constraints ?? []) addKey(table, asKind(each, 'Constraint'), column.colname)
  }
  const constraint = asKind(element, 'Constraint')
  addKey(table, constraint, textsOf(constraint?.keys)[0])
}

/** Primary and unique keys have indexes, named as the constraint or as PostgreSQL would name it. */
function addKey(table: Table, constraint: Constraint | undefined, column: string | undefined): void {
  const bare = table.name.replace(/^.*\./, '')
  const keys = textsOf(constraint?.keys)
  const named = (ending: string): string => constraint?.conname ?? `${bare}${ending}`
  if (constraint?.contype === 'CONSTR_PRIMARY') table.indexes.set(named('_pkey'), column)
  if (constraint?.contype === 'CONSTR_UNIQUE') {
    table.indexes.set(named(`_${(keys.length > 0 ? keys : [column]).join('_')}_key`), column)
  }
  if (constraint?.indexname && constraint.contype?.match(/PRIMARY|UNIQUE/)) {
    const taken = table.indexes.get(constraint.indexname) // ADD CONSTRAINT ... USING INDEX renames it
    table.indexes.delete(constraint.indexname)
    table.indexes.set(constraint.conname ?? constraint.indexname, taken)
  }
}
