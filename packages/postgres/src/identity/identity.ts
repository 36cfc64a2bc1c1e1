import { PostgresError } from '../errors/errors.js'

/** A signed-in user: of the marketplace (`users.id`), or of the web UI (`web_users.id`). */
export type Identity =
  | { readonly userId: string; readonly webUserId?: never }
  | { readonly webUserId: string; readonly userId?: never }

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Validates an identity before anything is sent. Each id is read once, so that the validated value is the one that is
 * sent. Only the server knows whether the user exists: an id without a user reads and writes nothing.
 * @throws {PostgresError} `postgres.identity.invalid`
 */
export function identityOf(given: Identity): Identity {
  const values: Readonly<Record<string, unknown>> = Object(given)
  const ids = (['userId', 'webUserId'] as const)
    .map((argument) => ({ argument, id: values[argument] }))
    .filter(({ id }) => id !== undefined)
  const [first, second] = ids
  if (first === undefined) throw invalid('no id was given')
  if (second !== undefined) throw invalid('both ids were given')
  const { argument, id } = first
  if (typeof id !== 'string' || !UUID.test(id)) throw invalid(`${argument} is ${problemOf(id)}`, argument)
  return Object.freeze(argument === 'userId' ? { userId: id } : { webUserId: id })
}

/**
 * Identities cannot be changed inside a scope.
 * @throws {PostgresError} `postgres.identity.fixed`, always.
 */
export function refuseIdentity(): never {
  throw new PostgresError('postgres.identity.fixed')
}

/** Describes the value without showing it: a token may have been passed by mistake. */
function problemOf(id: unknown): string {
  if (typeof id !== 'string') return id === null ? 'null' : `of type ${typeof id}`
  return id === '' ? 'empty' : `not a UUID (a string of ${id.length} characters)`
}

function invalid(problem: string, argument?: string): PostgresError<'postgres.identity.invalid'> {
  return new PostgresError(
    'postgres.identity.invalid',
    `as() was given an invalid identity: ${problem}; nothing was sent`,
    {
      details: argument === undefined ? {} : { argument },
    },
  )
}
