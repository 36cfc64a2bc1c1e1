import { isMiyabiError, redactText, safeCause, withDeadline } from '@miyabi/core'
import { OutboxError } from '../errors/outbox-error.js'
import { EffectTimeoutError } from './errors.js'
import type { OutboxRow } from './row.js'
import type { Target, Verdict } from './target.js'

/** The outcome of one attempt. */
export type Outcome = { readonly kind: 'done' } | (Verdict & { readonly error: unknown })

/** Makes one attempt at a row. Never rejects. */
export async function attempt(
  row: OutboxRow,
  target: Target,
  { isAllowed, signal }: { readonly isAllowed: (row: OutboxRow) => boolean; readonly signal: AbortSignal },
): Promise<Outcome> {
  try {
    if (!isAllowed(row)) {
      const { topic } = row
      return { kind: 'permanent', error: new OutboxError('db.outbox.not_allowed', undefined, { details: { topic } }) }
    }
    const { id, key, position, version, actor, attempts } = row
    const { timeoutMs } = target
    await withDeadline({ ms: timeoutMs, signal, onTimeout: () => new EffectTimeoutError(timeoutMs) }, (inner) =>
      Promise.resolve(target.deliver(row, { id, attempt: attempts + 1, key, position, version, actor, signal: inner })),
    )
    return { kind: 'done' }
  } catch (error) {
    return { ...target.judge(error), error }
  }
}

/** The text of an error as stored with a row: its code and reason, without secrets. */
export function errorText(error: unknown): string {
  const text = isMiyabiError(error) ? `${error.code}: ${error.reason}` : safeCause(error).message
  return redactText(text).slice(0, 500)
}
