import pg from 'pg'
import { toPostgresError } from '../errors/map-error.js'
import { keepServerFacts } from '../errors/server-facts.js'
import { type ConvertError, convertErrorsWith, errorConversion, type PgAdapter } from '../internals/prisma.js'
import { IDENTITY_MISSING } from '../schema/roles.js'

/** SQLSTATEs that may mean that there was no identity. */
const ABOUT_IDENTITY: ReadonlySet<string | undefined> = new Set(['42501', IDENTITY_MISSING])

/**
 * Keeps the names, and takes the server's `detail` out, which holds values: Prisma's own errors carry what is
 * converted, for anybody to print.
 */
export function keepingFacts(adapter: PgAdapter): PgAdapter {
  const convert = errorConversion(adapter)
  const convertKeepingFacts: ConvertError = (error) => {
    try {
      return convert(error)
    } catch (converted) {
      const cause = (converted as Error).cause
      if (error instanceof pg.DatabaseError && cause instanceof Object) {
        // Ours in place of Prisma's: it says what was forgotten, and how to mend it.
        const own = ABOUT_IDENTITY.has(error.code) ? toPostgresError(error) : undefined
        if (own?.code === 'postgres.identity.missing') throw own
        keepServerFacts(cause, error)
        if ('detail' in cause) cause.detail = undefined
      }
      // What it does not know it throws on as it is, a plain error without a code: that of a lost connection, for one.
      throw converted === error ? toPostgresError(error) : converted
    }
  }
  return convertErrorsWith(adapter, convertKeepingFacts)
}

/** What Prisma understands, of what the driver threw. */
export function toPrisma(adapter: PgAdapter, error: unknown): unknown {
  try {
    return errorConversion(adapter)(error)
  } catch (converted) {
    return converted
  }
}
