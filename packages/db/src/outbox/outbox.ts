import type { NewEvent } from '@miyabi/dynamo'
import type { AgentStateContent, EffectChecks, MessageContent } from '@miyabi/dynamo/on-demand'
import type { Identity } from '@miyabi/postgres'
import type { EffectDefinitions, EffectName, NoEffects, PayloadOf } from './effects.js'
import type { CacheTag } from './tags.js'

/** How an effect is carried out. */
export interface EffectOptions {
  /**
   * Effects of one key are carried out one after another, in the order in which their transactions commit. A person's
   * keys are their own. Up to 1,024 bytes of UTF-8; 200 keys a transaction.
   */
  readonly key?: string | undefined
  /** Not before this moment, at most a year ahead. What comes after it under its key does not wait for it. */
  readonly notBefore?: Date | undefined
}

/** What an effect is known by, wherever it is carried out. */
export interface Emitted {
  /** A UUIDv7, the same at every attempt. */
  readonly id: string
}

/**
 * What is to happen elsewhere if and only if this transaction commits. Each call is checked at once, as the call of its
 * own would be, and sends nothing: all of it goes with the COMMIT.
 *
 * All throw {OutboxError} for what cannot be an effect, or may not be one of this person's; outside of the work of the
 * transaction `db.outbox.no_transaction`.
 */
export interface Outbox<Effects = NoEffects> {
  readonly events: {
    /** Appends an event, once in effect. Without a key of its own: events have no order among each other. */
    append(event: NewEvent, options?: EffectOptions): Emitted
  }
  readonly messages: {
    /** Enqueues a message, once in effect, in the order of commits: its key is the recipient. */
    enqueue(message: MessageContent, options?: EffectOptions): Emitted
  }
  readonly agentState: {
    /** Saves an agent's state; the order of commits decides between several: its key is the agent's id. */
    save(state: AgentStateContent, options?: EffectOptions): Emitted
  }
  /**
   * Lets nothing be served from any cache any more that was loaded with one of these tags before this transaction. Of a
   * person: tags that the application opens, `defineEffects({ tags: { from, allow } })`.
   */
  invalidate(...tags: readonly CacheTag[]): Emitted
  /** Causes an effect of the application's own, at least once. */
  emit<Name extends EffectName<Effects>>(
    name: Name,
    payload: PayloadOf<Effects, Name>,
    options?: EffectOptions,
  ): Emitted
}

/** The same, whatever the effects are. */
export interface AnyOutbox extends Omit<Outbox, 'emit' | 'invalidate'> {
  /** Tags of identities, too. */
  invalidate(...tags: readonly string[]): Emitted
  emit(name: string, payload: unknown, options?: EffectOptions): Emitted
}

/** By what effects are checked. */
export interface EffectHost {
  readonly definitions: EffectDefinitions
  readonly checks: EffectChecks
  /** Who causes them. */
  readonly identity: Identity | 'service'
}
