import { databaseRoles } from '@miyabi/core/database-roles'
import { CallVariable } from '../call-context/call-variable.js'
import type { Pool } from '../pool/pool.js'
import { identitySettings } from '../schema/roles.js'
import { type Identity, identityOf } from './identity.js'

/**
 * Who statements run as, in the forms in which the server is told. All of it ends with the transaction that it is told
 * in.
 */
export interface Scope {
  readonly identity: Identity | 'service'
  /** The server's role. */
  readonly role: string
  /** One statement with parameters, to go in front of another under one Sync. */
  readonly statement: Statement
  /** The same as text, to go behind BEGIN. */
  readonly sql: string
  /** What its pool's server has answered it. */
  readonly answers: Answers
  /** Where its statements go, where that is not the pool that they are asked of. */
  readonly route?: Route
}

/** A statement by which the server is told who asks. */
export interface Statement {
  readonly name: string
  readonly text: string
  readonly values: readonly string[]
}

/** Sends a statement over a pool, its own where none is given, with what the server is to be told there. */
export type SendTo<T> = (pool: Pool | undefined, told: Scope) => Promise<T>

/** Finds a server for each statement. */
export interface Route {
  /** Whose statements they are. */
  readonly asker: Scope
  run<T>(send: SendTo<T>): Promise<T>
}

/** How many statements and commits a server has answered, failures included: whether anything was seen since. */
export interface Answers {
  count: number
  /** Of those, the ones that may have changed something. */
  written: number
}

/**
 * The scope of a person.
 * @throws {PostgresError} `postgres.identity.invalid`
 */
export function scopeOf(given: Identity): Scope {
  const identity = identityOf(given)
  return identity.userId === undefined
    ? personScope(identity, databaseRoles.webUser, identitySettings.webUserId, identity.webUserId)
    : personScope(identity, databaseRoles.user, identitySettings.userId, identity.userId)
}

function personScope(identity: Identity, role: string, setting: string, id: string): Scope {
  return {
    identity,
    role,
    statement: {
      name: role,
      text: `SELECT set_config('role', '${role}', true), set_config('${setting}', $1, true)`,
      values: [id],
    },
    sql: `SET LOCAL ROLE ${role}; SET LOCAL ${setting} = '${id}'`, // a UUID: it needs no quoting
    answers: { count: 0, written: 0 },
  }
}

/** The scope of the service itself: one for all who ask as the service. */
export const serviceScope: Scope = Object.freeze({
  identity: 'service',
  role: databaseRoles.service,
  statement: {
    name: databaseRoles.service,
    text: `SELECT set_config('role', '${databaseRoles.service}', true)`,
    values: [],
  },
  sql: `SET LOCAL ROLE ${databaseRoles.service}`,
  answers: { count: 0, written: 0 },
})

/**
 * Takes the scope from a client's own engine to the adapter below it, through Prisma, which passes nothing of ours on.
 * It is set from the object that was called, around that one call: what context a caller is in, or a promise is awaited
 * in, does not matter.
 */
export class Scopes {
  readonly #variable = new CallVariable<Scope>()

  /** The scope of the client whose call this is; undefined without one. */
  get current(): Scope | undefined {
    return this.#variable.current
  }

  run<T>(scope: Scope | undefined, work: () => T): T {
    return this.#variable.run(scope, work)
  }
}
