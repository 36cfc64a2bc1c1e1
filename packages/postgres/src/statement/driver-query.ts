import pg from 'pg'

/** What the driver is made of, as far as its types leave it out. */

/** One connection as a query writes to it. */
export interface Wire {
  parse(message: { readonly name: string; readonly text: string }): void
  bind(message: { readonly statement: string; readonly values: readonly string[] }): void
  describe(message: { readonly type: 'P'; readonly name: string }): void
  execute(message: { readonly portal: string }): void
  close(message: { readonly type: 'S'; readonly name: string }): void
  sync(): void
  /** Statements that the session knows by name. */
  readonly parsedStatements: Record<string, string>
  /** Those that were sent to it, and not answered yet. */
  readonly submittedNamedStatements: Record<string, string>
}

type RowMode = 'array' | undefined

/** The values of a row as they came. */
export interface DataRow {
  readonly fields: readonly (string | null)[]
}

/** A result while its rows come in. */
export interface DriverResult {
  fields: readonly pg.FieldDef[]
  readonly rowAsArray: boolean
  /** Parsers of values. */
  readonly _types: object
  addFields(fields: readonly pg.FieldDef[]): void
  /** The row of these values: a record, or an array. */
  parseRow(values: DataRow['fields']): unknown
  addRow(row: unknown): void
}
export const DriverResult = (
  pg as unknown as { Result: new (rowMode: RowMode, types: object | undefined) => DriverResult }
).Result

/** A query, with the methods that it is driven by, and what it keeps for them. */
export const DriverQuery = pg.Query as unknown as new (
  text: string,
  values: unknown[] | undefined,
) => pg.Submittable & {
  readonly text: string
  queryMode: 'extended' | undefined
  callback: (error: Error | null, result: pg.QueryResult) => void
  _result: DriverResult
  /** The same, or all results of a text with several statements. */
  _results: DriverResult
  /** What could not be read in a row. It is told when the server has finished. */
  _canceledDueToError: unknown
  prepare(connection: Wire): void
  handleDataRow(message: DataRow): void
  handleCommandComplete(message: object, connection: Wire): void
  handleCopyInResponse(connection: Wire): void
  handleError(error: Error, connection: Wire): void
}
