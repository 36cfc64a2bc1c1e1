/** Random choices, the same ones for the same source. */
export class Choice {
  readonly #random: () => number

  /** @param random at least 0, below 1. */
  constructor(random: () => number) {
    this.#random = random
  }

  /** From 0, below `count`. */
  below(count: number): number {
    return Math.floor(this.#random() * count)
  }

  chance(probability: number): boolean {
    return this.#random() < probability
  }

  of<T>(items: readonly [T, ...T[]] | readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** Some of them, in their order; at least one. */
  some<T>(items: readonly T[], most = items.length): T[] {
    const wanted = 1 + this.below(Math.min(most, items.length))
    const left = [...items]
    while (left.length > wanted) left.splice(this.below(left.length), 1)
    return left
  }
}
