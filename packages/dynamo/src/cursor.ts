import { createHash } from 'node:crypto'
import { DynamoCursorError } from './errors.js'

/** Raised when the meaning of a cursor changes, so that an old one is refused instead of misread. */
const VERSION = 1
const DIGEST_BYTES = 8
const ID_BYTES = 16

/**
 * A cursor is the id of the last item delivered, bound to the query that delivered it: 34 characters. Ids are in total order, so
 * items written in the meantime neither shift nor repeat a page. It grants nothing: whoever reads must check access again.
 */
export function encodeCursor(query: readonly unknown[], lastId: string): string {
  const id = Buffer.from(lastId.replaceAll('-', ''), 'hex')
  return Buffer.concat([Buffer.of(VERSION), digest(query), id]).toString('base64url')
}

/** The id in a cursor. @throws {DynamoCursorError} when it was made by another query, or is no cursor. */
export function decodeCursor(query: readonly unknown[], cursor: string): string {
  const bytes = Buffer.from(cursor, 'base64url')
  const isOurs =
    bytes.length === 1 + DIGEST_BYTES + ID_BYTES &&
    bytes[0] === VERSION &&
    bytes.subarray(1, 1 + DIGEST_BYTES).equals(digest(query)) &&
    bytes.toString('base64url') === cursor
  if (!isOurs) throw new DynamoCursorError()
  const hex = bytes.subarray(1 + DIGEST_BYTES).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

const digest = (query: readonly unknown[]): Buffer =>
  createHash('sha256').update(JSON.stringify(query)).digest().subarray(0, DIGEST_BYTES)
