import type { AlterObjectSchemaStmt, DropStmt, Node, RenameStmt } from '@pgsql/types'
import { qualifiedName, relationName, textsOf } from '../sql/names.js'
import { asKind, nodesOf } from '../sql/walk.js'
import { functionKeys } from './apply-function.js'
import { renameInShape, renameTypeInShape } from './apply-shape.js'
import { policyKey, type Schema, type Table } from './facts.js'

/** `DROP ...` of any kind. CASCADE also removes what depends on a table. */
export function applyDrop(schema: Schema, { removeType, objects = [] }: DropStmt): void {
  for (const object of objects) {
    const names = textsOf(asKind(object, 'List')?.items)
    const name = qualifiedName(names)
    if (removeType === 'OBJECT_TABLE') dropTable(schema, name)
    if (removeType === 'OBJECT_VIEW' || removeType === 'OBJECT_MATVIEW') schema.views.delete(name)
    if (removeType === 'OBJECT_INDEX')
      for (const table of schema.tables.values()) {
        table.indexes.delete(names.at(-1) ?? '')
        table.shape.indexes.delete(names.at(-1) ?? '')
      }
    if (removeType === 'OBJECT_TYPE' || removeType === 'OBJECT_DOMAIN') {
      schema.types.delete(qualifiedName(textsOf(asKind(object, 'TypeName')?.names)))
    }
    if (removeType === 'OBJECT_POLICY') {
      schema.policies.delete(policyKey(qualifiedName(names.slice(0, -1)), names.at(-1) ?? ''))
    }
    if (removeType === 'OBJECT_SCHEMA') dropSchema(schema, asKind(object, 'String')?.sval ?? '')
    if (removeType === 'OBJECT_FUNCTION' || removeType === 'OBJECT_PROCEDURE' || removeType === 'OBJECT_ROUTINE') {
      for (const key of functionKeys(schema, asKind(object, 'ObjectWithArgs'))) schema.functions.delete(key)
    }
  }
}

/** `ALTER ... RENAME`: PostgreSQL applies the new name to policies and views, and so does this. */
export function applyRename(schema: Schema, statement: RenameStmt): void {
  const { renameType, relation, object, subname = '', newname = '' } = statement
  const name = relationName(relation)
  const table = schema.tables.get(name)
  if (renameType === 'OBJECT_COLUMN' && table) {
    table.columns.delete(subname)
    table.columns.add(newname)
    renameInShape(table.shape, subname, newname)
    for (const [index, column] of table.indexes) if (column === subname) table.indexes.set(index, newname)
    for (const [key, policy] of schema.policies) {
      if (policy.table !== name) continue
      const renamed = (expression: Node | undefined) => withRenamedColumn(expression, subname, newname)
      schema.policies.set(key, { ...policy, using: renamed(policy.using), check: renamed(policy.check) })
    }
  }
  if (renameType === 'OBJECT_TABLE' && table) moveTable(schema, table, `${name.split('.')[0]}.${newname}`)
  if (renameType === 'OBJECT_VIEW' || renameType === 'OBJECT_MATVIEW') rename(schema.views, name, newname)
  if (renameType === 'OBJECT_TYPE' || renameType === 'OBJECT_DOMAIN') {
    const type = qualifiedName(textsOf(asKind(object, 'List')?.items))
    rename(schema.types, type, newname)
    for (const { shape } of schema.tables.values()) renameTypeInShape(shape, type, newname)
  }
}

function rename<Thing extends { readonly name: string }>(
  things: Map<string, Thing>,
  name: string,
  newname: string,
): void {
  const thing = things.get(name)
  if (!thing) return
  const next = `${name.split('.')[0]}.${newname}`
  things.delete(name)
  things.set(next, { ...thing, name: next })
}

/** `ALTER TABLE ... SET SCHEMA`. */
export function applySetSchema(schema: Schema, { objectType, relation, newschema }: AlterObjectSchemaStmt): void {
  const table = schema.tables.get(relationName(relation))
  if (objectType === 'OBJECT_TABLE' && table) moveTable(schema, table, `${newschema}.${relation?.relname}`)
}

function moveTable(schema: Schema, table: Table, next: string): void {
  schema.tables.delete(table.name)
  schema.tables.set(next, { ...table, name: next })
  for (const [key, policy] of schema.policies) {
    if (policy.table !== table.name) continue
    schema.policies.delete(key)
    schema.policies.set(policyKey(next, policy.name), { ...policy, table: next })
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
  for (const things of [schema.views, schema.functions, schema.types]) {
    for (const name of things.keys()) if (name.startsWith(`${dropped}.`)) things.delete(name)
  }
}
