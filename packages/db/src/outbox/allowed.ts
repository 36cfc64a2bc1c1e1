import type { Identity } from '@miyabi/postgres'
import { OutboxError } from '../errors/outbox-error.js'
import {
  type Audience,
  type BuiltInTopic,
  type EffectDefinition,
  type EffectDefinitions,
  isBuiltIn,
} from './effects.js'

/** Who causes an effect, and what it holds. */
export interface EffectInQuestion {
  readonly topic: string
  readonly actor: Identity | 'service'
  readonly payload: unknown
}

/** People append events of their own; messages and agents' states are the service's, unless that is said otherwise. */
const builtInRules: Readonly<Partial<Record<BuiltInTopic, EffectDefinition>>> = {
  'events.append': {
    from: ['user', 'webUser'],
    allow: ({ userId, webUserId }, payload) => Object(payload).userId === (userId ?? webUserId),
  },
}

/** Who may cause each effect that is open to people, by topic. */
export function openings(definitions: EffectDefinitions): ReadonlyMap<string, readonly Audience[]> {
  const all = Object.entries<EffectDefinition>({ ...builtInRules, ...definitions })
  return new Map(all.flatMap(([topic, { from }]) => (from ? [[topic, [...new Set(from)].sort()] as const] : [])))
}

/**
 * Whether somebody may cause an effect: asked when it is emitted, and by the relay of what is stored, under the name
 * that the database gave it.
 */
export function isAllowed(definitions: EffectDefinitions, { topic, actor, payload }: EffectInQuestion): boolean {
  if (actor === 'service') return true
  const rule = Object.hasOwn(definitions, topic)
    ? definitions[topic]
    : isBuiltIn(topic)
      ? builtInRules[topic]
      : undefined
  if (!rule?.from?.includes(actor.userId === undefined ? 'webUser' : 'user')) return false
  try {
    return rule.allow(actor, payload) === true
  } catch {
    return false
  }
}

/** @throws {OutboxError} `db.outbox.not_allowed` */
export function assertAllowed(definitions: EffectDefinitions, question: EffectInQuestion): void {
  const { topic } = question
  if (!isAllowed(definitions, question))
    throw new OutboxError('db.outbox.not_allowed', undefined, { details: { topic } })
}
