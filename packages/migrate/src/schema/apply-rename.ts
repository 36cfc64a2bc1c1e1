import type { DropStmt, Node, RenameStmt } from '@pgsql/types'
import { qualifiedName, relationName, textsOf } from '../sql/names.js'
import { asKind, nodesOf } from '../sql/walk.js'
import { functionKeys } from './apply-function.js'
import { policyKey, type Schema } from './facts.js'

/** `DROP ...` of whatever kind. CASCADE takes what hangs on a table along. */
export function applyDrop(schema: Schema, { removeType, objects = [] }: DropStmt): void {
  for (const object of objects) {
    const names = textsOf(asKind(object, 'List')?.items)
    const name = qualifiedName(names)
    if (removeType === 'OBJECT_TABLE') dropTable(schema, name)
    if (removeType === 'OBJECT_VIEW' || removeType === 'OBJECT_MATVIEW') schema.views.delete(name)
    if (removeType === 'OBJECT_INDEX')
      for (const table of schema.tables.values()) table.indexes.delete(names.at(-1) ?? '')
    if (removeType === 'OBJECT_POLICY') {
      schema.policies.delete(policyKey(qualifiedName(names.slice(0, -1)), names.at(-1) ?? ''))
    }
    if (removeType === 'OBJECT_SCHEMA') dropSchema(schema, asKind(object, 'String')?.sval ?? '')
    if (removeType === 'OBJECT_FUNCTION' || removeType === 'OBJECT_PROCEDURE' || removeType === 'OBJECT_ROUTINE') {
      for (const key of functionKeys(schema, asKind(object, 'ObjectWithArgs'))) schema.functions.delete(key)
    }
  }
}

/** `ALTER ... RENAME`: PostgreSQL carries the new name into policies and views, and so does this. */
export function applyRename(schema: Schema, { renameType, relation, subname = '', newname = '' }: RenameStmt): void {
  const name = relationName(relation)
  const table = schema.tables.get(name)
  if (renameType === 'OBJECT_COLUMN' && table) {
    table.columns.delete(subname)
    table.columns.add(newname)
    for (const [index, column] of table.indexes) if (column === subname) table.indexes.set(index, newname)
    for (const [key, policy] of schema.policies) {
      if (policy.table !== name) continue
      const renamed = (expression: Node | undefined) => withRenamedColumn(expression, subname, newname)
      schema.policies.set(key, { ...policy, using: renamed(policy.using), check: renamed(policy.check) })
    }
  }
  if (renameType === 'OBJECT_TABLE' && table) {
    const next = `${name.split('.')[0]}.${newname}`
    schema.tables.delete(name)
    schema.tables.set(next, { ...table, name: next })
    for (const [key, policy] of schema.policies) {
      if (policy.table !== name) continue
      schema.policies.delete(key)
      schema.policies.set(policyKey(next, policy.name), { ...policy, table: next })
    }
  }
}

function withRenamedColumn(expression: Node | undefined, from: string, to: string): Node | undefined {
  const copy = structuredClone(expression)
  for (const { fields = [] } of nodesOf(copy, 'ColumnRef')) {
    const last = asKind(fields.at(-1), 'String')
    if (last?.sval === from) last.sval = to
  }
  return copy
}

function dropTable(schema: Schema, name: string): void {
  schema.tables.delete(name)
  schema.publicGrants.delete(`table ${name}`)
  for (const [key, policy] of schema.policies) if (policy.table === name) schema.policies.delete(key)
}

function dropSchema(schema: Schema, dropped: string): void {
  for (const name of schema.tables.keys()) if (name.startsWith(`${dropped}.`)) dropTable(schema, name)
  for (const things of [schema.views, schema.functions]) {
    for (const name of things.keys()) if (name.startsWith(`${dropped}.`)) things.delete(name)
  }
}
