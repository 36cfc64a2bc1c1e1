/** In the global registry of symbols, so that it is the same in every copy of this file. */
const CONTEXT = Symbol.for('@miyabi/db.shared-context')

/** Lets `database` report which context it stands for, once it does. */
export function standingFor<Database extends object>(database: Database, context: () => object | undefined): Database {
  return Object.defineProperty(database, CONTEXT, { get: context })
}

/**
 * Returns the context that a shared database stands for; the argument itself if it is not shared, or was not used yet.
 */
export function contextOf(database: object): object {
  return (database as { readonly [CONTEXT]?: object })[CONTEXT] ?? database
}
