import type { Node, TypeName } from '@pgsql/types'
import { copyShape, newShape, type TableShape } from './shape.js'

/**
 * What the schema rules are based on, read from migrations (`schemaOfMigrations`) or from a live database
 * (`schemaOfDatabase`). Every name is `schema.name`.
 */
export interface Schema {
  readonly tables: Map<string, Table>
  readonly policies: Map<string, Policy>
  readonly views: Map<string, View>
  readonly functions: Map<string, SchemaFunction>
  /** Enums and domains. Known from migrations only. */
  readonly types: Map<string, SchemaType>
  /** What PUBLIC may do, by object. */
  readonly publicGrants: Map<string, PublicGrant>
  /** PUBLIC may execute a new function, which is PostgreSQL's default. */
  functionsArePublic: boolean
}

/** The statement of the migration that gave an object its state. Unset for objects read from a database. */
export interface Origin {
  readonly migration: string
  readonly line: number
}

interface Thing {
  readonly name: string
  readonly origin?: Origin | undefined
}

export interface Table extends Thing {
  readonly columns: Set<string>
  /** Row-level security is enabled. */
  rowSecurity: boolean
  /** It applies to the owner, too. */
  isForced: boolean
  /**
   * Unset if migrations do not state it, or if the database's owner is exempt from policies: a superuser, or BYPASSRLS.
   */
  owner?: string | undefined
  /**
   * What each role may do with it, or with some of its columns, in capitals; without those that the owner has anyway.
   */
  readonly grantees: Map<string, ReadonlySet<string>>
  /** The column that each index begins with, by the index's name; including those of constraints. */
  readonly indexes: Map<string, string | undefined>
  /** What decides whether a change reads or rewrites its rows. Known from migrations only. */
  readonly shape: TableShape
}

export interface SchemaType extends Thing {
  readonly kind: 'enum' | 'domain'
  /** A domain that not every value of its base type fits. */
  readonly isConstrained: boolean
  /** The values of an enum, as far as its CREATE TYPE names them. */
  readonly labels?: readonly string[]
  /** The base type of a domain. */
  readonly base?: TypeName | undefined
}

export interface Policy extends Thing {
  readonly table: string
  readonly command: 'all' | 'select' | 'insert' | 'update' | 'delete'
  /** The roles that it applies to: `EVERYBODY` for PUBLIC, `MIGRATOR` for CURRENT_USER. */
  readonly roles: readonly string[]
  /** It allows rows; otherwise it only restricts what others allow. */
  readonly isPermissive: boolean
  readonly using?: Node | undefined
  readonly check?: Node | undefined
}

export interface View extends Thing {
  readonly query: Node | undefined
  readonly isMaterialized?: boolean
  /** It reads its tables as the calling role, so that their policies apply. */
  readonly isInvoker: boolean
}

export interface SchemaFunction extends Thing {
  readonly language: string
  readonly isDefiner: boolean
  /** Its own path; undefined if it has none. */
  readonly searchPath: readonly string[] | undefined
  /** A body that was parsed when the function was created: its names cannot be redirected. */
  readonly isBound: boolean
  /** The source, or the parsed body. */
  readonly body: string | Node | undefined
  readonly isTrigger: boolean
  /** Its declared volatility; PostgreSQL treats an undeclared function as volatile. */
  readonly isVolatile?: boolean
  readonly publicMayExecute: boolean
}

export interface PublicGrant extends Thing {
  readonly kind: 'table' | 'schema' | 'default privileges'
  readonly privileges: readonly string[]
}

/** Names that no role has. */
export const EVERYBODY = 'PUBLIC'
export const MIGRATOR = 'CURRENT_USER'

/** An empty schema. */
export const emptySchema = (): Schema => ({
  tables: new Map(),
  policies: new Map(),
  views: new Map(),
  functions: new Map(),
  types: new Map(),
  publicGrants: new Map(),
  functionsArePublic: true,
})

/** The key of a policy: its name is unique in its table only. */
export const policyKey = (table: string, name: string): string => `${table}/${name}`

/** A table without columns yet. */
export const newTable = (name: string, origin?: Origin): Table => ({
  name,
  origin,
  columns: new Set(),
  rowSecurity: false,
  isForced: false,
  grantees: new Map(),
  indexes: new Map(),
  shape: newShape(),
})

/** A copy that is unaffected by changes of the original. */
export function copySchema(schema: Schema): Schema {
  const tables = [...schema.tables].map(([name, table]) => {
    const copy = {
      ...table,
      columns: new Set(table.columns),
      grantees: new Map(table.grantees),
      indexes: new Map(table.indexes),
      shape: copyShape(table.shape),
    }
    return [name, copy] as const
  })
  return {
    tables: new Map(tables),
    policies: new Map(schema.policies),
    views: new Map(schema.views),
    functions: new Map(schema.functions),
    types: new Map(schema.types),
    publicGrants: new Map(schema.publicGrants),
    functionsArePublic: schema.functionsArePublic,
  }
}
