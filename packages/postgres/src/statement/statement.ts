import type { AsyncResource } from 'node:async_hooks'
import type pg from 'pg'
import type { Scope } from '../identity/scope.js'
import { type DataRow, DriverQuery, DriverResult, type Parameter, type Wire } from '../internals/pg.js'
import type { Origin } from '../observe/statement-telling.js'
import { isStale } from '../pool/pooled-client.js'
import type { StatementNames } from './names.js'
import { copied, type RowShapes } from './row-shapes.js'
import { UnreadableValue, unreadableIn } from './unreadable-value.js'

/** A statement in front of another. */
export interface StatementBefore {
  readonly text: string
  readonly values: readonly Parameter[]
  /** By which a session is to keep it. */
  readonly name?: string
}

/** What the driver takes for one query. */
export type StatementConfig = Omit<pg.QueryConfig, 'types'> & {
  readonly rowMode?: 'array'
  readonly types?: pg.CustomTypesConfig | undefined
  /** Statements in front of it, under the same Sync: then there is an answer for each of them. */
  readonly before?: readonly StatementBefore[]
}

/** What statements go with. */
export interface StatementOptions {
  readonly scope: Scope | undefined
  /** The names by which sessions keep what was prepared; unset behind a pooler. */
  readonly names: StatementNames | undefined
  /** Unset where the driver lacks what they need. */
  readonly shapes: RowShapes | undefined
  /**
   * Whether a text without parameters may hold several statements: in the protocol that the driver then chooses, it
   * may.
   */
  readonly maySeveral: boolean
  /** Who wrote it, for those who observe. */
  readonly path: Origin['path']
  /** Whom it is asked for; in a transaction, whose scope was set before, this alone says so. */
  readonly asker: Scope | undefined
  /** The asynchronous context of who asks, where that is wanted. */
  readonly context: AsyncResource | undefined
}

/**
 * One statement on its way through the driver, with three differences to the driver's own.
 *
 * Its scope goes in front of it, under one Sync: the server takes both for one transaction, so the scope costs no round
 * trip, ends with the statement, and a scope that is refused refuses the statement. And what a session described once,
 * by its name, it is not asked to describe again. And a value that cannot be read is told with its column.
 *
 * With others in front of it all of them are one implicit transaction, too: whole or nothing, in one round trip.
 *
 * In the extended protocol, in which the server takes one statement a text and refuses a second one, unless that is
 * allowed.
 */
export class Statement extends DriverQuery {
  readonly #options: StatementOptions
  readonly #name: string | undefined
  readonly #before: NonNullable<StatementConfig['before']>
  /** Whose answers come in: those of the scope come first. */
  #answering: 'nobody' | 'scope' | 'statement' = 'nobody'
  /** How many of those in front of it are done. */
  #done = 0
  /** What reads the rows, where it was known before. */
  #shape: DriverResult | undefined

  constructor({ text, values, name, types, rowMode, before = [] }: StatementConfig, options: StatementOptions) {
    super(text, values) // of an object it would make a copy, which takes longer than all the rest of it
    if (!options.maySeveral) this.queryMode = 'extended'
    if (rowMode || types) this._results = this._result = new DriverResult(rowMode, types)
    this._rowMode = rowMode
    this.#options = options
    this.#name = name
    this.#before = before
  }

  /** The asynchronous context of who asked, where that is wanted. */
  get context(): AsyncResource | undefined {
    return this.#options.context
  }

