import type { AgentStateContent, EventContent, MessageContent } from '@miyabi/dynamo/on-demand'
import type { Identity } from '@miyabi/postgres'
import { OutboxError } from '../errors/outbox-error.js'
import type { TagsContent } from './tags-effect.js'

/** Which role may emit an effect: a user of `users`, or one of `web_users`. */
export type Audience = 'user' | 'webUser'

/** Who may emit an effect besides the service. */
type OpenTo<Payload> =
  | { readonly from?: undefined; readonly allow?: undefined }
  | {
      /** Roles that may emit it. The database refuses all others: `miyabi outbox topics apply`. */
      readonly from: readonly Audience[]
      /**
       * Returns whether this user may emit this payload. It is called when the effect is emitted, and again by the
       * relay for what is stored: a row may have bypassed the first check. Must be pure and fast; throwing counts as
       * no.
       */
      allow(actor: Identity, payload: Payload): boolean
    }

interface EffectShape<Payload> {
  /**
   * Version of the payload's form. Raise it if an older relay could not process it: that relay then leaves it to a
   * newer one. From 1, which is the default, to 32,767.
   */
  readonly version?: number
  /**
   * Parses a payload, and throws if it is invalid: at the call, and in the relay for what is stored. The returned value
   * is what is stored and delivered.
   */
  parse?(payload: unknown): Payload
}

/** An effect of an application: its payload, and who may emit it. */
export type EffectDefinition<Payload = unknown> = EffectShape<Payload> & OpenTo<Payload>

/** Opens a built-in effect to users. */
export type BuiltInDefinition<Payload> = Pick<EffectDefinition<Payload>, 'from' | 'allow'>

/** The effects that need no handler, on DynamoDB and on the cache, by topic, and the payload of each. */
export interface BuiltInPayloads {
  'events.append': EventContent
  'messages.enqueue': MessageContent
  'agentState.save': AgentStateContent & { /** When it was ordered, in milliseconds. */ readonly at: number }
  /** For a user it holds the tags of others than their own identity: their own tag they may always raise. */
  tags: TagsContent
}

/** Stored beside an event of the service whose id was created for it: no other writer has stored one under it. */
export interface OwnMark {
  readonly isOwn?: boolean
}

export type BuiltInTopic = keyof BuiltInPayloads

/** The effects of an application by name. */
export type EffectDefinitions = Readonly<Record<string, EffectDefinition>>

/** An application without effects. */
export type NoEffects = Readonly<Record<never, EffectDefinition>>

/** Names that `emit` accepts. */
export type EffectName<Effects> = Exclude<keyof Effects & string, BuiltInTopic>

/** The payload of an effect. */
export type PayloadOf<Effects, Name extends keyof Effects> =
  Effects[Name] extends EffectDefinition<infer Payload> ? Payload : never

const NAME = /^[a-z][\w-]*(\.[\w-]+)*$/i
const BUILT_IN: readonly string[] = [
  'events.append',
  'messages.enqueue',
  'agentState.save',
  'tags',
] satisfies BuiltInTopic[]

/** Returns whether a topic is one of the effects that need no handler. */
export const isBuiltIn = (topic: string): topic is BuiltInTopic => BUILT_IN.includes(topic)

/**
 * Returns one effect of an application. The type of its payload is the return type of `parse`, or is stated: `effect<{
 * readonly id: string }>()`.
 */
export const effect = <Payload>(definition: EffectDefinition<Payload> = {}): EffectDefinition<Payload> => definition

/**
 * Returns the effects of an application, for the context and for its relay.
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
 * @throws {OutboxError} `db.outbox.invalid` for an invalid name or version.
 */
export function defineEffects<const Effects extends EffectDefinitions>(
  effects: Effects & { readonly [Topic in BuiltInTopic]?: BuiltInDefinition<BuiltInPayloads[Topic]> },
): Effects {
  for (const [name, { version = 1, from }] of Object.entries<EffectDefinition>(effects)) {
    if (!NAME.test(name) || name.length > 100) {
      throw new OutboxError(
        'db.outbox.invalid',
        'The name of an effect is invalid; expected up to 100 letters, digits, dots and hyphens',
      )
    }
    if (!Number.isInteger(version) || version < 1 || version > 32_767) {
      throw new OutboxError('db.outbox.invalid', `The version of ${name} is not a number from 1 to 32,767`)
    }
    if (from?.length === 0) {
      throw new OutboxError('db.outbox.invalid', `${name} is open to no role; omit \`from\``)
    }
  }
  return effects
}
