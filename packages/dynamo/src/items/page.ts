import { DynamoInputError } from '../errors/errors.js'

/** A page of an ordered list. */
export interface Page<Item> {
  /**
   * May hold fewer than `limit` although more exist, if they are large (about 8 MB) or the server is slow: only
   * `cursor` shows whether more follow.
   */
  readonly items: Item[]
  /** Pass it to the same query for the next page. Undefined on the last one. */
  readonly cursor?: string
}

export type Order = 'asc' | 'desc'

/** @throws {DynamoInputError} for any other string. */
export function assertOrder(order: Order): void {
  if (order !== 'asc' && order !== 'desc') throw new DynamoInputError('order', "is neither 'asc' nor 'desc'")
}

/** One partition's share of a page: returns its items in order, in portions. */
export interface Source<Item> {
  /**
   * @param limit the number of items wanted; fewer may be returned although more exist.
   * @param resume where the portion before ended.
   */
  read(limit: number, resume: string | undefined): Promise<Portion<Item>>
}

interface Portion<Item> {
  readonly items: readonly Item[]
  /** Undefined when there is nothing more. */
  readonly resume?: string | undefined
  /** Whether DynamoDB returned fewer than requested because they are large: a response holds 1 MB. */
  readonly isCut: boolean
}

/** The most responses of 1 MB that are read for a page; then it ends, however few items it has. */
const MOST_CUTS = 8

/** The share of a call's time after which it returns what it has found, instead of exceeding the deadline. */
const SHARE_OF_TIME = 0.8

const LATE = Symbol('late')

/** The cost limits of a page besides the number of its items. A page that has an item ends when they are spent. */
export class PageBudget implements Disposable {
  #cuts = 0
  #isLate = false
  readonly #timer: NodeJS.Timeout
  readonly #late: Promise<typeof LATE>

  /** @param timeoutMs of the whole call, which has just begun. */
  constructor(timeoutMs: number) {
    let onLate = (): void => {}
    this.#late = new Promise((resolve) => {
      onLate = () => resolve(LATE)
    })
    this.#timer = setTimeout(() => {
      this.#isLate = true
      onLate()
    }, timeoutMs * SHARE_OF_TIME)
  }

  get isSpent(): boolean {
    return this.#isLate || this.#cuts >= MOST_CUTS
  }

  /** Counts a response. */
  count({ isCut }: Pick<Portion<unknown>, 'isCut'>): void {
    if (isCut) this.#cuts += 1
  }

  /** Returns the result of `work`, unless the time is spent before. */
  async unlessLate<T>(work: Promise<T>): Promise<T | undefined> {
    const first = await Promise.race([work, this.#late])
    if (first !== LATE) return first
    work.catch(() => {}) // it may still fail, and nothing waits for it
    return undefined
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}

/** What was found for a page. */
export interface Found<Item> {
  readonly items: Item[]
  /** False when the budget was spent before everything requested was read. */
  readonly isWhole: boolean
}

/** The most concurrent queries for one page. */
const CONCURRENCY = 16

/**
 * Merges sources into the first `wanted` items, in the order of their ids.
 *
 * Each source is first read for its likely share, and again only when its items are used up.
 */
async function mergeSources<Item extends { readonly id: string }>(
  sources: readonly Source<Item>[],
  order: Order,
  wanted: number,
  budget: PageBudget,
  /** Whether the page has an item already. */
  hasFound: boolean,
): Promise<Found<Item>> {
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
    budget.count(portion)
    head.items = [...portion.items]
    head.next = 0
    head.resume = portion.resume
    head.isDone = portion.resume === undefined
  }
  const isBefore = (a: string, b: string): boolean => (order === 'asc' ? a < b : a > b)

  const merged: Item[] = []
  while (merged.length < wanted) {
    // The first of all is known only when every source has returned its first.
    for (;;) {
      const empty = heads.filter((head) => head.next >= head.items.length && !head.isDone)
      if (empty.length === 0) break
      const isEnough = hasFound || merged.length > 0
      if (isEnough && budget.isSpent) return { items: merged, isWhole: false }
      const refilled = Promise.all(empty.slice(0, CONCURRENCY).map(refill))
      const isDone = isEnough ? await budget.unlessLate(refilled) : await refilled
      if (!isDone) return { items: merged, isWhole: false }
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
  return { items: merged, isWhole: true }
}

/**
 * Returns the first `wanted` items of consecutive groups. After each empty group, twice as many groups are read
 * concurrently, so that a long empty stretch does not cost a round trip for each.
 *
 * @param groups in reading order: every item of one comes before every item of the next.
 */
export async function readGroups<Item extends { readonly id: string }>(
  groups: readonly (readonly Source<Item>[])[],
  order: Order,
  wanted: number,
  budget: PageBudget,
): Promise<Found<Item>> {
  const found: Item[] = []
  let width = 1
  for (let i = 0; i < groups.length && found.length < wanted; ) {
    const sources = groups.slice(i, i + width).flat()
    const { items, isWhole } = await mergeSources(sources, order, wanted - found.length, budget, found.length > 0)
    found.push(...items)
    if (!isWhole) return { items: found, isWhole }
    i += width
    const perGroup = Math.max(1, sources.length / width)
    width = items.length > 0 ? 1 : Math.min(width * 2, Math.max(1, Math.floor(CONCURRENCY / perGroup)))
  }
  return { items: found, isWhole: true }
}
