import { PostgresError } from '../errors/errors.js'
import { WORDING } from '../errors/wording.js'

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
  const { reason, remedy } = WORDING[code]
  return new PostgresError(code, `${reason} (column ${column}: ${kind}); ${remedy}`, {
    details: { columns: [column], kind },
  })
}
