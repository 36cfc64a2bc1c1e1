import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { agentVersionEntity, currentAgentStateEntity } from './agent-state/entity.js'
import { eventEntity } from './events/entity.js'
import { messageEntity, queueEntity } from './messages/entity.js'
import { eventsTable, messagesTable, tableDefinitions } from './tables/definitions.js'

const event = eventEntity('T')
const agent = currentAgentStateEntity('T')
const version = agentVersionEntity('T')
const message = messageEntity('T')
const queue = queueEntity('T')

interface Put {
  readonly Item: Readonly<Record<string, unknown>>
}

/** Texts that try to look like parts of keys. */
const hostile = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc
    .array(
      fc.constantFrom('#', '$', '_', 'a', 'A', '0', '#d_2026-01-01', '#s_0001', '$mb', '#version_', '\u0000', 'é'),
      { minLength: 1 },
    )
    .map((parts) => parts.join('')),
)
const shard = fc.integer({ min: 0, max: 9999 })
const day = fc.constantFrom('2026-01-01', '2026-01-02')

describe('keys', () => {
  it('of events are equal only when type, day, shard and id are', () => {
    const part = fc.record({ eventType: hostile, day, shard, id: fc.constantFrom('i1', 'i2') })
    const key = (parts: { eventType: string; day: string; shard: number; id: string }): string => {
      const { Item } = event.put({ ...parts, writtenAt: 1, schemaVersion: 1, ttl: 1 }).params<Put>()
      return JSON.stringify([Item.pk, Item.sk])
    }
    fc.assert(
      fc.property(part, part, (a, b) => {
        expect(key(a) === key(b)).toBe(
          JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort()),
        )
      }),
      { numRuns: 1000 },
    )
  })

  it('of agents, versions and messages are equal only when their parts are', () => {
    const state = { status: 'pending', progress: 0, updatedAt: 1, writtenAt: 1, saveId: 's', schemaVersion: 1 } as const
    const keyOf = {
      current: (name: string, n: number) => agent.put({ ...state, agentId: name, version: n }).params<Put>().Item,
      version: (name: string, n: number) => version.put({ ...state, agentId: name, version: n }).params<Put>().Item,
      message: (name: string, n: number) =>
        message
          .put({
            recipient: name,
            sequence: n,
            messageType: 'ping',
            enqueuedAt: 1,
            writtenAt: 1,
            expiresAt: 1,
            schemaVersion: 1,
            ttl: 1,
          })
          .params<Put>().Item,
      queue: (name: string, _n: number) =>
        queue.put({ recipient: name, writtenAt: 1, schemaVersion: 1, ttl: 1 }).params<Put>().Item,
    }
    fc.assert(
      fc.property(hostile, hostile, fc.nat(), fc.nat(), (a, b, m, n) => {
        for (const kind of ['version', 'message'] as const) {
          const [x, y] = [keyOf[kind](a, m), keyOf[kind](b, n)]
          expect(x.pk === y.pk && x.sk === y.sk).toBe(a === b && m === n)
        }
        for (const kind of ['current', 'queue'] as const) {
          expect(keyOf[kind](a, m).pk === keyOf[kind](b, n).pk).toBe(a === b)
        }
        expect(keyOf.current(a, m).sk).not.toBe(keyOf.version(a, m).sk)
        expect(keyOf.queue(a, m).sk).not.toBe(keyOf.message(a, m).sk)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    [
      'version',
      (n: number) =>
        version
          .put({
            agentId: 'a',
            status: 'pending',
            progress: 0,
            updatedAt: 1,
            writtenAt: 1,
            saveId: 's',
            schemaVersion: 1,
            version: n,
          })
          .params<Put>(),
    ],
    [
      'message',
      (n: number) =>
        message
          .put({
            recipient: 'r',
            sequence: n,
            messageType: 'ping',
            enqueuedAt: 1,
            writtenAt: 1,
            expiresAt: 1,
            schemaVersion: 1,
            ttl: 1,
          })
          .params<Put>(),
    ],
  ] as const)('of a %s are in the order of their numbers', (_kind, put) => {
    const key = (n: number) => put(n).Item.sk as string
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.nat({ max: Number.MAX_SAFE_INTEGER }), (a, b) => {
        expect(Math.sign(a - b)).toBe(key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)
      }),
    )
  })
})

describe('the models', () => {
  /** ElectroDB's own description of an index, as far as it is read here. */
  interface ModelIndex {
    readonly index?: string
    readonly type?: string
    readonly pk: { readonly field?: string; readonly composite?: readonly string[] }
    readonly sk?: { readonly field?: string; readonly composite?: readonly string[] }
  }
  type Model = { readonly schema: { readonly indexes: object; readonly attributes: object } }

  const [, agentStateTable] = tableDefinitions
  it.each([
    ['event', event, eventsTable],
    ['agent', agent, agentStateTable],
    ['version', version, agentStateTable],
    ['message', message, messagesTable],
    ['queue', queue, messagesTable],
  ] as const)('%s has the keys and indexes of its table', (_name, entity, table) => {
    const { indexes, attributes } = (entity as unknown as Model).schema
    const fieldOf = (attribute: string | undefined): string | undefined =>
      (attributes as Record<string, { field?: string }>)[attribute ?? '']?.field ?? attribute
    const fieldsOf = (index: ModelIndex) =>
      index.type === 'composite'
        ? [fieldOf(index.pk.composite?.[0]), fieldOf(index.sk?.composite?.[0])]
        : [index.pk.field, index.sk?.field]
    for (const index of Object.values(indexes) as ModelIndex[]) {
      const keys = index.index === undefined ? table : table?.indexes.find(({ name }) => name === index.index)
      expect(fieldsOf(index)).toEqual([keys?.partitionKey, keys?.sortKey])
      for (const field of fieldsOf(index)) expect(table?.keyAttributes[field ?? '']).toBe('S')
    }
    const named = (Object.values(indexes) as ModelIndex[]).flatMap(({ index }) => index ?? [])
    expect(named.sort()).toEqual(table?.indexes.map(({ name }) => name).sort())
  })
})
