import { MiyabiError } from '@miyabi/core'

interface QueueFullDetails {
  readonly recipient: string
  /** Messages that a queue may hold. */
  readonly maxQueued: number
}

/**
 * The oldest undelivered message lies `maxQueued` behind: the recipient does not keep up, or is gone. Nothing was
 * enqueued.
 */
export class MessageQueueFullError extends MiyabiError<'dynamo.messages.queue_full', QueueFullDetails> {
  override readonly name = 'MessageQueueFullError'

  constructor(recipient: string, maxQueued: number) {
    super(
      'dynamo.messages.queue_full',
      `the queue of this recipient is full (${maxQueued} messages since the oldest undelivered one)`,
      { details: { recipient, maxQueued }, remedy: 'deliver and acknowledge, or wait until they expire' },
    )
  }
}

interface LeasedDetails {
  readonly recipient: string
  /** Of the reader that holds the lease. */
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
      `another connection reads this recipient's messages, until ${new Date(details.leasedUntilMs).toISOString()} at least`,
      { details, retryable: true, remedy: 'wait, or pass takeOver when the recipient itself has connected anew' },
    )
  }
}

interface LeaseLostDetails {
  readonly recipient: string
  readonly connectionId: string
}

/**
 * Another reader has the recipient's messages by now: this lease expired and was given away, or was taken over. What it
 * was given and has not acknowledged, the other one gets too; acknowledging it still counts.
 */
export class MessageLeaseLostError extends MiyabiError<'dynamo.messages.lease_lost', LeaseLostDetails> {
  override readonly name = 'MessageLeaseLostError'

  constructor(details: LeaseLostDetails) {
    super(
      'dynamo.messages.lease_lost',
      'this lease is over: another connection reads the messages of this recipient, or the lease was released',
      { details, remedy: 'acquire it anew; what was not acknowledged is delivered again' },
    )
  }
}
