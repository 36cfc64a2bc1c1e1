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

/** The actor of an effect, and its payload. */
export interface EffectInQuestion {
  readonly topic: string
  readonly actor: Identity | 'service'
  readonly payload: unknown
}

/**
 * Users append their own events; messages and agents' states are reserved for the service, unless the application opens
 * them.
 */
const builtInRules: Readonly<Partial<Record<BuiltInTopic, EffectDefinition>>> = {
  'events.append': {
    from: ['user', 'webUser'],
    allow: ({ userId, webUserId }, payload) => Object(payload).userId === (userId ?? webUserId),
  },
}

/** Every user may raise the tag of their own identity, and others only if the application opens them. */
const OWN_TAGS: readonly Audience[] = ['user', 'webUser']

/** Who may emit each effect that is open to users, by topic. */
export function openings(definitions: EffectDefinitions): ReadonlyMap<string, readonly Audience[]> {
  const all = Object.entries<EffectDefinition>({ ...builtInRules, ...definitions })
  const opened = new Map<string, readonly Audience[]>(
    all.flatMap(([topic, { from }]) => (from ? [[topic, [...new Set(from)].sort()] as const] : [])),
  )
  return opened.set('tags', OWN_TAGS)
}

/**
 * Whether an actor may emit an effect: checked when it is emitted, and by the relay for what is stored, under the name
 * that the database recorded.
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
