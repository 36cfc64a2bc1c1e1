import { createHash } from 'node:crypto'

/**
 * A server keeps every named statement of a connection in memory until the connection ends, so the names must not grow
 * forever.
 */
const MAX_NAMES = 500
const MAX_SEEN_ONCE = 2000
/** How often a text may lose its name. */
const MAX_RETIRED = 3

/** The adapter's facts about a query. */
export interface NamedQuery {
  readonly sql: string
  readonly args: readonly unknown[]
}

/**
 * Creates names for prepared statements, which the server then parses and plans once per connection.
 *
 * Only a text seen before gets one: SQL built on the fly and IN lists of every length would use up the names. Text
 * without parameters never gets one, because preparing it would change which texts are legal (several statements in
 * one).
 */
export class StatementNames {
  readonly #maxNames: number
  readonly #names = new Map<string, string>()
  readonly #seenOnce = new Set<string>()

  constructor(maxNames: number = MAX_NAMES) {
    this.#maxNames = maxNames
  }

  /** Returns the name for a query; empty, which means the unnamed statement, if it should have none. */
  of({ sql, args }: NamedQuery): string {
    const known = this.#names.get(sql)
    if (known !== undefined) return known
    if (args.length === 0 || this.#names.size >= this.#maxNames) return ''
    if (!this.#seenOnce.delete(sql)) {
      if (this.#seenOnce.size >= MAX_SEEN_ONCE) this.#seenOnce.clear()
      this.#seenOnce.add(sql)
      return ''
    }
    const name = createHash('sha1').update(sql).digest('hex')
    this.#names.set(sql, name)
    return name
  }

  /**
   * Gives a text another name, because every session that knows the current one would reject it. A text that loses its
   * name repeatedly (its table is recreated all the time) gets none, because sessions keep the old ones too.
   */
  retire(sql: string, name: string): void {
    if (name === '' || this.#names.get(sql) !== name) return // another session has reported it
    const [hash, times = '0'] = name.split('.')
    const retired = Number(times) + 1
    this.#names.set(sql, retired > MAX_RETIRED ? '' : `${hash}.${retired}`)
  }
}
