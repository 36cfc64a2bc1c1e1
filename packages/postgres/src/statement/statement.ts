import type { AsyncResource } from 'node:async_hooks'
import type pg from 'pg'
import type { Scope } from '../identity/scope.js'
import { type DataRow, DriverQuery, DriverResult, type Parameter, type Wire } from '../internals/pg.js'
import type { Origin } from '../observe/statement-telling.js'
import { isStale } from '../pool/pooled-client.js'
import type { StatementNames } from './names.js'
import { copied, type RowShapes } from './row-shapes.js'
import { UnreadableValue, unreadableIn } from './unreadable-value.js'

/** A statement sent before another. */
export interface StatementBefore {
  readonly text: string
  readonly values: readonly Parameter[]
  /** The name by which a session should keep it. */
  readonly name?: string
}

/** The driver's input for one query. */
export type StatementConfig = Omit<pg.QueryConfig, 'types'> & {
  readonly rowMode?: 'array'
  readonly types?: pg.CustomTypesConfig | undefined
  /** Statements before it, under the same Sync: then there is an answer for each of them. */
  readonly before?: readonly StatementBefore[]
}

/** The options of statements. */
export interface StatementOptions {
  readonly scope: Scope | undefined
  /** The names of prepared statements; unset behind a pooler. */
  readonly names: StatementNames | undefined
  /** Unset if the driver lacks what they need. */
  readonly shapes: RowShapes | undefined
  /**
   * Whether a text without parameters may contain several statements: the protocol that the driver then uses allows it.
   */
  readonly maySeveral: boolean
  /** Its author, for observers. */
  readonly path: Origin['path']
  /** The identity it runs for; in a transaction, whose scope was set before, only this identifies it. */
  readonly asker: Scope | undefined
  /** The caller's asynchronous context, if needed. */
  readonly context: AsyncResource | undefined
}

/**
 * One statement in progress in the driver, with three differences from the driver's own.
 *
 * Its scope is sent before it, under one Sync: the server treats both as one transaction, so the scope costs no round
 * trip, ends with the statement, and if the scope is rejected, so is the statement. A named statement that a session
 * described once is not described again. And a value that cannot be read is reported with its column.
 *
 * Together with other statements before it, it also forms one implicit transaction: all or nothing, in one round trip.
 *
 * Uses the extended protocol, in which the server accepts one statement per text and rejects a second one, unless
 * several are allowed.
 */
export class Statement extends DriverQuery {
  protected readonly options: StatementOptions
  readonly #name: string | undefined
  readonly #before: NonNullable<StatementConfig['before']>
  /** The statement whose answers are arriving: those of the scope come first. */
  #answering: 'nobody' | 'scope' | 'statement' = 'nobody'
  /** How many of the statements before it are done. */
  #done = 0
  /** The reader of its rows, if known in advance. */
  #shape: DriverResult | undefined

  constructor({ text, values, name, types, rowMode, before = [] }: StatementConfig, options: StatementOptions) {
    super(text, values) // an object would be copied, which takes longer than everything else
    if (!options.maySeveral) this.queryMode = 'extended'
    if (rowMode || types) this._results = this._result = new DriverResult(rowMode, types)
    this._rowMode = rowMode
    this.options = options
    this.#name = name
    this.#before = before
  }

  /** The caller's asynchronous context, if needed. */
  get context(): AsyncResource | undefined {
    return this.options.context
  }

  /** The reported identity. Unset for the service: it is the same for all requests. */
  get origin(): Origin {
    const { path, asker } = this.options
    return { path, scope: asker?.identity === 'service' ? undefined : asker, before: this.#before }
  }

  /** Whether the scope was set: a later failure is the statement's. */
  get isInScope(): boolean {
    return this.#answering === 'statement'
  }

  /**
   * Read by the driver to record that a statement with this name was parsed: not if it was the scope's that was parsed.
   */
  get name(): string | undefined {
    return this.#answering === 'scope' ? undefined : this.ownName
  }

  /** The driver's constructor sets it before fields exist here. */
  set name(_name: string | undefined) {}

  /** The name of the statement, or of the part that is being answered. */
  protected get ownName(): string | undefined {
    return this.#name
  }

  override prepare(connection: Wire): void {
    const { scope } = this.options
    if (scope) this.#prepareScope(connection, scope)
    this.send(connection)
    this.#answering = scope ? 'scope' : 'statement'
  }

  /** Sends the statement, after its scope. */
  protected send(connection: Wire): void {
    const { shapes } = this.options
    const session = this.#name ? shapes?.of(connection) : undefined
    const name = this.#name ?? ''
    const isParsed = connection.parsedStatements[name] !== undefined
    // The session may still have it from before its statements were discarded; not if it was just sent.
    if (name && !isParsed && connection.submittedNamedStatements[name] === undefined)
      connection.close({ type: 'S', name })
    this.#shape = isParsed ? session?.find(name, this._result) : undefined
    if (this.#shape) this._result.fields = copied(this.#shape.fields)
    for (const { text, values, name: statement = '' } of this.#before) {
      if (statement === '') connection.parse({ name: '', text })
      else if (connection.parsedStatements[statement] === undefined) {
        connection.close({ type: 'S', name: statement }) // the session may still know it, if one before it failed
        connection.parse({ name: statement, text })
      }
      connection.bind({ statement, values })
      connection.describe({ type: 'P', name: '' })
      connection.execute({ portal: '' })
    }
    super.prepare(session && this.#shape ? session.undescribed : connection)
  }

  #prepareScope(connection: Wire, { statement: { name, text, values } }: Scope): void {
    const isNamed = this.options.names !== undefined
    const statement = isNamed ? name : ''
    if (!isNamed) connection.parse({ name: statement, text })
    else if (connection.parsedStatements[statement] === undefined) {
      connection.close({ type: 'S', name: statement }) // the session may still know it, from a rejected scope
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
    const { scope, names } = this.options
    if (this.#answering === 'scope') {
      if (scope && names) connection.parsedStatements[scope.statement.name] = scope.statement.text
      this.#answering = 'statement'
    } else this.completed(message, connection)
  }

  /** Handles the end of one answer. */
  protected completed(message: object, connection: Wire): void {
    const { name, text } = this.#before[this.#done++] ?? {}
    if (name && text !== undefined) connection.parsedStatements[name] = text
    super.handleCommandComplete(message, connection)
    if (this.#name && !this.#shape) this.options.shapes?.of(connection).note(this.#name, this._result)
  }

  /**
   * The server ignored the Sync that was sent with the statement: while it expects rows, it does not treat a Sync as
   * their end.
   */
  override handleCopyInResponse(connection: Wire): void {
    super.handleCopyInResponse(connection)
    if (this.requiresPreparation()) connection.sync()
  }

  override handleError(error: Error, connection: Wire): void {
    // The server skipped the statement, so it does not know it by its name.
    if (this.#answering === 'scope' && this.#name) delete connection.submittedNamedStatements[this.#name]
    if (this.name && isStale(error)) this.options.names?.retire(this.text, this.name)
    super.handleError(error, connection)
  }
}

/** Adds the column: the parsers do not know it. */
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