  /** What is told of it. Of the service nothing: it is one and the same for everybody's requests. */
  get origin(): Origin {
    const { path, asker } = this.#options
    return { path, scope: asker?.identity === 'service' ? undefined : asker, before: this.#before }
  }

  /** Whether the scope was set: what failed then is the statement. */
  get isInScope(): boolean {
    return this.#answering === 'statement'
  }

  /**
   * Read by the driver to note that a statement by this name was parsed: not when it is that of the scope which was.
   */
  get name(): string | undefined {
    return this.#answering === 'scope' ? undefined : this.#name
  }

  /** The driver's constructor sets it, before there are fields here. */
  set name(_name: string | undefined) {}

  override prepare(connection: Wire): void {
    const { scope, shapes } = this.#options
    if (scope) this.#prepareScope(connection, scope)
    const session = this.#name ? shapes?.of(connection) : undefined
    const name = this.#name ?? ''
    const isParsed = connection.parsedStatements[name] !== undefined
    // The session may know it all the same, from before it was said to have forgotten; not where it has just been told.
    if (name && !isParsed && connection.submittedNamedStatements[name] === undefined)
      connection.close({ type: 'S', name })
    this.#shape = isParsed ? session?.find(name, this._result) : undefined
    if (this.#shape) this.takeShape(this.#shape)
    for (const { text, values, name: statement = '' } of this.#before) {
      if (statement === '') connection.parse({ name: '', text })
      else if (connection.parsedStatements[statement] === undefined) {
        connection.close({ type: 'S', name: statement }) // it may be known all the same, where one before it failed
        connection.parse({ name: statement, text })
      }
      connection.bind({ statement, values })
      connection.describe({ type: 'P', name: '' })
      connection.execute({ portal: '' })
    }
    super.prepare(session && this.#shape ? session.undescribed : connection)
    this.#answering = scope ? 'scope' : 'statement'
  }

  /** What is known of the rows before they come. */
  protected takeShape(shape: DriverResult): void {
    this._result.fields = copied(shape.fields)
  }

  #prepareScope(connection: Wire, { statement: { name, text, values } }: Scope): void {
    const isNamed = this.#options.names !== undefined
    const statement = isNamed ? name : ''
    if (!isNamed) connection.parse({ name: statement, text })
    else if (connection.parsedStatements[statement] === undefined) {
      connection.close({ type: 'S', name: statement }) // it may be known all the same, from a scope that was refused
      connection.parse({ name: statement, text })
    }
    connection.bind({ statement, values })
    connection.execute({ portal: '' })
  }

  override handleDataRow(message: DataRow): void {
    if (this.#answering === 'scope' || this._canceledDueToError) return
    if (!this.#shape) super.handleDataRow(message)
    else {
      try {
        this._result.addRow(this.#shape.parseRow(message.fields))
      } catch (error) {
        this._canceledDueToError = error
      }
    }
    if (this._canceledDueToError instanceof UnreadableValue)
      this._canceledDueToError = unreadable(
        this.text,
        this.#shape ?? this._result,
        message.fields,
        this._canceledDueToError,
      )
  }

  override handleCommandComplete(message: object, connection: Wire): void {
    const { scope, shapes, names } = this.#options
    if (this.#answering === 'scope') {
      if (scope && names) connection.parsedStatements[scope.statement.name] = scope.statement.text
      this.#answering = 'statement'
    } else {
      const { name, text } = this.#before[this.#done++] ?? {}
      if (name && text !== undefined) connection.parsedStatements[name] = text
      super.handleCommandComplete(message, connection)
      if (this.#name && !this.#shape) shapes?.of(connection).note(this.#name, this._result)
    }
  }

  /**
   * The server passed over the Sync that was sent with the statement: while it waits for rows, it takes none for the
   * end of them.
   */
  override handleCopyInResponse(connection: Wire): void {
    super.handleCopyInResponse(connection)
    if (this.requiresPreparation()) connection.sync()
  }

  override handleError(error: Error, connection: Wire): void {
    // The server skipped the statement, so it does not know it by its name.
    if (this.#answering === 'scope' && this.#name) delete connection.submittedNamedStatements[this.#name]
    if (this.#name && isStale(error)) this.#options.names?.retire(this.text, this.#name)
    super.handleError(error, connection)
  }
}

/** Says in which column it is: the parsers are not told. */
function unreadable(
  text: string,
  { fields, _parsers }: DriverResult,
  values: DataRow['fields'],
  { kind }: UnreadableValue,
): Error {
  const index = values.findIndex((value, i) => {
    try {
      if (value !== null) _parsers?.[i]?.(value)
      return false
    } catch {
      return true
    }
  })
  return unreadableIn(text, fields[index]?.name ?? '?', kind)
}
