import type pg from 'pg'
import type { RowsHash } from '../format/rows-hash.js'
import { type Submission, submit, type Wire } from '../internals/pg.js'
import { toDatabaseError } from './database-error.js'

/** Rows are passed on in parts of about this size. */
const PART_BYTES = 128 * 1024
/** The most parts that may wait before the server is paused. */
const MAX_PARTS = 4

/**
 * Runs `COPY ... TO STDOUT` in the text format, and returns its rows as they arrive, each with its line break. The
 * server is paused while they are not consumed.
 * @param hash counts and hashes them.
 * @throws {BackupError} `backup.database_failed`
 */
export async function* copyOut(client: pg.Client, sql: string, hash: RowsHash): AsyncGenerator<Buffer> {
  const copy = new CopyOut(sql, hash)
  submit(client, copy)
  let isDone = false
  try {
    for (let part = await copy.next(); part !== undefined; part = await copy.next()) yield part
    isDone = true
  } finally {
    // A reader that stops before the end cannot reuse the connection: there is no other way to stop a COPY.
    if (!isDone && !copy.hasEnded) void client.end().catch(() => {})
  }
}

class CopyOut implements Submission {
  readonly #sql: string
  readonly #hash: RowsHash
  #wire: Wire | undefined
  #part = Buffer.allocUnsafe(PART_BYTES)
  #filled = 0
  readonly #parts: Buffer[] = []
  #failure: Error | undefined
  #isPaused = false
  #wake: (() => void) | undefined
  hasEnded = false

  constructor(sql: string, hash: RowsHash) {
    this.#sql = sql
    this.#hash = hash
  }

  /** The next rows; undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const part = this.#parts.shift()
      if (part) {
        if (this.#isPaused && this.#parts.length < MAX_PARTS / 2) {
          this.#isPaused = false
          this.#wire?.stream.resume()
        }
        return part
      }
      if (this.hasEnded) {
        if (this.#failure) throw toDatabaseError(this.#failure)
        return undefined
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  submit(wire: Wire): void {
    this.#wire = wire
    wire.query(this.#sql)
  }

  /**
   * The server sends each row in a separate message:
   * https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-COPY
   */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.#hash.add(chunk, 0, chunk.length - 1)
    if (this.#filled + chunk.length > this.#part.length) this.#handOn(chunk.length)
    chunk.copy(this.#part, this.#filled)
    this.#filled += chunk.length
  }

  /** The driver does not report whether the server or the connection failed. */
  handleError(error: Error): void {
    this.#failure ??= error
    this.#end()
  }

  handleReadyForQuery(): void {
    if (this.#filled > 0) this.#handOn(0)
    this.#end()
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}

  #handOn(nextBytes: number): void {
    if (this.#filled > 0) this.#parts.push(this.#part.subarray(0, this.#filled))
    this.#part = Buffer.allocUnsafe(Math.max(PART_BYTES, nextBytes))
    this.#filled = 0
    if (this.#parts.length >= MAX_PARTS && !this.#isPaused) {
      this.#isPaused = true
      this.#wire?.stream.pause()
    }
    this.#wake?.()
  }

  #end(): void {
    this.hasEnded = true
    this.#wake?.()
  }
}
