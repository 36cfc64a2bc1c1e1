import { createHash } from 'node:crypto'
import { DynamoCursorError } from '../errors/errors.js'

/** Raised when the meaning of a cursor changes, so that an old one is refused rather than misread. */
const VERSION = 1
const DIGEST_BYTES = 8

/**
 * A cursor is the position of the last item delivered, bound to the query that delivered it; 34 characters for an id.
 * Positions are in total order, so items written in the meantime neither shift nor repeat a page. It grants no access:
 * the reader must check access again.
 *
 * @param query what the cursor is bound to, in JSON values.
 * @param place in hexadecimal, of even length.
 */
export function encodeCursor(query: readonly unknown[], place: string): string {
  return Buffer.concat([Buffer.of(VERSION), digest(query), Buffer.from(place, 'hex')]).toString('base64url')
}

/**
 * Returns the position in a cursor. @throws {DynamoCursorError} when it was made by another query, or is not a cursor.
 */
export function decodeCursor(query: readonly unknown[], cursor: string, placeBytes: number): string {
  const bytes = Buffer.from(String(cursor), 'base64url')
  const isOurs =
    bytes.length === 1 + DIGEST_BYTES + placeBytes &&
    bytes[0] === VERSION &&
    bytes.subarray(1, 1 + DIGEST_BYTES).equals(digest(query)) &&
    bytes.toString('base64url') === cursor
  if (!isOurs) throw new DynamoCursorError()
  return bytes.subarray(1 + DIGEST_BYTES).toString('hex')
}

const digest = (query: readonly unknown[]): Buffer =>
  createHash('sha256').update(JSON.stringify(query)).digest().subarray(0, DIGEST_BYTES)
