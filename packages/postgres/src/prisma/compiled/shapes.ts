import type { Leaf } from './call-shape.js'
import type { Plan } from './plan.js'
import type { UniqueShape } from './unique-reads.js'

/** A finished plan, or why there is none. */
export type Known = UniqueShape | { readonly compiled?: undefined; readonly reason: string }

/** How many plans a client keeps, as many as Prisma does, and how many shapes seen once. */
const MAX_PLANS = 1000

interface Entry {
  readonly known: Known
  /** Since the last check for eviction. */
  wasUsed: boolean
}

/**
 * The plans of a client by the shapes of its calls, and for one shape by the values that are part of the plan (the
 * order, the number of rows to take). Bounded: the least recently used is evicted first.
 */
export class Shapes {
  /** Plans being requested, by the shapes of calls. */
  readonly asked = new Map<string, Promise<Known | undefined>>()
  readonly #entries = new Map<string, Entry>()
  /** For each shape, the leaves whose values are part of its plan. */
  readonly #parts = new Map<string, readonly number[]>()
  /** Shapes seen for the first time in this tick, and those seen in an earlier one. */
  readonly #meeting = new Set<string>()
  readonly #met = new Set<string>()

  /**
   * Whether a call is the first of its shape, or in the same tick as the first. Most calls made only once are not worth
   * a plan, nor is loading the plan compiler in a process that repeats no call.
   */
  isFirst(key: string): boolean {
    if (this.#met.has(key) || this.#parts.has(key)) return false
    if (!this.#meeting.has(key)) {
      this.#meeting.add(key)
      process.nextTick(() => {
        this.#meeting.delete(key)
        this.#met.add(key)
        if (this.#met.size > MAX_PLANS) this.#met.delete(this.#met.values().next().value as string)
      })
    }
    return true
  }

  /** Whether there is a plan of a call that differs only in values. */
  has(key: string): boolean {
    return this.#parts.has(key)
  }

  find(key: string, leaves: readonly Leaf[]): Known | undefined {
    const parts = this.#parts.get(key)
    if (parts === undefined) return undefined
    const entry = this.#entries.get(parts.length === 0 ? key : variantOf(key, parts, leaves))
    if (entry === undefined) return undefined
    entry.wasUsed = true
    return entry.known
  }

  /** @param names of a plan, by which it refers to the leaves that are not part of it; none if there is no plan. */
  keep(key: string, leaves: readonly Leaf[], names: Plan['names'] | undefined, known: Known): void {
    const before = this.#parts.get(key)
    const parts = names ? partsOf(names) : (before ?? [])
    if (before && String(before) !== String(parts)) {
      this.#parts.set(key, [])
      this.#entries.set(key, { known: { reason: 'a shape whose calls have different plans' }, wasUsed: false })
      return
    }
    this.#met.delete(key)
    this.#parts.set(key, parts)
    this.#entries.set(parts.length === 0 ? key : variantOf(key, parts, leaves), { known, wasUsed: false })
    while (this.#entries.size > MAX_PLANS) this.#dropOne()
    if (this.#parts.size > MAX_PLANS) this.#parts.delete(this.#parts.keys().next().value as string)
  }

  #dropOne(): void {
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key)
      if (!entry.wasUsed) return
      entry.wasUsed = false
      this.#entries.set(key, entry)
    }
  }
}

function partsOf(names: Plan['names']): number[] {
  return [...names.keys()].filter((index) => names[index] === undefined)
}

function variantOf(key: string, parts: readonly number[], leaves: readonly Leaf[]): string {
  let variant = key
  for (const index of parts) {
    const leaf = leaves[index]
    variant += `\0${typeof leaf === 'object' ? JSON.stringify(leaf) : String(leaf)}`
  }
  return variant
}
