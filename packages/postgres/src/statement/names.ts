import { createHash } from 'node:crypto'

/**
 * A server keeps every named statement of a connection in memory until the connection ends, so the names must not grow
 * for ever.
 */
const MAX_NAMES = 500
const MAX_SEEN_ONCE = 2000
/** How often a text may lose its name. */
const MAX_RETIRED = 3

/** What the adapter tells about a query. */
export interface NamedQuery {
  readonly sql: string
  readonly args: readonly unknown[]
}

/**
 * Makes names for prepared statements, which the server then parses and plans once for each connection.
 *
 * Only a text seen before gets one: SQL built on the fly and IN lists of every length would use the names up. Text
 * without parameters never does, because preparing it would change which texts are legal (several statements in one).
 */
export class StatementNames {
  readonly #maxNames: number
  readonly #names = new Map<string, string>()
  readonly #seenOnce = new Set<string>()

  constructor(maxNames: number = MAX_NAMES) {
    this.#maxNames = maxNames
  }

  /** The name for a query; empty, which is the unnamed statement, where it is to have none. */
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
   * Gives a text another name, because sessions would refuse it under this one: each that knows it, one after the
   * other. A text that this befalls again and again (its table is made anew all the time) goes without, as the sessions
   * keep the old ones too.
   */
  retire(sql: string, name: string): void {
    if (name === '' || this.#names.get(sql) !== name) return // another session has told
    const [hash, times = '0'] = name.split('.')
    const retired = Number(times) + 1
    this.#names.set(sql, retired > MAX_RETIRED ? '' : `${hash}.${retired}`)
  }
}
