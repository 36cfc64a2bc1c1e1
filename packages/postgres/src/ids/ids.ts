import { randomBytes } from 'node:crypto'
import { PostgresError } from '../errors/errors.js'
import { uuid7 } from './uuid7.js'

/**
 * The maximum difference between the time in an id and its row's `created_at`, checked by monthly tables, in
 * milliseconds.
 */
const LEEWAY_MS = 86_400_000

/** 48 bits would last longer; a timestamp column accepts no later year. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/**
 * Returns an id for a row with an explicit time, such as an imported one: a UUIDv7 of that time, with random bits.
 * Other rows need no id: the server generates it.
 *
 * ```ts
 * await service.pg.log.createMany({ data: lines.map(({ at, ...line }) => ({ ...line, id: idAt(at), createdAt: at })) })
 * ```
 *
 * @param time in the years 1970 to 9999; a row's `createdAt`, or up to a day from it.
 * @throws {PostgresError} `postgres.invalid_query` for a time out of range or an invalid date.
 */
export function idAt(time: Date): string {
  const bytes = randomBytes(10)
  return uuid7(millisecondsOf(time, 'time'), bytes.readUInt16BE() & 0xfff, bytes.subarray(2))
}

/**
 * Returns the range of ids that rows of a period can have, for queries of a monthly table, which then touch only the
 * partitions of that period: two for a calendar month. The range is a day wider at both ends than the period, so keep
 * the condition on the time:
 *
 * ```ts
 * const december = { gte: new Date('2026-12-01Z'), lt: new Date('2027-01-01Z') }
 * await pg.usageEvent.count({ where: { id: idsBetween(december.gte, december.lt), createdAt: december } })
 * ```
 *
 * @param from the first moment. @param to the moment after the last; if before `from`, no row matches.
 * @throws {PostgresError} `postgres.invalid_query` for a time outside the years 1970 to 9999 or an invalid date.
 */
export function idsBetween(from: Date, to: Date): { readonly gte: string; readonly lt: string } {
  return {
    gte: floorOf(Math.max(0, millisecondsOf(from, 'from') - LEEWAY_MS)),
    lt: floorOf(millisecondsOf(to, 'to') + LEEWAY_MS),
  }
}

/** Returns the least UUID of a millisecond, like `id_floor` in the database. */
function floorOf(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

function millisecondsOf(time: Date, argument: string): number {
  const ms = time instanceof Date ? time.getTime() : Number.NaN
  if (ms >= 0 && ms <= LAST_MS) return ms
  throw new PostgresError('postgres.invalid_query', `${argument} is not a Date in the years 1970 to 9999`, {
    details: { argument },
  })
}
