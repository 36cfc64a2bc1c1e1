import { MiyabiError } from '@miyabi/core'

/**
 * Thrown by the handler of an effect that no further attempt would deliver: the row becomes a dead letter immediately.
 * The message is stored with it, so it must contain no secret.
 */
export class PermanentEffectError extends MiyabiError<'db.outbox.permanent'> {
  override readonly name = 'PermanentEffectError'

  constructor(reason: string, options: { readonly cause?: unknown } = {}) {
    super('db.outbox.permanent', reason, options)
  }
}

/** An attempt took longer than its effect allows. Its outcome is unknown. */
export class EffectTimeoutError extends MiyabiError<'db.outbox.timeout', { readonly timeoutMs: number }> {
  override readonly name = 'EffectTimeoutError'

  constructor(timeoutMs: number) {
    super('db.outbox.timeout', `the effect took longer than ${timeoutMs} ms`, {
      details: { timeoutMs },
      retryable: true,
      effect: 'unknown',
    })
  }
}
