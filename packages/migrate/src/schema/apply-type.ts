import type { AlterDomainStmt, Constraint, CreateDomainStmt, CreateEnumStmt } from '@pgsql/types'
import { qualifiedName, textsOf } from '../sql/names.js'
import { asKind } from '../sql/walk.js'
import type { Origin, Schema } from './facts.js'

/** `CREATE TYPE ... AS ENUM`. */
export function applyCreateEnum(schema: Schema, { typeName, vals }: CreateEnumStmt, origin: Origin): void {
  const name = qualifiedName(textsOf(typeName))
  schema.types.set(name, { name, origin, kind: 'enum', isConstrained: false, labels: textsOf(vals) })
}

/** `CREATE DOMAIN`. */
export function applyCreateDomain(schema: Schema, statement: CreateDomainStmt, origin: Origin): void {
  const { domainname, constraints = [], typeName: base } = statement
  const name = qualifiedName(textsOf(domainname))
  const isConstrained = constraints.some((each) => narrows(asKind(each, 'Constraint')))
  schema.types.set(name, { name, origin, kind: 'domain', isConstrained, base })
}

/**
 * `ALTER DOMAIN ... ADD CONSTRAINT`, `SET NOT NULL`. Dropping one constraint may leave others, so that it stays
 * constrained.
 */
export function applyAlterDomain(schema: Schema, { subtype, typeName, def }: AlterDomainStmt): void {
  const type = schema.types.get(qualifiedName(textsOf(typeName)))
  if (!type) return
  const isNarrower = subtype === 'O' || (subtype === 'C' && narrows(asKind(def, 'Constraint')))
  if (isNarrower) schema.types.set(type.name, { ...type, isConstrained: true })
}

const narrows = (constraint: Constraint | undefined): boolean =>
  constraint?.contype === 'CONSTR_CHECK' || constraint?.contype === 'CONSTR_NOTNULL'
