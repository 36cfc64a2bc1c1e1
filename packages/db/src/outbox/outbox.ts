import type { NewEvent } from '@miyabi/dynamo'
import type { AgentStateContent, EffectChecks, MessageContent } from '@miyabi/dynamo/on-demand'
import type { Identity } from '@miyabi/postgres'
import type { EffectDefinitions, EffectName, NoEffects, PayloadOf } from './effects.js'
import type { CacheTag } from './tags.js'

/** How an effect is delivered. */
export interface EffectOptions {
  /**
   * Effects of one key are delivered one after another, in the order in which their transactions commit. Each user's
   * keys are separate. Up to 1,024 bytes of UTF-8; 200 keys a transaction.
   */
  readonly key?: string | undefined
  /** Not before this time, at most a year ahead. Later effects under its key do not wait for it. */
  readonly notBefore?: Date | undefined
}

/** What identifies an effect, wherever it is delivered. */
export interface Emitted {
  /** A UUIDv7, the same at every attempt. */
  readonly id: string
}

/**
 * Effects on other systems that happen if and only if this transaction commits. Each call is validated immediately, as
 * a direct call would be, and sends nothing: all effects are written with the COMMIT.
 *
 * All methods throw {OutboxError} for an invalid effect, or one that this user may not emit; outside the work of the
 * transaction `db.outbox.no_transaction`.
 */
export interface Outbox<Effects = NoEffects> {
  readonly events: {
    /** Appends an event, effectively once. It has no key: events have no order among each other. */
    append(event: NewEvent, options?: EffectOptions): Emitted
  }
  readonly messages: {
    /** Enqueues a message, effectively once, in commit order: its key is the recipient. */
    enqueue(message: MessageContent, options?: EffectOptions): Emitted
  }
  readonly agentState: {
    /** Saves an agent's state; commit order decides between several: its key is the agent's id. */
    save(state: AgentStateContent, options?: EffectOptions): Emitted
  }
  /**
   * Stops every cache from serving what was loaded with one of these tags before this transaction. For a user: tags
   * that the application opens, `defineEffects({ tags: { from, allow } })`.
   */
  invalidate(...tags: readonly CacheTag[]): Emitted
  /** Emits one of the application's own effects, delivered at least once. */
  emit<Name extends EffectName<Effects>>(
    name: Name,
    payload: PayloadOf<Effects, Name>,
    options?: EffectOptions,
  ): Emitted
}

/** The same, for any effects. */
export interface AnyOutbox extends Omit<Outbox, 'emit' | 'invalidate'> {
  /** Including tags of identities. */
  invalidate(...tags: readonly string[]): Emitted
  emit(name: string, payload: unknown, options?: EffectOptions): Emitted
}

/** What effects are validated with. */
export interface EffectHost {
  readonly definitions: EffectDefinitions
  readonly checks: EffectChecks
  /** The actor that emits them. */
  readonly identity: Identity | 'service'
}
