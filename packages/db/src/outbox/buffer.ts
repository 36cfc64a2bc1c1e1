import type { EffectChecks } from '@miyabi/dynamo/on-demand'
import { OutboxError } from '../errors/outbox-error.js'
import { assertAllowed } from './allowed.js'
import { isBuiltIn, type OwnMark } from './effects.js'
import type { StoredEffect } from './flush.js'
import type { AnyOutbox, EffectHost, EffectOptions, Emitted } from './outbox.js'
import { payloadToText } from './payload-text.js'
import { MOST_TAGS, tagsIn } from './tags-effect.js'

/** Whether effects may be added now: the work of the transaction is running, and makes the call. */
interface Openness {
  readonly isCurrent: boolean
}

const MAX_KEYS = 200
const MAX_OF_A_PERSON = 1_000
const MAX_KEY_BYTES = 1_024
const MAX_AHEAD_MS = 366 * 86_400_000

/** Gathers the effects of one transaction attempt. */
export class EffectBuffer {
  readonly effects: StoredEffect[] = []
  /** The outbox passed to the work of the transaction. */
  readonly outbox: AnyOutbox
  readonly #keys = new Set<string>()
  readonly #host: EffectHost
  readonly #openness: Openness
  readonly #onFirst: () => void

  /** @param onFirst called with the first effect. */
  constructor(host: EffectHost, openness: Openness, onFirst: () => void) {
    this.#host = host
    this.#openness = openness
    this.#onFirst = onFirst
    this.outbox = {
      events: {
        append: (event, options) =>
          this.#within('events.append', (checks) => {
            const { id, content } = checks.event(event)
            const isOwn = event.id === undefined && event.idempotencyKey === undefined
            const marked: typeof content & OwnMark =
              isOwn && this.#host.identity === 'service' ? { ...content, isOwn } : content
            return this.#add('events.append', 1, marked, { ...options, id })
          }),
      },
      messages: {
        enqueue: (message, options) =>
          this.#within('messages.enqueue', (checks) => {
            const { recipient, messageType, payload, connectionId } = checks.message(message)
            const content = { recipient, messageType, payload, connectionId }
            return this.#add('messages.enqueue', 1, content, { key: recipient, ...options })
          }),
      },
      agentState: {
        save: (state, options) =>
          this.#within('agentState.save', (checks) => {
            const content = { ...checks.agentState(state), at: checks.now() }
            return this.#add('agentState.save', 1, content, { key: content.agentId, ...options })
          }),
      },
      invalidate: (...tags) => this.#within('tags', () => this.#invalidate(tags)),
      emit: (name, payload, options) => this.#within(name, () => this.#emit(name, payload, options)),
    }
  }

  #invalidate(tags: readonly string[]): Emitted {
    const content = { tags: [...new Set(tags)] }
    if (content.tags.length === 0 || !tagsIn(content)) {
      throw new OutboxError(
        'db.outbox.invalid',
        `invalidate was called with an invalid list; expected 1 to ${MOST_TAGS} tags, as \`tag\` makes them`,
        {
          details: { topic: 'tags', argument: 'tags' },
        },
      )
    }
    return this.#add('tags', 1, content)
  }

  #emit(name: string, payload: unknown, options: EffectOptions | undefined): Emitted {
    const { definitions } = this.#host
    const definition = Object.hasOwn(definitions, name) && !isBuiltIn(name) ? definitions[name] : undefined
    if (!definition) {
      throw new OutboxError('db.outbox.invalid', 'No effect of this name is defined for the context', {
        details: { argument: 'name' },
        remedy: 'add it to defineEffects',
      })
    }
    return this.#add(name, definition.version ?? 1, definition.parse ? definition.parse(payload) : payload, options)
  }

  #within(topic: string, add: (checks: EffectChecks) => Emitted): Emitted {
    if (this.#openness.isCurrent) return add(this.#host.checks)
    throw new OutboxError('db.outbox.no_transaction', undefined, { details: { topic } })
  }

  #add(
    topic: string,
    version: number,
    payload: unknown,
    options: EffectOptions & { readonly id?: string } = {},
  ): Emitted {
    const { key, notBefore, id = this.#host.checks.ids.next() } = options
    const invalid = (argument: string, problem: string): OutboxError =>
      new OutboxError('db.outbox.invalid', `${topic}: ${argument} ${problem}`, { details: { topic, argument } })
    if (key !== undefined) this.#assertKey(key, invalid)
    if (notBefore !== undefined) {
      const ms = notBefore instanceof Date ? notBefore.getTime() : Number.NaN
      if (!(ms >= 0 && ms <= Date.now() + MAX_AHEAD_MS))
        throw invalid('notBefore', 'is not a time at most a year ahead')
    }
    const { definitions, identity } = this.#host
    assertAllowed(definitions, { topic, actor: identity, payload })
    const text = payloadToText(payload, topic)
    if (identity !== 'service' && this.effects.length === MAX_OF_A_PERSON) throw new OutboxError('db.outbox.too_many')
    if (key !== undefined && !this.#keys.has(key)) {
      if (this.#keys.size === MAX_KEYS) throw new OutboxError('db.outbox.too_many_keys')
      this.#keys.add(key)
    }
    if (this.effects.push({ id, key, topic, version, payload: text, dueAt: notBefore?.toISOString() }) === 1)
      this.#onFirst()
    return { id }
  }

  #assertKey(key: unknown, invalid: (argument: string, problem: string) => OutboxError): void {
    if (typeof key !== 'string' || key === '') throw invalid('key', 'is not a string of at least one character')
    if (key.includes('\0') || /\p{Surrogate}/u.test(key))
      throw invalid('key', 'contains characters that PostgreSQL cannot store')
    if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw invalid('key', `has more than ${MAX_KEY_BYTES} bytes`)
  }
}
