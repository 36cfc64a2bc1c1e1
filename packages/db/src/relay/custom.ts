import { ConfigError, isMiyabiError } from '@miyabi/core'
import type { EffectDefinition, EffectName, PayloadOf } from '../outbox/effects.js'
import { payloadFromText } from '../outbox/payload-text.js'
import { PermanentEffectError } from './errors.js'
import type { EffectRun, Target } from './target.js'

/** How an application carries out one of its effects. */
export interface EffectHandler<Payload> {
  /** Attempts before a row goes to the dead letters, 1 to 1,000. Default 12: with the growing pauses about an hour. */
  readonly attempts?: number | undefined
  /** How long one attempt may take, in milliseconds, up to an hour. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /**
   * Carries it out, and resolves when that is certain. It may come again, perhaps by two at a time: pass `run.id` on as
   * an idempotency key.
   * @throws {PermanentEffectError} where no other attempt would help.
   */
  handle(payload: Payload, run: EffectRun): Promise<unknown>
}

/** How an application carries out its effects, by their names. What it leaves out waits for a relay that has it. */
export type EffectHandlers<Effects> = {
  readonly [Name in EffectName<Effects>]?: EffectHandler<PayloadOf<Effects, Name>>
}

/** @throws {ConfigError} for a number that cannot be. */
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

/** What is stored may have come past the check of the call, and then is none in any attempt. */
function parsed(parse: (payload: unknown) => unknown, payload: unknown): unknown {
  try {
    return parse(payload)
  } catch {
    throw new PermanentEffectError('the stored payload is none of this effect')
  }
}

function assertWhole(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return
  throw new ConfigError([
    { name: `effect ${name}`, problem: 'is out of bounds', expected: `a whole number from 1 to ${max}` },
  ])
}
