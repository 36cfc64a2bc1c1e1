import { DynamoInputError } from '../errors/errors.js'

/** A page of a list in order. */
export interface Page<Item> {
  /**
   * Fewer than `limit` although more are there, where they are large (about 8 MB) or the server is slow: only `cursor`
   * tells.
   */
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
  /** Whether DynamoDB gave fewer than asked for because they are large: an answer holds 1 MB. */
  readonly isCut: boolean
}

/** As many answers of 1 MB are taken for a page; then it ends, however few items it has. */
const MOST_CUTS = 8

/** The share of a call's time after which it gives what it has found, instead of a deadline. */
const SHARE_OF_TIME = 0.8

const LATE = Symbol('late')

/** What a page may cost besides the number of its items. A page that has something ends when it is spent. */
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

  /** Counts an answer. */
  count({ isCut }: Pick<Portion<unknown>, 'isCut'>): void {
    if (isCut) this.#cuts += 1
  }

  /** What `work` gives, unless the time is spent before. */
  async unlessLate<T>(work: Promise<T>): Promise<T | undefined> {
    const first = await Promise.race([work, this.#late])
    if (first !== LATE) return first
    work.catch(() => {}) // it may still fail, and nobody waits for it
    return undefined
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}

/** What was found for a page. */
export interface Found<Item> {
  readonly items: Item[]
  /** False when the budget was spent before everything was seen that was asked for. */
  readonly isWhole: boolean
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
  budget: PageBudget,
  /** Whether there is something for the page already. */
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
    // The first of all is known only when every source shows its own first.
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
 * The first `wanted` items of groups that follow one another in order. After each group that gave nothing, twice as
 * many groups are asked at once, so that a long empty stretch does not cost a round trip for each.
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
