import pg from 'pg'
import type { Scope } from './scope.js'

/** One connection as the driver's query writes to it; its types leave most of it out. */
interface Wire {
  parse(message: { readonly name: string; readonly text: string }): void
  bind(message: { readonly statement: string; readonly values: readonly string[] }): void
  execute(message: { readonly portal: string }): void
  close(message: { readonly type: 'S'; readonly name: string }): void
  /** Statements that the session knows by name. */
  readonly parsedStatements: Record<string, string>
  /** Those that were sent to it, and not answered yet. */
  readonly submittedNamedStatements: Record<string, string>
}

/** The driver's own query, with the methods that it is driven by. */
const DriverQuery = pg.Query as unknown as new (
  config: pg.QueryConfig & { readonly queryMode: 'extended' },
) => pg.Submittable & {
  prepare(connection: Wire): void
  handleDataRow(message: object): void
  handleCommandComplete(message: object, connection: Wire): void
  handleError(error: Error, connection: Wire): void
}

/**
 * A statement with its scope in front of it, under one Sync: the server takes both for one transaction, so the scope costs no round
 * trip, ends with the statement, and a scope that is refused refuses the statement.
 *
 * Always in the extended protocol, in which the server takes one statement a text and refuses a second one.
 */
export class ScopedQuery extends DriverQuery {
  readonly #scope: Scope
  readonly #isNamed: boolean
  readonly #name: string | undefined
  /** Whose answers come in: those of the scope come first. */
  #answering: 'nobody' | 'scope' | 'statement' = 'nobody'

  /** @param isNamed whether the session keeps what is prepared by name: not behind a pooler. */
  constructor(config: pg.QueryConfig, scope: Scope, isNamed: boolean) {
    super({ ...config, queryMode: 'extended' })
    this.#scope = scope
    this.#isNamed = isNamed
    this.#name = config.name
  }

  /** Whether the scope was set: what failed then is the statement. */
  get isInScope(): boolean {
    return this.#answering === 'statement'
  }

  /** Read by the driver to note that a statement by this name was parsed: not when it is that of the scope which was. */
  get name(): string | undefined {
    return this.#answering === 'scope' ? undefined : this.#name
  }

  /** The driver's constructor sets it, before there are fields here. */
  set name(_name: string | undefined) {}

  override prepare(connection: Wire): void {
    const { text, values } = this.#scope.statement
    const statement = this.#isNamed ? this.#scope.statement.name : ''
    if (!this.#isNamed) connection.parse({ name: statement, text })
    else if (connection.parsedStatements[statement] === undefined) {
      connection.close({ type: 'S', name: statement }) // it may be known all the same, from a scope that was refused
      connection.parse({ name: statement, text })
    }
    connection.bind({ statement, values })
    connection.execute({ portal: '' })
    super.prepare(connection)
    this.#answering = 'scope'
  }

  override handleDataRow(message: object): void {
    if (this.#answering !== 'scope') super.handleDataRow(message)
  }

  override handleCommandComplete(message: object, connection: Wire): void {
    if (this.#answering === 'scope') {
      const { name, text } = this.#scope.statement
      if (this.#isNamed) connection.parsedStatements[name] = text
      this.#answering = 'statement'
    } else super.handleCommandComplete(message, connection)
  }

  override handleError(error: Error, connection: Wire): void {
    // The server skipped the statement, so it does not know it by its name.
    if (this.#answering === 'scope' && this.#name) delete connection.submittedNamedStatements[this.#name]
    super.handleError(error, connection)
  }
}
