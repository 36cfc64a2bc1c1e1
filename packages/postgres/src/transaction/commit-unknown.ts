import { PostgresError } from '../errors/errors.js'

/** The error of a COMMIT with unknown outcome. */
export function commitUnknown(cause: unknown): PostgresError<'postgres.commit_unknown'> {
  return new PostgresError('postgres.commit_unknown', undefined, { cause })
}
