import type pg from 'pg'
import type { DataRow, DriverResult } from '../internals/pg.js'
import { Statement } from './statement.js'

/** The rows of an answer in raw form, and their columns. */
export interface RawRows {
  readonly fields: readonly pg.FieldDef[]
  readonly rawRows: readonly DataRow['fields'][]
}

/** A statement whose rows are parsed by its caller. */
export class RowsStatement extends Statement implements RawRows {
  /** Not `rows`, which the driver interprets as the number of rows to request at a time. */
  readonly rawRows: DataRow['fields'][] = []
  #known: DriverResult | undefined

  /** The same object as long as the session returns the same description: do not change it. */
  get fields(): readonly pg.FieldDef[] {
    return (this.#known ?? this._result).fields
  }

  protected override takeShape(shape: DriverResult): void {
    this.#known = shape
  }

  override handleDataRow(message: DataRow): void {
    if (this.isInScope) this.rawRows.push(message.fields)
  }
}

/** How such a statement failed. */
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
