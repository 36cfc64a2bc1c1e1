import type { AlterDefaultPrivilegesStmt, GrantStmt, Node } from '@pgsql/types'
import { relationName, textsOf } from '../sql/names.js'
import { asKind } from '../sql/walk.js'
import { functionKeys } from './apply-function.js'
import type { Origin, Schema, Table } from './facts.js'

/** `GRANT` and `REVOKE`: of tables, and those that concern PUBLIC. */
export function applyGrant(schema: Schema, grant: GrantStmt, origin: Origin): void {
  if (grant.objtype === 'OBJECT_TABLE') applyTableGrant(schema, grant)
  if (!concernsPublic(grant)) return
  const { objtype, objects = [], targtype, is_grant = false } = grant
  if (objtype === 'OBJECT_FUNCTION' || objtype === 'OBJECT_PROCEDURE' || objtype === 'OBJECT_ROUTINE') {
    for (const key of targetFunctions(schema, grant)) {
      const found = schema.functions.get(key)
      if (found) schema.functions.set(key, { ...found, publicMayExecute: is_grant })
    }
    return
  }
  const kind = objtype === 'OBJECT_SCHEMA' ? 'schema' : 'table'
  if (objtype !== 'OBJECT_TABLE' && objtype !== 'OBJECT_SEQUENCE' && kind !== 'schema') return
  const wholeSchema = targtype === 'ACL_TARGET_ALL_IN_SCHEMA'
  for (const object of objects) {
    const text = asKind(object, 'String')?.sval
    const name = wholeSchema ? `${text}.*` : (text ?? relationName(asKind(object, 'RangeVar')))
    const key = `${kind} ${name}`
    const before = schema.publicGrants.get(key)
    const named = privilegesOf(grant)
    if (is_grant) {
      const privileges = [...new Set([...(before?.privileges ?? []), ...named])]
      schema.publicGrants.set(key, { name, kind, privileges, origin })
    } else if (before) {
      const left = before.privileges.filter((privilege) => !named.includes('ALL') && !named.includes(privilege))
      if (left.length > 0) schema.publicGrants.set(key, { ...before, privileges: left })
      else schema.publicGrants.delete(key)
    }
  }
}

function applyTableGrant({ tables }: Schema, grant: GrantStmt): void {
  const { objects = [], targtype, is_grant = false, grantees = [] } = grant
  const places = objects.map((object) => asKind(object, 'String')?.sval ?? relationName(asKind(object, 'RangeVar')))
  const isMeant = ({ name }: Table): boolean =>
    targtype === 'ACL_TARGET_ALL_IN_SCHEMA' ? places.includes(name.split('.')[0] ?? '') : places.includes(name)
  const named = privilegesOf(grant)
  const roles = grantees.flatMap((each) => asKind(each, 'RoleSpec')?.rolename ?? [])
  for (const table of tables.values()) {
    if (!isMeant(table)) continue
    for (const role of roles) {
      const held = table.grantees.get(role) ?? new Set()
      const next = is_grant
        ? new Set([...held, ...named])
        : new Set([...held].filter((privilege) => !named.includes('ALL') && !named.includes(privilege)))
      table.grantees.set(role, next)
    }
  }
}

/** `ALTER DEFAULT PRIVILEGES`: what PUBLIC may do with future objects. */
export function applyDefaultPrivileges(schema: Schema, statement: AlterDefaultPrivilegesStmt, origin: Origin): void {
  const { action } = statement
  if (!action || !concernsPublic(action)) return
  const { objtype, is_grant = false } = action
  const name = 'default privileges'
  if (objtype === 'OBJECT_FUNCTION') schema.functionsArePublic = is_grant
  else if (is_grant) {
    schema.publicGrants.set(`${name} ${objtype}`, { name, kind: name, privileges: privilegesOf(action), origin })
  } else schema.publicGrants.delete(`${name} ${objtype}`)
}

function targetFunctions(schema: Schema, { targtype, objects = [] }: GrantStmt): string[] {
  if (targtype === 'ACL_TARGET_ALL_IN_SCHEMA') {
    const schemas = textsOf(objects)
    return [...schema.functions].flatMap(([key, { name }]) => (schemas.includes(name.split('.')[0] ?? '') ? [key] : []))
  }
  return objects.flatMap((object) => functionKeys(schema, asKind(object, 'ObjectWithArgs')))
}

const concernsPublic = ({ grantees = [] }: { grantees?: Node[] }): boolean =>
  grantees.some((grantee) => asKind(grantee, 'RoleSpec')?.roletype === 'ROLESPEC_PUBLIC')

/** In capitals; without a list it is all of them. */
function privilegesOf({ privileges = [] }: GrantStmt): string[] {
  if (privileges.length === 0) return ['ALL']
  return privileges.flatMap((each) => asKind(each, 'AccessPriv')?.priv_name?.toUpperCase() ?? [])
}
