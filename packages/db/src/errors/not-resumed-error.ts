import { MiyabiError } from '@miyabi/core'

/** Which restore it is about. */
export interface RestoreDetails {
  /** The id of the backup. */
  readonly backup: string
  readonly restoredAt: Date
}

/**
 * The store was restored from a backup, and no relay and no consumer of a stream works on it until somebody has said
 * what becomes of the effects that it holds. Nothing was done.
 */
export class NotResumedError extends MiyabiError<'db.not_resumed', RestoreDetails> {
  override readonly name = 'NotResumedError'

  constructor(details: RestoreDetails) {
    super('db.not_resumed', `This store was restored from the backup ${details.backup} and is not resumed`, {
      details,
      effect: 'none',
      remedy: 'run `miyabi backup resume`',
    })
  }
}
