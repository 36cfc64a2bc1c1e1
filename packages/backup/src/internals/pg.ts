import type { Socket } from 'node:net'
import { InternalsCheck, internalsOf } from '@miyabi/core'
import pg from 'pg'
import { assertInternals } from './check.js'

/**
 * All undocumented parts of pg that are used here: their purpose, the version in which they were read, and the only
 * access to them. A session with another version reports what is missing.
 */

const PG = { package: 'pg', readIn: '8.23.1' }

export const PG_INTERNALS = internalsOf(PG, [
  ['Client', 'connection', 'object', 'reading and writing rows with COPY'],
  ['Client', '_handleCopyData', 'function', 'receiving the rows of a COPY'],
  ['Client', '_handleCopyInResponse', 'function', 'sending rows to a COPY'],
  ['Connection', 'query', 'function', 'starting a COPY'],
  ['Connection', 'stream', 'object', 'sending rows, and pausing a server that is too fast'],
])

/** Objects of every kind, none of which connects. */
export function pgHolders() {
  const client = new pg.Client({ host: 'localhost', port: 5432, user: 'none', database: 'none', ssl: false })
  return { Client: client, Connection: client.connection }
}

const check = new InternalsCheck(PG_INTERNALS, pgHolders, import.meta.url)

/** @throws {BackupError} `backup.internals_missing` */
export function assertDriver(): void {
  assertInternals(check)
}

/** The driver's connection, as a COPY uses it. */
export interface Wire {
  readonly stream: Socket
  query(text: string): void
}

/** What the driver calls on submitted objects: https://node-postgres.com/apis/client, and `pg/lib/client.js`. */
export interface Submission {
  submit(wire: Wire): void
  handleCopyInResponse?(wire: Wire): void
  /** The server sends each row in a separate message. */
  handleCopyData?(message: { readonly chunk: Buffer }): void
  handleCommandComplete(answer: { readonly text: string }): void
  /** The driver does not report whether the server or the connection failed. */
  handleError(error: Error): void
  handleReadyForQuery(): void
  handleRowDescription(): void
  handleDataRow(): void
  handlePortalSuspended(): void
  handleEmptyQuery(): void
}

/** Gives the driver something to send that is not a query. */
export function submit(client: pg.Client, submission: Submission): void {
  client.query(submission as unknown as pg.Submittable)
}
