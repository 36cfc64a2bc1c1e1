import { decodeCursor, encodeCursor } from '../items/cursor.js'
import { timeOf } from '../items/ids.js'
import { assertOrder, type Order } from '../items/page.js'

/** Which versions, in which order, how many per page. */
export interface HistoryRange {
  /** Saved at or after this moment. */
  readonly from?: Date | undefined
  /** Saved before this moment. */
  readonly to?: Date | undefined
  /** `desc`, the latest first, is the default. */
  readonly order?: Order | undefined
  /** 1 to 1,000; default 50. */
  readonly limit?: number | undefined
  /** The cursor of the page before. */
  readonly cursor?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Versions between two bounds, both included, that were saved between two moments. */
export interface VersionRange {
  readonly low: number
  readonly high: number
  readonly isSavedIn: (updatedAt: number) => boolean
  readonly order: Order
  readonly binding: readonly unknown[]
}

/** A version is at most 2^53 - 1: seven bytes. */
const VERSION_BYTES = 7

/**
 * A version is the moment it was saved in milliseconds, or later if the clock of an earlier one was ahead; never
 * earlier. So the start of a time range is a bound on versions, and so is its end once the furthest that versions were
 * ahead is added.
 *
 * @throws {DynamoInputError} or {DynamoCursorError}
 */
export function toVersionRange(agentId: string, range: HistoryRange, aheadMs: number): VersionRange {
  const { order = 'desc', cursor } = range
  assertOrder(order)
  const from = range.from && timeOf(range.from, 'from')
  const to = range.to && timeOf(range.to, 'to')
  const binding = ['history', agentId, from ?? null, to ?? null, order]
  let low = from ?? 0
  let high = to === undefined ? Number.MAX_SAFE_INTEGER : to - 1 + aheadMs
  if (cursor !== undefined) {
    const last = Number.parseInt(decodeCursor(binding, cursor, VERSION_BYTES), 16)
    if (order === 'asc') low = Math.max(low, last + 1)
    else high = Math.min(high, last - 1)
  }
  const isSavedIn = (updatedAt: number): boolean => updatedAt >= (from ?? 0) && (to === undefined || updatedAt < to)
  return { low, high, isSavedIn, order, binding }
}

/** The cursor after a version. */
export const versionCursor = (range: VersionRange, version: number): string =>
  encodeCursor(range.binding, version.toString(16).padStart(VERSION_BYTES * 2, '0'))
