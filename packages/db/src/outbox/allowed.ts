import type { Identity } from '@miyabi/postgres'
import { OutboxError } from '../errors/outbox-error.js'
import {
  type Audience,
  type BuiltInTopic,
  type EffectDefinition,
  type EffectDefinitions,
  isBuiltIn,
} from './effects.js'
import { tagsOfOthers } from './tags-effect.js'

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

/** Everybody raises the tag of their own identity, and others only where the application opens them. */
const OWN_TAGS: readonly Audience[] = ['user', 'webUser']

/** Who may cause each effect that is open to people, by topic. */
export function openings(definitions: EffectDefinitions): ReadonlyMap<string, readonly Audience[]> {
  const all = Object.entries<EffectDefinition>({ ...builtInRules, ...definitions })
  const opened = new Map<string, readonly Audience[]>(
    all.flatMap(([topic, { from }]) => (from ? [[topic, [...new Set(from)].sort()] as const] : [])),
  )
  return opened.set('tags', OWN_TAGS)
}

/**
 * Whether somebody may cause an effect: asked when it is emitted, and by the relay of what is stored, under the name
 * that the database gave it.
 */
export function isAllowed(definitions: EffectDefinitions, { topic, actor, ...asked }: EffectInQuestion): boolean {
  let { payload } = asked
  if (actor === 'service') return true
  if (topic === 'tags') {
    const others = tagsOfOthers(actor, payload)
    if (others?.length === 0) return true
    if (!others) return false
    payload = { tags: others }
  }
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
