import type { Socket } from 'node:net'
import { InternalsCheck, internalsOf } from '@miyabi/core'
import pg from 'pg'
import { assertInternals } from './check.js'

/**
 * All that is used here of pg and is no part of its documentation: what for, in which version it was read, and the one
 * way to it. A session with another version names what is missing.
 */

const PG = { package: 'pg', readIn: '8.23.1' }

export const PG_INTERNALS = internalsOf(PG, [
  ['Client', 'connection', 'object', 'reads and writes rows by COPY'],
  ['Client', '_handleCopyData', 'function', 'takes the rows of a COPY'],
  ['Client', '_handleCopyInResponse', 'function', 'sends rows to a COPY'],
  ['Connection', 'query', 'function', 'begins a COPY'],
  ['Connection', 'stream', 'object', 'sends rows, and holds up a server that is too fast'],
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

/** What the driver calls of what is submitted to it: https://node-postgres.com/apis/client, and `pg/lib/client.js`. */
export interface Submission {
  submit(wire: Wire): void
  handleCopyInResponse?(wire: Wire): void
  /** The server sends each row in a message of its own. */
  handleCopyData?(message: { readonly chunk: Buffer }): void
  handleCommandComplete(answer: { readonly text: string }): void
  /** The driver says nothing more of what has failed, whether the server or the connection did. */
  handleError(error: Error): void
  handleReadyForQuery(): void
  handleRowDescription(): void
  handleDataRow(): void
  handlePortalSuspended(): void
  handleEmptyQuery(): void
}

/** Gives the driver something to send that is no query. */
export function submit(client: pg.Client, submission: Submission): void {
  client.query(submission as unknown as pg.Submittable)
}
