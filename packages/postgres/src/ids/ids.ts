import { randomBytes } from 'node:crypto'
import { PostgresError } from '../errors/errors.js'
import { uuid7 } from './uuid7.js'

/** How far the time of an id may be from its row's `created_at`, which the tables by month check, in milliseconds. */
const LEEWAY_MS = 86_400_000

/** What 48 bits hold would go on for longer; a column of instants takes no year beyond. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/**
 * An id for a row that brings a time of its own, such as one that is imported: a UUIDv7 of that time, with random bits.
 * Rows without a time need none: the server makes their ids.
 *
 * ```ts
 * await service.pg.log.createMany({ data: lines.map(({ at, ...line }) => ({ ...line, id: idAt(at), createdAt: at })) })
 * ```
 *
 * @param time of 1970 to 9999; a row's `createdAt`, or up to a day from it.
 * @throws {PostgresError} `postgres.invalid_query` for another, or what is no date.
 */
export function idAt(time: Date): string {
  const bytes = randomBytes(10)
  return uuid7(millisecondsOf(time, 'time'), bytes.readUInt16BE() & 0xfff, bytes.subarray(2))
}

/**
 * The ids that rows of a time can have, for queries of a table by month, which then touch the partitions of that time
 * alone: two for a calendar month. It is a day wider at both ends than the time, so the condition on the time stays:
 *
 * ```ts
 * const december = { gte: new Date('2026-12-01Z'), lt: new Date('2027-01-01Z') }
 * await pg.usageEvent.count({ where: { id: idsBetween(december.gte, december.lt), createdAt: december } })
 * ```
 *
 * @param from the first moment. @param to the moment after the last; before `from`: no row.
 * @throws {PostgresError} `postgres.invalid_query` for a time that is not of 1970 to 9999, or what is no date.
 */
export function idsBetween(from: Date, to: Date): { readonly gte: string; readonly lt: string } {
  return {
    gte: floorOf(Math.max(0, millisecondsOf(from, 'from') - LEEWAY_MS)),
    lt: floorOf(millisecondsOf(to, 'to') + LEEWAY_MS),
  }
}

/** The least UUID of a millisecond, as `id_floor` in the database. */
function floorOf(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

function millisecondsOf(time: Date, argument: string): number {
  const ms = time instanceof Date ? time.getTime() : Number.NaN
  if (ms >= 0 && ms <= LAST_MS) return ms
  throw new PostgresError('postgres.invalid_query', `${argument} is not a Date of the years 1970 to 9999`, {
    details: { argument },
  })
}
