import pg from 'pg'
import { mapPostgresError } from '../errors/map-error.js'
import { keepServerFacts } from '../errors/server-facts.js'
import { IDENTITY_MISSING } from '../schema/roles.js'
import type { PgAdapter } from './adapter-types.js'

/** The adapter's `onError` turns what the driver threw into what Prisma understands, and drops most names on the way. */
interface Converting {
  onError(error: unknown): never
}

/** SQLSTATEs that may mean that there was no identity. */
const ABOUT_IDENTITY: ReadonlySet<string | undefined> = new Set(['42501', IDENTITY_MISSING])

/**
 * Keeps the names, and takes the server's `detail` out, which holds values: Prisma's own errors carry what is converted, for anybody
 * to print.
 */
export function keepingFacts(adapter: PgAdapter): PgAdapter {
  const convert = (adapter as unknown as Converting).onError
  const converting: Converting = {
    onError(error) {
      try {
        return convert.call(adapter, error)
      } catch (converted) {
        const cause = (converted as Error).cause
        if (error instanceof pg.DatabaseError && cause instanceof Object) {
          // Ours in place of Prisma's: it says what was forgotten, and how to mend it.
          const own = ABOUT_IDENTITY.has(error.code) ? mapPostgresError(error) : undefined
          if (own?.code === 'postgres.identity.missing') throw own
          keepServerFacts(cause, error)
          if ('detail' in cause) cause.detail = undefined
        }
        // What it does not know it throws on as it is, a plain error without a code: that of a lost connection, for one.
        throw converted === error ? mapPostgresError(error) : converted
      }
    },
  }
  return Object.assign(adapter, converting)
}

/** What Prisma understands, of what the driver threw. */
export function toPrisma(adapter: PgAdapter, error: unknown): unknown {
  try {
    return (adapter as unknown as Converting).onError(error)
  } catch (converted) {
    return converted
  }
}
