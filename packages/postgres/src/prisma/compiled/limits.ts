/** So many limits a statement may have in its text: callers who choose their own would use up the statements' names. */
const MAX_LIMITS = 4
const MAX_STATEMENTS = 1000

/** As plans have them. */
const NUMBER = /^\d{1,18}$/

/**
 * Which numbers behind LIMIT and OFFSET stand in the text of a statement. Prisma sends all of them as parameters. The
 * server then takes an unknown limit for a tenth of all rows, and an unknown offset for another one: it finds a plan
 * for all values dearer than one for these, and plans each execution anew.
 */
export class Limits {
  readonly #limits = new Map<string, Set<string>>()

  /**
   * Whether a number stands in the text.
   * @param before the text up to it.
   */
  isInText(before: string, value: unknown): value is string {
    if (typeof value !== 'string' || !NUMBER.test(value)) return false
    if (before.endsWith(' OFFSET ')) return value === '0'
    if (!before.endsWith(' LIMIT ')) return false
    const limits = this.#limits.get(before) ?? new Set()
    if (limits.has(value)) return true
    if (limits.size >= MAX_LIMITS || this.#limits.size >= MAX_STATEMENTS) return false
    this.#limits.set(before, limits.add(value))
    return true
  }
}
