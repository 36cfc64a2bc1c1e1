import { PostgresError } from '../errors/errors.js'
import { wordsOf } from '../errors/wording.js'

/** The error of a COMMIT that nobody knows the outcome of. */
export function commitUnknown(cause: unknown): PostgresError<'postgres.commit_unknown'> {
  return new PostgresError('postgres.commit_unknown', wordsOf('postgres.commit_unknown'), { cause })
}
