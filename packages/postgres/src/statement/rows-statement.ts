import type pg from 'pg'
import type { DataRow, Parameter, RowDescription, Wire } from '../internals/pg.js'
import type { Origin } from '../observe/statement-telling.js'
import { Statement, type StatementOptions } from './statement.js'

/** The rows of an answer in raw form, and their columns. */
export interface RawRows {
  readonly fields: readonly pg.FieldDef[]
  readonly rawRows: readonly DataRow['fields'][]
}

/** A statement whose rows are parsed by its caller. */
export interface RowsQuery {
  readonly sql: string
  /** The values as sent. */
  readonly values: Parameter[]
  /** The name by which a session should keep it; empty if it should not. */
  readonly name: string
}

/**
 * Statements of one call that are known at the same time, whose rows are parsed by their caller: one round trip, with
 * the scope once before all of them. If one fails, the server skips those after it.
 */
export class RowsStatement extends Statement {
  readonly answers: readonly [Rows, ...Rows[]]
  /** The index of the statement that is being answered, or is next. */
  #at = 0

  constructor(
    queries: readonly [RowsQuery, ...RowsQuery[]],
    types: pg.CustomTypesConfig | undefined,
    options: StatementOptions,
  ) {
    const [{ sql }] = queries
    super({ text: sql, types, rowMode: 'array' }, options)
    this.answers = queries.map((query) => new Rows(query)) as [Rows, ...Rows[]]
    this._results = queries.length === 1 ? this.answers[0] : this.answers
  }

  override get origin(): Origin {
    return { ...super.origin, before: this.answers.slice(0, -1).map(({ query }) => ({ text: query.sql })) }
  }

  /** The driver records under it what was parsed. */
  protected override get ownName(): string {
    return this.answers[this.#at]?.query.name ?? ''
  }

  protected override send(connection: Wire): void {
    const { shapes } = this.options
    for (const answer of this.answers) {
      const { name, sql: text, values } = answer.query
      const isParsed = name !== '' && connection.parsedStatements[name] !== undefined
      if (!isParsed) {
        if (name !== '') connection.close({ type: 'S', name }) // the session may still know it, if one before it failed
        connection.parse({ name, text })
      }
      connection.bind({ statement: name, values })
      const shape = isParsed ? shapes?.of(connection).find(name, this._result) : undefined
      if (shape) answer.fields = shape.fields
      else connection.describe({ type: 'P', name: '' })
      connection.execute({ portal: '' })
    }
    connection.sync()
  }

  override handleRowDescription({ fields }: RowDescription): void {
    const answer = this.answers[this.#at]
    if (answer) Object.assign(answer, { fields, isDescribed: true })
  }

  override handleDataRow({ fields }: DataRow): void {
    if (this.isInScope) this.answers[this.#at]?.rawRows.push(fields)
  }

  protected override completed(_message: object, connection: Wire): void {
    const { isDescribed, fields, query } = this.answers[this.#at] as Rows
    const { rowAsArray, _types } = this._result
    if (isDescribed && query.name !== '')
      this.options.shapes?.of(connection).note(query.name, { rowAsArray, _types, fields })
    this.#at += 1
    const next = this.answers[this.#at]
    if (next) this.text = next.query.sql // it is the one that fails or is parsed from now on
  }
}

/** One answer, in the form in which observers get the driver's. */
class Rows implements RawRows {
  readonly command = 'SELECT'
  readonly query: RowsQuery
  /** Not `rows`, which are the parsed rows of the driver's answers. */
  readonly rawRows: DataRow['fields'][] = []
  /** The same object as long as the session returns the same description: do not change it. */
  fields: readonly pg.FieldDef[] = []
  /** Whether the session described them for this answer. */
  isDescribed = false

  constructor(query: RowsQuery) {
    this.query = query
  }

  get rowCount(): number {
    return this.rawRows.length
  }
}

/** The failure of such statements. */
export class FailedRows extends Error {
  override readonly name = 'FailedRows'
  readonly error: Error
  readonly statement: RowsStatement

  constructor(error: Error, statement: RowsStatement) {
    super('failed')
    this.error = error
    this.statement = statement
  }
}
