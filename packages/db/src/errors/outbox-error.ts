import { MiyabiError, type MiyabiErrorOptions } from '@miyabi/core'

/** What each code of the outbox means. */
export const OUTBOX_ERRORS = {
  'db.outbox.no_transaction':
    'Effects go with the transaction that gave this outbox, which is over, or is not the one that is under way',
  'db.outbox.too_many_keys': 'A transaction holds the locks of at most 200 keys of effects',
  'db.outbox.too_many': 'A person causes at most 1,000 effects in one transaction',
  'db.outbox.payload_too_large': 'The payload of an effect has at most 64 KiB',
  'db.outbox.invalid': 'This cannot be an effect',
  'db.outbox.not_allowed': 'This person may not cause this effect',
  'db.outbox.not_open': 'The database does not open this effect to this kind of person',
  'db.outbox.full': 'The outbox holds as many effects that wait for a relay as DB_OUTBOX_MAX_DEPTH allows, or more',
} as const

export type OutboxErrorCode = keyof typeof OUTBOX_ERRORS

const REMEDIES: Partial<Record<OutboxErrorCode, string>> = {
  'db.outbox.no_transaction': 'use the one that db.transaction gives to its work, inside of that work',
  'db.outbox.too_many_keys': 'use fewer keys, or several transactions',
  'db.outbox.payload_too_large': 'store it, and let the effect name where',
  'db.outbox.not_open': 'run miyabi outbox topics plan',
  'db.outbox.full':
    'try again later; `miyabi outbox status` says what waits and who works on it. Run more relays, or raise DB_OUTBOX_MAX_DEPTH',
}

/** What an error of the outbox tells: names, never a value. */
export interface OutboxErrorDetails {
  /** The effect that it is about. */
  readonly topic?: string
  /** What is wrong with the call. */
  readonly argument?: string
  /** The bound that was reached. */
  readonly maxDepth?: number
}

/** An effect that was not taken. The transaction is rolled back where the work does not catch it. */
export class OutboxError<Code extends OutboxErrorCode = OutboxErrorCode> extends MiyabiError<Code, OutboxErrorDetails> {
  override readonly name = 'OutboxError'

  /** @param reason what happened, where that is more than the code says. */
  constructor(code: Code, reason?: string, options: MiyabiErrorOptions<OutboxErrorDetails> = {}) {
    super(code, reason ?? OUTBOX_ERRORS[code], { remedy: REMEDIES[code], ...options })
  }
}

/** One of the errors of the outbox. */
export type AnyOutboxError = { [Code in OutboxErrorCode]: OutboxError<Code> }[OutboxErrorCode]
