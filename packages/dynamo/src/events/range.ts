import { decodeCursor } from '../items/cursor.js'
import { ID_BYTES, idCeiling, idFloor, idFromHex, idTime, timeOf } from '../items/ids.js'
import { assertOrder, type Order } from '../items/page.js'
import { assertLimit } from '../items/store.js'
import { MAX_TIME_MS } from '../items/time.js'
import type { MadeDays } from './made-days.js'
import { DAY_MS, dayOf, dayStart } from './shards.js'

/** Which events, in which order, how many per page. */
export interface EventRange {
  /** At or after this moment. Default: as far back as events are kept. */
  readonly from?: Date | undefined
  /** Before this moment. Default: no limit; by type, up to a day ahead of this clock, which no event should exceed. */
  readonly to?: Date | undefined
  /** `desc`, the latest first, is the default. */
  readonly order?: Order | undefined
  /** 1 to 1,000; default 50. */
  readonly limit?: number | undefined
  /** The cursor of the page before. */
  readonly cursor?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Events further ahead of the clock are refused, so no search has to look for them. */
export const MAX_AHEAD_MS = DAY_MS

/** A resolved range: between two ids, both included. */
export interface IdRange {
  readonly low: string
  readonly high: string
  readonly order: Order
  readonly limit: number
  /** What a cursor is bound to. */
  readonly binding: readonly unknown[]
  /** No event should be after this moment: by type, no later day is read, and no further shards of any plan. */
  readonly horizonMs: number
}

/** What the bounds of a range depend on. */
export interface RangeModel {
  readonly now: () => number
  readonly retentionMs: number
}

/**
 * @param question the query, such as `['byUser', userId]`; a cursor of another query is refused.
 * @throws {DynamoInputError} for an invalid time, order or limit.
 * @throws {DynamoCursorError} for a cursor of another query.
 */
export function toIdRange(question: readonly unknown[], range: EventRange, model: RangeModel): IdRange {
  const { order = 'desc', limit = 50, cursor } = range
  assertOrder(order)
  const from = range.from && timeOf(range.from, 'from')
  const to = range.to && timeOf(range.to, 'to')
  const now = model.now()
  const fromMs = Math.max(from ?? 0, now - model.retentionMs, 0)
  const toMs = Math.min(to ?? Number.POSITIVE_INFINITY, MAX_TIME_MS + 1)
  // Bound to the caller's arguments, not to what `now` made of them: the next page is requested later.
  const binding = [...question, from ?? null, to ?? null, order]
  let low = idFloor(fromMs)
  let high = toMs > 0 ? idCeiling(toMs - 1) : idFloor(0)
  if (cursor !== undefined) {
    const last = decodeCursor(binding, cursor, ID_BYTES)
    if (order === 'asc') low = later(low, neighbor(last, 1n))
    else high = earlier(high, neighbor(last, -1n))
  }
  return { low, high, order, limit: assertLimit(limit), binding, horizonMs: now + MAX_AHEAD_MS }
}

/**
 * The UTC days of a range, in reading order, each with its own bounds: those up to the horizon, because an open-ended
 * range would never finish, and later days on which this process made ids while its clock was ahead.
 */
export function daysOf(
  range: IdRange,
  madeDays: MadeDays,
): { readonly day: string; readonly low: string; readonly high: string }[] {
  const endMs = idTime(range.high)
  const starts: number[] = []
  const lastMs = Math.min(endMs, range.horizonMs)
  for (let start = dayStart(dayOf(idTime(range.low))); start <= lastMs; start += DAY_MS) starts.push(start)
  const behind = madeDays.after(range.horizonMs).filter((start) => start <= endMs && start + DAY_MS > idTime(range.low))
  const days = [...starts, ...behind].map((start) => ({
    day: dayOf(start),
    low: later(range.low, idFloor(start)),
    high: earlier(range.high, idCeiling(start + DAY_MS - 1)),
  }))
  return range.order === 'asc' ? days : days.reverse()
}

const later = (a: string, b: string): string => (a > b ? a : b)
const earlier = (a: string, b: string): string => (a < b ? a : b)

/** The id next to another among all 128-bit numbers. */
function neighbor(hex: string, step: bigint): string {
  return idFromHex((BigInt(`0x${hex}`) + step).toString(16).padStart(32, '0'))
}
