import type { Node, TypeName } from '@pgsql/types'
import { copyShape, newShape, type TableShape } from './shape.js'

/**
 * What the rules about a schema go by, read from migrations (`schemaOfMigrations`) or from a live database
 * (`schemaOfDatabase`). Every name is `schema.name`.
 */
export interface Schema {
  readonly tables: Map<string, Table>
  readonly policies: Map<string, Policy>
  readonly views: Map<string, View>
  readonly functions: Map<string, SchemaFunction>
  /** Enums and domains. Known from migrations only. */
  readonly types: Map<string, SchemaType>
  /** What everybody may do, by object. */
  readonly publicGrants: Map<string, PublicGrant>
  /** Everybody may execute a new function, which is PostgreSQL's default. */
  functionsArePublic: boolean
}

/** Which statement of which migration made a thing what it is. Unset for what was read from a database. */
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
  /** It holds for the owner, too. */
  isForced: boolean
  /**
   * Unset where migrations do not say it, or where the database's owner is bound by no policy: a superuser, or
   * BYPASSRLS.
   */
  owner?: string | undefined
  /**
   * What each role may do with it, or with some of its columns, in capitals; those that the owner has anyway left out.
   */
  readonly grantees: Map<string, ReadonlySet<string>>
  /** The column that each index begins with, by the index's name; those of constraints included. */
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
  /** What a domain narrows. */
  readonly base?: TypeName | undefined
}

export interface Policy extends Thing {
  readonly table: string
  readonly command: 'all' | 'select' | 'insert' | 'update' | 'delete'
  /** Those that it is for: `EVERYBODY` for PUBLIC, `MIGRATOR` for CURRENT_USER. */
  readonly roles: readonly string[]
  /** It lets rows through; else it only narrows what others let through. */
  readonly isPermissive: boolean
  readonly using?: Node | undefined
  readonly check?: Node | undefined
}

export interface View extends Thing {
  readonly query: Node | undefined
  readonly isMaterialized?: boolean
  /** It reads its tables as whoever asks, so that their policies hold. */
  readonly isInvoker: boolean
}

export interface SchemaFunction extends Thing {
  readonly language: string
  readonly isDefiner: boolean
  /** The path of its own; undefined where it has none. */
  readonly searchPath: readonly string[] | undefined
  /** A body that was parsed when the function was made: its names cannot be redirected. */
  readonly isBound: boolean
  /** The source, or the parsed body. */
  readonly body: string | Node | undefined
  readonly isTrigger: boolean
  /** What it was declared to be; PostgreSQL takes one that does not say for volatile. */
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

/** A schema with nothing in it. */
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

/** A copy that changes of the original leave alone. */
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
