import { DynamoInputError } from '../errors/errors.js'

/** A page of a list in order. */
export interface Page<Item> {
  readonly items: Item[]
  /** Hand it to the same query for the next page. Undefined on the last one. */
  readonly cursor?: string
}

export type Order = 'asc' | 'desc'

/** @throws {DynamoInputError} for any other text. */
export function assertOrder(order: Order): void {
  if (order !== 'asc' && order !== 'desc') throw new DynamoInputError('order', "is neither 'asc' nor 'desc'")
}

/** One partition's share of a page: gives its items in order, a portion at a time. */
export interface Source<Item> {
  /**
   * @param limit how many items are wanted; fewer may come although more are there.
   * @param resume where the portion before ended.
   */
  read(limit: number, resume: string | undefined): Promise<Portion<Item>>
}

interface Portion<Item> {
  readonly items: readonly Item[]
  /** Undefined when there is nothing more. */
  readonly resume?: string | undefined
}

/** At most so many queries at a time for one page. */
const CONCURRENCY = 16

/**
 * Merges sources into the first `wanted` items, in the order of their ids.
 *
 * Each source is asked for its likely share first, and again only when its items are used up.
 */
async function mergeSources<Item extends { readonly id: string }>(
  sources: readonly Source<Item>[],
  order: Order,
  wanted: number,
): Promise<Item[]> {
  const share = Math.min(wanted, Math.ceil((wanted / sources.length) * 1.5) + 2)
  const heads = sources.map((source) => ({
    source,
    items: [] as Item[],
    next: 0,
    resume: undefined as string | undefined,
    isDone: false,
  }))
  const refill = async (head: (typeof heads)[number]): Promise<void> => {
    const portion = await head.source.read(share, head.resume)
    head.items = [...portion.items]
    head.next = 0
    head.resume = portion.resume
    head.isDone = portion.resume === undefined
  }
  const isBefore = (a: string, b: string): boolean => (order === 'asc' ? a < b : a > b)

  const merged: Item[] = []
  while (merged.length < wanted) {
    // The first of all is known only when every source shows its own first.
    for (;;) {
      const empty = heads.filter((head) => head.next >= head.items.length && !head.isDone)
      if (empty.length === 0) break
      await Promise.all(empty.slice(0, CONCURRENCY).map(refill))
    }
    let first: (typeof heads)[number] | undefined
    for (const head of heads) {
      const item = head.items[head.next]
      const best = first?.items[first.next]
      if (item && (!best || isBefore(item.id, best.id))) first = head
    }
    const item = first?.items[first.next]
    if (!first || !item) break
    merged.push(item)
    first.next += 1
  }
  return merged
}

/**
 * The first `wanted` items of groups that follow one another in order. After each group that gave nothing, twice as many groups
 * are asked at once, so that a long empty stretch does not cost a round trip for each.
 *
 * @param groups in reading order: every item of one comes before every item of the next.
 */
export async function readGroups<Item extends { readonly id: string }>(
  groups: readonly (readonly Source<Item>[])[],
  order: Order,
  wanted: number,
): Promise<Item[]> {
  const found: Item[] = []
  let width = 1
  for (let i = 0; i < groups.length && found.length < wanted; ) {
    const sources = groups.slice(i, i + width).flat()
    const items = await mergeSources(sources, order, wanted - found.length)
    found.push(...items)
    i += width
    const perGroup = Math.max(1, sources.length / width)
    width = items.length > 0 ? 1 : Math.min(width * 2, Math.max(1, Math.floor(CONCURRENCY / perGroup)))
  }
  return found
}
