import { tableNames } from '../schema/tables.generated.js'
import { type TextFacts, textFacts } from './text-facts.js'

/** Texts without end (IN lists of every length, SQL with values in it) must not grow the memory. */
const MAX_TEXTS = 2000
/** Of a longer one the text would take more memory than its reading takes time. */
const MAX_LENGTH = 10_000

/** What texts of statements are about, kept for those that come again. */
export class StatementTexts {
  readonly #tables: ReadonlySet<string>
  readonly #schema: string
  /** Two generations: what is not asked for while one fills is forgotten with it. */
  #young = new Map<string, TextFacts>()
  #old = new Map<string, TextFacts>()

  /** @param schema where the tables are. */
  constructor(schema: string, tables: Iterable<string> = tableNames) {
    this.#schema = schema
    this.#tables = new Set(tables)
  }

  /** How many are kept. */
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
