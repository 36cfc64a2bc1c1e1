import { decodeCursor } from '../items/cursor.js'
import { ID_BYTES, idCeiling, idFloor, idFromHex, idTime, timeOf } from '../items/ids.js'
import { assertOrder, type Order } from '../items/page.js'
import { assertLimit } from '../items/store.js'
import { DAY_MS, dayOf, dayStart } from './shards.js'

/** Which events, in which order, how many at a time. */
export interface EventRange {
  /** From this moment on. Default: as far back as events are kept. */
  readonly from?: Date | undefined
  /** Before this moment. Default: everything, up to five minutes ahead of this clock for machines whose clock is ahead. */
  readonly to?: Date | undefined
  /** `desc`, the latest first, is the default. */
  readonly order?: Order | undefined
  /** 1 to 1,000; default 50. */
  readonly limit?: number | undefined
  /** Of the page before. */
  readonly cursor?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** How far the clock of another machine may be ahead of this one's. */
const CLOCK_SKEW_MS = 5 * 60_000

/** Events further ahead of the clock are refused, so nobody has to look for any. */
export const MAX_AHEAD_MS = DAY_MS

/** A range made definite: between two ids, both included. */
export interface IdRange {
  readonly low: string
  readonly high: string
  readonly order: Order
  readonly limit: number
  /** What a cursor is bound to. */
  readonly binding: readonly unknown[]
}

/**
 * @param question what is asked, such as `['byUser', userId]`; a cursor of another question is refused.
 * @throws {DynamoInputError} for an invalid time, order or limit.
 * @throws {DynamoCursorError} for a cursor of another query.
 */
export function toIdRange(
  question: readonly unknown[],
  range: EventRange,
  model: { readonly now: () => number; readonly retentionMs: number },
): IdRange {
  const { order = 'desc', limit = 50, cursor } = range
  assertOrder(order)
  const from = range.from && timeOf(range.from, 'from')
  const to = range.to && timeOf(range.to, 'to')
  const now = model.now()
  const fromMs = Math.max(from ?? 0, now - model.retentionMs, 0)
  // By type a range is read day by day: one that has no end in sight would be read for ever.
  const toMs = Math.min(to ?? now + CLOCK_SKEW_MS, now + MAX_AHEAD_MS + CLOCK_SKEW_MS)
  // Bound to what the caller said, not to what `now` made of it: the next page is asked for later.
  const binding = [...question, from ?? null, to ?? null, order]
  let low = idFloor(fromMs)
  let high = toMs > 0 ? idCeiling(toMs - 1) : idFloor(0)
  if (cursor !== undefined) {
    const last = decodeCursor(binding, cursor, ID_BYTES)
    if (order === 'asc') low = later(low, neighbour(last, 1n))
    else high = earlier(high, neighbour(last, -1n))
  }
  return { low, high, order, limit: assertLimit(limit), binding }
}

/** The UTC days that a range touches, in reading order, each with its own bounds. */
export function daysOf(range: IdRange): { readonly day: string; readonly low: string; readonly high: string }[] {
  const days: { day: string; low: string; high: string }[] = []
  for (let start = dayStart(dayOf(idTime(range.low))); start <= idTime(range.high); start += DAY_MS) {
    days.push({
      day: dayOf(start),
      low: later(range.low, idFloor(start)),
      high: earlier(range.high, idCeiling(start + DAY_MS - 1)),
    })
  }
  return range.order === 'asc' ? days : days.reverse()
}

const later = (a: string, b: string): string => (a > b ? a : b)
const earlier = (a: string, b: string): string => (a < b ? a : b)

/** The id next to another among all 128-bit numbers. */
function neighbour(hex: string, step: bigint): string {
  return idFromHex((BigInt(`0x${hex}`) + step).toString(16).padStart(32, '0'))
}
