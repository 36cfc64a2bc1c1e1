import type { AlterTableCmd, ColumnDef, Constraint, IndexStmt, Node } from '@pgsql/types'
import { qualifiedName, textsOf } from '../sql/names.js'
import { asKind, nodesOf } from '../sql/walk.js'
import type { TableShape } from './shape.js'

/** A column or a constraint that is defined in `CREATE TABLE` or added by `ALTER TABLE`. */
export function addToShape(shape: TableShape, element: Node, table: string): void {
  const column = asKind(element, 'ColumnDef')
  if (column?.colname !== undefined) addColumn(shape, column, column.colname, table)
  const constraint = asKind(element, 'Constraint')
  if (constraint) addConstraint(shape, constraint, textsOf(constraint.keys), table)
}

function addColumn(shape: TableShape, column: ColumnDef, name: string, table: string): void {
  shape.columns.set(name, column)
  if (/serial[248]?$/.test(textsOf(column.typeName?.names).at(-1) ?? '')) shape.required.add(name)
  for (const each of column.constraints ?? []) {
    const constraint = asKind(each, 'Constraint')
    if (constraint) addConstraint(shape, constraint, [name], table)
  }
}

function addConstraint(shape: TableShape, constraint: Constraint, columns: readonly string[], table: string): void {
  const { contype, conname, raw_expr: expression, skip_validation: isSkipped = false, indexname } = constraint
  const named = (ending: string): string => conname ?? `${table.replace(/^.*\./, '')}_${ending}`
  switch (contype) {
    case 'CONSTR_NOTNULL':
    case 'CONSTR_IDENTITY':
      if (!isSkipped) for (const column of columns) shape.required.add(column)
      break
    case 'CONSTR_CHECK':
      shape.checks.set(conname ?? `${table} check ${shape.checks.size}`, { expression, isValid: !isSkipped })
      break
    case 'CONSTR_PRIMARY': {
      const keys = indexname === undefined ? columns : (shape.indexes.get(indexname) ?? [])
      for (const column of keys) shape.required.add(column)
      takeIndex(shape, indexname, conname ?? indexname ?? named('pkey'), keys)
      break
    }
    case 'CONSTR_UNIQUE':
    case 'CONSTR_EXCLUSION':
      takeIndex(shape, indexname, conname ?? indexname ?? named(`${columns.join('_')}_key`), columns)
      break
  }
}

/** A constraint that uses an index gives it its name. */
function takeIndex(shape: TableShape, taken: string | undefined, name: string, columns: readonly string[]): void {
  const own = taken === undefined ? columns : (shape.indexes.get(taken) ?? columns)
  if (taken !== undefined) shape.indexes.delete(taken)
  shape.indexes.set(name, own)
}

export function addIndexToShape(shape: TableShape, statement: IndexStmt): void {
  const { idxname, indexParams = [], indexIncludingParams = [], whereClause } = statement
  const plain = [...indexParams, ...indexIncludingParams].flatMap((each) => asKind(each, 'IndexElem')?.name ?? [])
  const inExpressions = [...nodesOf([indexParams, whereClause], 'ColumnRef')].flatMap(({ fields }) =>
    textsOf(fields).slice(-1),
  )
  shape.indexes.set(idxname ?? `unnamed ${shape.indexes.size}`, [...plain, ...inExpressions])
}

/** One clause of `ALTER TABLE`. */
export function alterShape(shape: TableShape, { subtype, name = '', def }: AlterTableCmd, table: string): void {
  switch (subtype) {
    case 'AT_AddColumn':
    case 'AT_AddConstraint':
      if (def) addToShape(shape, def, table)
      break
    case 'AT_DropColumn':
      shape.columns.delete(name)
      shape.required.delete(name)
      for (const [index, columns] of shape.indexes) if (columns.includes(name)) shape.indexes.delete(index)
      for (const [check, { expression }] of shape.checks) if (names(expression, name)) shape.checks.delete(check)
      break
    case 'AT_AlterColumnType': {
      const column = asKind(def, 'ColumnDef')
      if (column) shape.columns.set(name, column)
      break
    }
    case 'AT_SetNotNull':
    case 'AT_AddIdentity':
      shape.required.add(name)
      break
    case 'AT_DropNotNull':
      shape.required.delete(name)
      break
    case 'AT_DropConstraint':
      shape.checks.delete(name)
      shape.indexes.delete(name)
      break
    case 'AT_ValidateConstraint': {
      const check = shape.checks.get(name)
      if (check) shape.checks.set(name, { ...check, isValid: true })
      break
    }
    case 'AT_AttachPartition':
      if (asKind(def, 'PartitionCmd')?.bound?.is_default) shape.hasDefaultPartition = true
      break
  }
}

/** Renames a column in everything that names it. */
export function renameInShape(shape: TableShape, from: string, to: string): void {
  const column = shape.columns.get(from)
  if (column) shape.columns.set(to, column)
  shape.columns.delete(from)
  if (shape.required.delete(from)) shape.required.add(to)
  for (const [index, columns] of shape.indexes) {
    shape.indexes.set(
      index,
      columns.map((column) => (column === from ? to : column)),
    )
  }
}

/** Renames a type in every column of it. */
export function renameTypeInShape(shape: TableShape, type: string, to: string): void {
  for (const [name, column] of shape.columns) {
    const names = textsOf(column.typeName?.names)
    if (qualifiedName(names) !== type) continue
    const renamed = [...names.slice(0, -1), to].map((sval) => ({ String: { sval } }))
    shape.columns.set(name, { ...column, typeName: { ...column.typeName, names: renamed } })
  }
}

/** Whether an expression names a column. */
export const names = (expression: Node | undefined, column: string): boolean =>
  [...nodesOf(expression, 'ColumnRef')].some(({ fields }) => textsOf(fields).at(-1) === column)
