import { meaningOf } from '../errors/codes.js'
import { PostgresError } from '../errors/errors.js'
import { isPureSelect } from './pure-select.js'

/** A value that cannot be represented. The error contains its kind, never the value. */
export class UnreadableValue extends Error {
  override readonly name = 'UnreadableValue'
  readonly kind: string

  constructor(kind: string) {
    super(kind)
    this.kind = kind
  }
}

const REMEDY_OF_READ = 'correct it in its row, or select it as text with SQL (`column::text`)'

/** The error for callers: it names the column and the kind. A statement that only reads has done nothing. */
export function unreadableIn(text: string, column: string, kind: string): PostgresError<'postgres.unreadable_value'> {
  const code = 'postgres.unreadable_value'
  return new PostgresError(code, `${meaningOf(code).reason} (column ${column}: ${kind})`, {
    details: { columns: [column], kind },
    ...(isPureSelect(text) && { effect: 'none', remedy: REMEDY_OF_READ }),
  })
}
