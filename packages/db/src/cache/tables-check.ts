import type { Logger } from '@miyabi/core'
import { type CacheTag, tableOf } from '../outbox/tags.js'

/** Warns, once per table, of tags that nothing in the database raises. */
export class TablesCheck {
  readonly #isRaised: (table: string) => Promise<boolean>
  readonly #logger: Logger
  readonly #asked = new Set<string>()

  constructor(isRaised: (table: string) => Promise<boolean>, logger: Logger) {
    this.#isRaised = isRaised
    this.#logger = logger
  }

  check(tags: readonly CacheTag[]): void {
    for (const tag of tags) {
      const table = tableOf(tag)
      if (table === undefined || this.#asked.has(table)) continue
      this.#asked.add(table)
      void this.#ask(table)
    }
  }

  async #ask(table: string): Promise<void> {
    const isRaised = await this.#isRaised(table).catch(() => true)
    if (isRaised) return
    this.#logger.warn(
      { event: 'db.cache.table_not_raised', table },
      `the database does not raise the cache tags of ${table}, only outbox.invalidate does: run SELECT cache_tags('${table}') in a migration`,
    )
  }
}
