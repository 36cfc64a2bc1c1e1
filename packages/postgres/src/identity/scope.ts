import { databaseRoles } from '@miyabi/core'
import { CallVariable } from '../call-context/call-variable.js'
import type { Pool } from '../pool/pool.js'
import { identitySettings } from '../schema/roles.js'
import { type Identity, identityOf } from './identity.js'

/**
 * The identity that statements run as, in the forms in which it is sent to the server. It applies until the end of the
 * transaction in which it is sent.
 */
export interface Scope {
  readonly identity: Identity | 'service'
  /** The server's role. */
  readonly role: string
  /** A statement with parameters, sent before another under the same Sync. */
  readonly statement: Statement
  /** The same as text, appended to BEGIN. */
  readonly sql: string
  /** What its pool's server has answered for it. */
  readonly answers: Answers
  /** Set for maintenance around the application: no caller has written what it writes. */
  readonly isMachinery?: true
  /** Where its statements are sent, if not to the pool they are called on. */
  readonly route?: Route
}

/** A statement that sends the identity to the server. */
export interface Statement {
  readonly name: string
  readonly text: string
  readonly values: readonly string[]
}

/** Sends a statement over a pool, by default its own, with the identity for that server. */
export type SendTo<T> = (pool: Pool | undefined, told: Scope) => Promise<T>

/** Chooses a server for each statement. */
export interface Route {
  /** The identity of the statements. */
  readonly asker: Scope
  run<T>(send: SendTo<T>): Promise<T>
}

/**
 * Number of statements and commits that the server has answered, including failures: shows whether anything was
 * observed since.
 */
export interface Answers {
  count: number
  /** Of those, the number that may have changed something. */
  written: number
}

/**
 * Returns the scope of a user.
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
    sql: `SET LOCAL ROLE ${role}; SET LOCAL ${setting} = '${id}'`, // a UUID: needs no quoting
    answers: { count: 0, written: 0 },
  }
}

/** Returns the scope of the service identity: one shared by all callers that act as the service. */
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
 * Carries the scope from a client's own engine to the adapter below it, through Prisma, which passes none of our data
 * on. It is set from the object that was called, around that one call: the context of the caller, or the one a promise
 * is awaited in, does not matter.
 */
export class Scopes {
  readonly #variable = new CallVariable<Scope>()

  /** The scope of the client whose call is running; undefined without one. */
  get current(): Scope | undefined {
    return this.#variable.current
  }

  run<T>(scope: Scope | undefined, work: () => T): T {
    return this.#variable.run(scope, work)
  }
}
