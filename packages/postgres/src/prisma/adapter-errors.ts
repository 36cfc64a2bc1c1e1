import pg from 'pg'
import { toPostgresError } from '../errors/map-error.js'
import { keepServerFacts } from '../errors/server-facts.js'
import { type ConvertError, convertErrorsWith, errorConversion, type PgAdapter } from '../internals/prisma.js'
import { IDENTITY_MISSING } from '../schema/roles.js'

/** SQLSTATEs that may mean a missing identity. */
const ABOUT_IDENTITY: ReadonlySet<string | undefined> = new Set(['42501', IDENTITY_MISSING])

/**
 * Keeps the names, and removes the server's `detail`, which contains values: Prisma's own errors contain the converted
 * error, and anyone may print them.
 */
export function keepingFacts(adapter: PgAdapter): PgAdapter {
  const convert = errorConversion(adapter)
  const convertKeepingFacts: ConvertError = (error) => {
    try {
      return convert(error)
    } catch (converted) {
      const cause = (converted as Error).cause
      if (error instanceof pg.DatabaseError && cause instanceof Object) {
        // Our error instead of Prisma's: it says what was forgotten, and how to fix it.
        const own = ABOUT_IDENTITY.has(error.code) ? toPostgresError(error) : undefined
        if (own?.code === 'postgres.identity.missing') throw own
        keepServerFacts(cause, error)
        if ('detail' in cause) cause.detail = undefined
      }
      // Unknown errors are rethrown unchanged: plain errors without a code, such as that of a lost connection.
      throw converted === error ? toPostgresError(error) : converted
    }
  }
  return convertErrorsWith(adapter, convertKeepingFacts)
}

/** Converts the driver's error into one that Prisma understands. */
export function toPrisma(adapter: PgAdapter, error: unknown): unknown {
  try {
    return errorConversion(adapter)(error)
  } catch (converted) {
    return converted
  }
}
