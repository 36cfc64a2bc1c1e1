import { MiyabiError } from '@miyabi/core'

/** The restore that it refers to. */
export interface RestoreDetails {
  /** The id of the backup. */
  readonly backup: string
  readonly restoredAt: Date
}

/**
 * The store was restored from a backup, and no relay or stream consumer works on it until an operator has decided what
 * happens to the effects that it holds. Nothing was done.
 */
export class NotResumedError extends MiyabiError<'db.not_resumed', RestoreDetails> {
  override readonly name = 'NotResumedError'

  constructor(details: RestoreDetails) {
    super('db.not_resumed', `This store was restored from the backup ${details.backup} and has not been resumed`, {
      details,
      effect: 'none',
      remedy: 'run `miyabi backup resume`',
    })
  }
}
