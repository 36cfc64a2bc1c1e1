import type { ClientCall } from '../../internals/prisma.js'
import type { CompiledQueryStats } from '../../stats.js'

/** Counts how calls were executed. */
export class CallCounts {
  #hits = 0
  #misses = 0
  readonly #byPrisma = new Map<string, { readonly call: string; readonly reason: string; count: number }>()

  /** A call was answered by a plan. */
  hit(): void {
    this.#hits += 1
  }

  /** A call was left to Prisma as the first of its shape. */
  miss(): void {
    this.#misses += 1
  }

  /** A call was left to Prisma. The sets of reasons and of methods are limited. */
  byPrisma({ clientMethod: call }: ClientCall, reason: string): void {
    const key = `${call}\0${reason}`
    const known = this.#byPrisma.get(key)
    if (known) known.count += 1
    else this.#byPrisma.set(key, { call, reason, count: 1 })
  }

  stats(off: string | undefined): CompiledQueryStats {
    const byPrisma = [...this.#byPrisma.values()].sort((one, other) => other.count - one.count)
    return { off, hits: this.#hits, misses: this.#misses, byPrisma: byPrisma.map((counted) => ({ ...counted })) }
  }
}
