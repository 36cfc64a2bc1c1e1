import { ConfigError, isMiyabiError } from '@miyabi/core'
import type { EffectDefinition, EffectName, PayloadOf } from '../outbox/effects.js'
import { payloadFromText } from '../outbox/payload-text.js'
import { PermanentEffectError } from './errors.js'
import type { EffectRun, Target } from './target.js'

/** How an application delivers one of its effects. */
export interface EffectHandler<Payload> {
  /** Attempts before a row becomes a dead letter, 1 to 1,000. Default 12: with the growing waits about an hour. */
  readonly attempts?: number | undefined
  /** The longest an attempt may take, in milliseconds, up to an hour. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /**
   * Delivers it, and resolves when that is certain. It may be called again, perhaps twice concurrently: pass `run.id`
   * on as an idempotency key.
   * @throws {PermanentEffectError} if no further attempt would help.
   */
  handle(payload: Payload, run: EffectRun): Promise<unknown>
}

/** How an application delivers its effects, by name. Omitted effects wait for a relay that has a handler. */
export type EffectHandlers<Effects> = {
  readonly [Name in EffectName<Effects>]?: EffectHandler<PayloadOf<Effects, Name>>
}

/** @throws {ConfigError} for an invalid number. */
export function customTarget(
  name: string,
  handler: EffectHandler<never>,
  { parse }: Pick<EffectDefinition, 'parse'> = {},
): Target {
  const { attempts = 12, timeoutMs = 10_000 } = handler
  assertWhole(`${name}: attempts`, attempts, 1000)
  assertWhole(`${name}: timeoutMs`, timeoutMs, 3_600_000)
  return {
    attempts,
    timeoutMs,
    isBatched: false,
    async deliver(row, run) {
      const payload = payloadFromText(row.payload)
      return handler.handle((parse ? parsed(parse, payload) : payload) as never, run)
    },
    judge: (error) =>
      error instanceof PermanentEffectError || isMiyabiError(error, 'db.outbox.permanent')
        ? { kind: 'permanent' }
        : { kind: 'again', isCounted: true },
  }
}

/** A stored payload may have bypassed the check of the call, and is then invalid in every attempt. */
function parsed(parse: (payload: unknown) => unknown, payload: unknown): unknown {
  try {
    return parse(payload)
  } catch {
    throw new PermanentEffectError('the stored payload is not valid for this effect')
  }
}

function assertWhole(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return
  throw new ConfigError([
    { name: `effect ${name}`, problem: 'is out of range', expected: `a whole number from 1 to ${max}` },
  ])
}
