import { InternalsCheck, internalsOf } from '@miyabi/core'
import pg from 'pg'
import { assertInternals } from './check.js'

/**
 * All undocumented parts of pg that are used here: their purpose, the version in which they were read, and the only
 * access to them. A session with another version reports what is missing.
 */

const PG = { package: 'pg', readIn: '8.23.1' }

export const PG_INTERNALS = internalsOf(PG, [
  ['Client', 'processID', 'any', 'canceling a script that is interrupted'],
  ['Client', 'connection', 'object', 'describing statements for typed SQL'],
  ['Connection', 'parse', 'function', 'describing statements for typed SQL'],
  ['Connection', 'describe', 'function', 'describing statements for typed SQL'],
  ['Connection', 'sync', 'function', 'describing statements for typed SQL'],
])

/** Objects of every kind, none of which connects. */
export function pgHolders() {
  const client = new pg.Client({ host: 'localhost', port: 5432, user: 'none', database: 'none', ssl: false })
  return { Client: client, Connection: client.connection }
}

const check = new InternalsCheck(PG_INTERNALS, pgHolders, import.meta.url)

/** @throws {MigrateInternalsError} `migrate.internals_missing` */
export function assertDriver(): void {
  assertInternals(check)
}

/** The server's id of a session. */
export const backendIdOf = (client: pg.Client): number =>
  (client as unknown as { readonly processID: number }).processID

/** A column of a result, as in RowDescription. */
export interface DescribedField {
  readonly name: string
  readonly dataTypeID: number
  /** The table the column comes from; 0 for an expression. */
  readonly tableID: number
  readonly columnID: number
}

/** The driver's connection, to which submitted objects write. */
export interface Wire {
  parse(message: { readonly text: string; readonly name: string }): void
  describe(message: { readonly type: 'S'; readonly name: string }): void
  sync(): void
  once(event: 'parameterDescription', listener: (message: ParameterDescription) => void): void
  removeListener(event: 'parameterDescription', listener: (message: ParameterDescription) => void): void
}

export interface ParameterDescription {
  readonly dataTypeIDs: readonly number[]
}

/** What the driver calls on submitted objects. */
export interface Submission {
  submit(connection: Wire): void
  handleRowDescription(message: { readonly fields: readonly DescribedField[] }): void
  handleError(error: Error): void
  handleReadyForQuery(): void
  handleEmptyQuery(): void
  handleCommandComplete(): void
  handleDataRow(): void
  handlePortalSuspended(): void
}

/** Gives the driver something to send that is not a query. */
export function submit(client: pg.Client, submission: Submission): void {
  client.query(submission as unknown as pg.Submittable)
}
