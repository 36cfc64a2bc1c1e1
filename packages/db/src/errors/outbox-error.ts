import { MiyabiError, type MiyabiErrorOptions } from '@miyabi/core'

/** The meaning of each code of the outbox. */
export const OUTBOX_ERRORS = {
  'db.outbox.no_transaction':
    'Effects belong to the transaction that provided this outbox, which has ended, or is not the current one',
  'db.outbox.too_many_keys': 'A transaction may lock at most 200 keys of effects',
  'db.outbox.too_many': 'A user may emit at most 1,000 effects in one transaction',
  'db.outbox.payload_too_large': 'The payload of an effect may have at most 64 KiB',
  'db.outbox.invalid': 'This effect is invalid',
  'db.outbox.not_allowed': 'This user is not allowed to emit this effect',
  'db.outbox.not_open': 'The database does not allow this role to emit this effect',
  'db.outbox.full': 'The number of effects waiting for a relay has reached the limit of DB_OUTBOX_MAX_DEPTH',
} as const

export type OutboxErrorCode = keyof typeof OUTBOX_ERRORS

const REMEDIES: Partial<Record<OutboxErrorCode, string>> = {
  'db.outbox.no_transaction': 'use the outbox that db.transaction passes to its work, inside that work',
  'db.outbox.too_many_keys': 'use fewer keys, or several transactions',
  'db.outbox.payload_too_large': 'store it elsewhere, and put a reference to it in the effect',
  'db.outbox.not_open': 'run `miyabi outbox topics plan`',
  'db.outbox.full':
    'retry later; `miyabi outbox status` shows what is waiting and which relays are running. Run more relays, or raise DB_OUTBOX_MAX_DEPTH',
}

/** The details of an outbox error: names, never a value. */
export interface OutboxErrorDetails {
  /** The effect that it refers to. */
  readonly topic?: string
  /** What is wrong with the call. */
  readonly argument?: string
  /** The limit that was reached. */
  readonly maxDepth?: number
}

/** An effect that was refused. The transaction is rolled back unless the work catches the error. */
export class OutboxError<Code extends OutboxErrorCode = OutboxErrorCode> extends MiyabiError<Code, OutboxErrorDetails> {
  override readonly name = 'OutboxError'

  /** @param reason what happened, if it is more specific than the code. */
  constructor(code: Code, reason?: string, options: MiyabiErrorOptions<OutboxErrorDetails> = {}) {
    super(code, reason ?? OUTBOX_ERRORS[code], { remedy: REMEDIES[code], ...options })
  }
}

/** One of the errors of the outbox. */
export type AnyOutboxError = { [Code in OutboxErrorCode]: OutboxError<Code> }[OutboxErrorCode]
