import { tableNames } from '../schema/tables.generated.js'
import { type TextFacts, textFacts } from './text-facts.js'

/** An unlimited number of texts (IN lists of every length, SQL with values in it) must not grow the memory. */
const MAX_TEXTS = 2000
/** For longer texts, memory would cost more than parsing them again. */
const MAX_LENGTH = 10_000

/** Caches the facts of statement texts. */
export class StatementTexts {
  readonly #tables: ReadonlySet<string>
  readonly #schema: string
  /** Two generations: entries not used while one fills are dropped with it. */
  #young = new Map<string, TextFacts>()
  #old = new Map<string, TextFacts>()

  /** @param schema that contains the tables. */
  constructor(schema: string, tables: Iterable<string> = tableNames) {
    this.#schema = schema
    this.#tables = new Set(tables)
  }

  /** The number of cached texts. */
  get size(): number {
    return this.#young.size + this.#old.size
  }

  of(text: string): TextFacts {
    const young = this.#young.get(text)
    if (young) return young
    const facts = this.#old.get(text) ?? textFacts(text, { tables: this.#tables, schema: this.#schema })
    if (text.length > MAX_LENGTH) return facts
    if (this.#young.size >= MAX_TEXTS / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(text, facts)
    return facts
  }
}
