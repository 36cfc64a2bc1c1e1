import { MiyabiError } from '@miyabi/core'

interface QueueFullDetails {
  readonly recipient: string
  /** The most messages that a queue may hold. */
  readonly maxQueued: number
}

/**
 * The oldest undelivered message is `maxQueued` behind: the recipient does not keep up, or is gone. Nothing was
 * enqueued.
 */
export class MessageQueueFullError extends MiyabiError<'dynamo.messages.queue_full', QueueFullDetails> {
  override readonly name = 'MessageQueueFullError'

  constructor(recipient: string, maxQueued: number) {
    super(
      'dynamo.messages.queue_full',
      `the queue of this recipient is full (${maxQueued} messages since the oldest undelivered one)`,
      { details: { recipient, maxQueued }, remedy: 'deliver and acknowledge messages, or wait until they expire' },
    )
  }
}

interface LeasedDetails {
  readonly recipient: string
  /** Identifies the reader that holds the lease. */
  readonly connectionId: string | undefined
  /** When the lease ends unless it is renewed, in milliseconds since 1970. */
  readonly leasedUntilMs: number
}

/** Another reader holds this recipient's messages. */
export class RecipientLeasedError extends MiyabiError<'dynamo.messages.leased', LeasedDetails> {
  override readonly name = 'RecipientLeasedError'

  constructor(details: LeasedDetails) {
    super(
      'dynamo.messages.leased',
      `another connection is reading this recipient's messages, until at least ${new Date(details.leasedUntilMs).toISOString()}`,
      { details, retryable: true, remedy: 'wait, or pass takeOver if the recipient itself has reconnected' },
    )
  }
}

interface LeaseLostDetails {
  readonly recipient: string
  readonly connectionId: string
}

/**
 * Another reader now has the recipient's messages: this lease expired and was reassigned, or was taken over. The new
 * reader also gets what was delivered under this lease and not acknowledged; acknowledging it still counts.
 */
export class MessageLeaseLostError extends MiyabiError<'dynamo.messages.lease_lost', LeaseLostDetails> {
  override readonly name = 'MessageLeaseLostError'

  constructor(details: LeaseLostDetails) {
    super(
      'dynamo.messages.lease_lost',
      'this lease has ended: another connection is reading the messages of this recipient, or the lease was released',
      { details, remedy: 'acquire a new lease; unacknowledged messages are delivered again' },
    )
  }
}
