import type { AgentStateContent, EventContent, MessageContent } from '@miyabi/dynamo/on-demand'
import type { Identity } from '@miyabi/postgres'
import { OutboxError } from '../errors/outbox-error.js'
import type { TagsContent } from './tags-effect.js'

/** Which kind of person may cause an effect: one of `users`, or one of `web_users`. */
export type Audience = 'user' | 'webUser'

/** Who may cause an effect besides the service. */
type OpenTo<Payload> =
  | { readonly from?: undefined; readonly allow?: undefined }
  | {
      /** Kinds of person that may cause it. The database refuses all others: `miyabi outbox topics apply`. */
      readonly from: readonly Audience[]
      /**
       * Whether this person may cause this. It is asked when the effect is emitted, and again by the relay, of what is
       * stored: a row may come past the first. Pure and quick; what it throws counts as no.
       */
      allow(actor: Identity, payload: Payload): boolean
    }

interface EffectShape<Payload> {
  /**
   * Of the payload's form. Raise it when a relay of before could not carry it out: that one then leaves it to a newer
   * one. From 1, which is the default, to 32,767.
   */
  readonly version?: number
  /**
   * Reads a payload, and throws where it is none: at the call, and in the relay, of what is stored. What it returns is
   * what is stored and carried out.
   */
  parse?(payload: unknown): Payload
}

/** An effect of an application: what it holds, and who may cause it. */
export type EffectDefinition<Payload = unknown> = EffectShape<Payload> & OpenTo<Payload>

/** Opens a built-in effect to people. */
export type BuiltInDefinition<Payload> = Pick<EffectDefinition<Payload>, 'from' | 'allow'>

/** The effects that need no handler, on DynamoDB and on the cache, by topic, and what each holds. */
export interface BuiltInPayloads {
  'events.append': EventContent
  'messages.enqueue': MessageContent
  'agentState.save': AgentStateContent & { /** When it was ordered, in milliseconds. */ readonly at: number }
  /** Of a person it holds the tags that are not their own identity's: that one is always theirs to raise. */
  tags: TagsContent
}

/** Stored beside an event of the service whose id was made for it: nobody else has stored one under it. */
export interface OwnMark {
  readonly isOwn?: boolean
}

export type BuiltInTopic = keyof BuiltInPayloads

/** The effects of an application by their names. */
export type EffectDefinitions = Readonly<Record<string, EffectDefinition>>

/** An application that has none. */
export type NoEffects = Readonly<Record<never, EffectDefinition>>

/** Names that `emit` takes. */
export type EffectName<Effects> = Exclude<keyof Effects & string, BuiltInTopic>

/** What an effect holds. */
export type PayloadOf<Effects, Name extends keyof Effects> =
  Effects[Name] extends EffectDefinition<infer Payload> ? Payload : never

const NAME = /^[a-z][\w-]*(\.[\w-]+)*$/i
const BUILT_IN: readonly string[] = [
  'events.append',
  'messages.enqueue',
  'agentState.save',
  'tags',
] satisfies BuiltInTopic[]

/** Whether a topic is one of the effects that need no handler. */
export const isBuiltIn = (topic: string): topic is BuiltInTopic => BUILT_IN.includes(topic)

/** One effect of an application. Its payload is what `parse` returns, or said: `effect<{ readonly id: string }>()`. */
export const effect = <Payload>(definition: EffectDefinition<Payload> = {}): EffectDefinition<Payload> => definition

/**
 * The effects of an application, for the context and for its relay.
 *
 * ```ts
 * export const effects = defineEffects({
 *   'webhook.deliver': effect<{ readonly endpoint: string; readonly body: string }>(),
 *   'profile.changed': effect<{ readonly id: string }>({
 *     from: ['user'],
 *     allow: ({ userId }, { id }) => id === userId,
 *   }),
 *   'messages.enqueue': { from: ['user'], allow: (actor, { recipient }) => recipient === actor.userId },
 * })
 * ```
 *
 * @throws {OutboxError} `db.outbox.invalid` for a name or a version that cannot be.
 */
export function defineEffects<const Effects extends EffectDefinitions>(
  effects: Effects & { readonly [Topic in BuiltInTopic]?: BuiltInDefinition<BuiltInPayloads[Topic]> },
): Effects {
  for (const [name, { version = 1, from }] of Object.entries<EffectDefinition>(effects)) {
    if (!NAME.test(name) || name.length > 100) {
      throw new OutboxError('db.outbox.invalid', 'An effect has a name of letters, digits, dots and hyphens, up to 100')
    }
    if (!Number.isInteger(version) || version < 1 || version > 32_767) {
      throw new OutboxError('db.outbox.invalid', `The version of ${name} is not a number from 1 to 32,767`)
    }
    if (from?.length === 0) {
      throw new OutboxError('db.outbox.invalid', `${name} is open to nobody; leave out \`from\``)
    }
  }
  return effects
}
