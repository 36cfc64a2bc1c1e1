import { meaningOf } from '../errors/codes.js'
import { PostgresError } from '../errors/errors.js'

/** A value for which there is no form here. What it is belongs into the error, the value itself does not. */
export class UnreadableValue extends Error {
  override readonly name = 'UnreadableValue'
  readonly kind: string

  constructor(kind: string) {
    super(kind)
    this.kind = kind
  }
}

/** What callers get: it names column and kind. */
export function unreadableIn(column: string, kind: string): PostgresError<'postgres.unreadable_value'> {
  const code = 'postgres.unreadable_value'
  return new PostgresError(code, `${meaningOf(code).reason} (column ${column}: ${kind})`, {
    details: { columns: [column], kind },
  })
}
