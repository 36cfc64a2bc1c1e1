import type { Leaf } from './call-shape.js'
import type { Plan } from './plan.js'
import type { UniqueShape } from './unique-reads.js'

/** A plan that is ready, or why there is none. */
export type Known = UniqueShape | { readonly compiled?: undefined; readonly reason: string }

/** How many plans a client keeps, as many as Prisma does, and how many shapes that it met once. */
const MAX_PLANS = 1000

interface Entry {
  readonly known: Known
  /** Since it was last looked at whether it may go. */
  wasUsed: boolean
}

/**
 * The plans of a client by the shapes of its calls, and of one shape by the values that are parts of the plan (what to
 * order by, how many to take). Bounded: what was not used for longest goes first.
 */
export class Shapes {
  /** Plans that are being asked for, by the shapes of calls. */
  readonly asked = new Map<string, Promise<Known | undefined>>()
  readonly #entries = new Map<string, Entry>()
  /** Of each shape the leaves whose values are a part of its plan. */
  readonly #parts = new Map<string, readonly number[]>()
  /** Shapes that were met in this tick for the first time, and those that were in an earlier one. */
  readonly #meeting = new Set<string>()
  readonly #met = new Set<string>()

  /**
   * Whether a call is the first of its shape, or comes in the same tick as that. Most of what a process asks only once
   * is worth no plan, and neither is the compiler of plans to a process that asks nothing twice.
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

  /** Whether there is a plan of a call that differs in nothing but values. */
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

  /** @param names of a plan, by which it asks for those leaves that are no part of it; none where there is no plan. */
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
