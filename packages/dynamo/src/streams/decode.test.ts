import { describe, expect, it } from 'vitest'
import { toItem } from '../items/attribute-values.js'
import { decodeRecord, imageReaders, recordOf } from './decode.js'

const { events, agentState } = imageReaders((from) => from)
const at = new Date('2026-01-02T03:04:05Z')
const id = '019b7c5f-5a88-7000-8000-000000000001'

/** As DynamoDB stores it; `changes` tell another one. */
const eventItem = (changes: object = {}) =>
  toItem({
    pk: '$mb#t_a#d_2026-01-02#s_0000',
    sk: `$ev_1#id_${id}`,
    __edb_e__: 'ev',
    __edb_v__: '1',
    i: id,
    t: 'a',
    y: '2026-01-02',
    s: 0,
    d: { n: 1, bytes: Uint8Array.from([1]) },
    w: at.getTime(),
    v: 2,
    ttl: 1,
    ...changes,
  })

const agentItem = (changes: object = {}) =>
  toItem({
    pk: '$mb#agentId_a',
    sk: '$agent_1',
    __edb_e__: 'agent',
    __edb_v__: '1',
    agentId: 'a',
    status: 'running',
    progress: 0,
    updatedAt: at.getTime(),
    version: at.getTime(),
    writtenAt: at.getTime(),
    saveId: 's',
    schemaVersion: 3,
    ...changes,
  })

const record = (eventName: 'INSERT' | 'MODIFY' | 'REMOVE', images: object) => ({
  eventName,
  dynamodb: { SequenceNumber: '7', ApproximateCreationDateTime: at, ...images },
})

describe('a record of a stream', () => {
  it('tells an insertion, a change and a removal, each with the items that it has', () => {
    const told = [
      record('INSERT', { NewImage: agentItem() }),
      record('MODIFY', { NewImage: agentItem({ status: 'completed' }), OldImage: agentItem() }),
      record('REMOVE', { OldImage: agentItem() }),
    ].map((one) => decodeRecord(one, agentState).change)
    const facts = { at, sequence: '7' }
    expect(told).toMatchObject([
      { kind: 'insert', next: { agentId: 'a', status: 'running' }, ...facts },
      { kind: 'modify', next: { status: 'completed' }, previous: { status: 'running' }, ...facts },
      { kind: 'remove', previous: { status: 'running' }, expired: false, ...facts },
    ])
  })

  it('tells an expiry, of which the service itself is the author, from a deletion', () => {
    const expired = (userIdentity: object | undefined) => {
      const { change } = decodeRecord(
        { ...record('REMOVE', { OldImage: eventItem() }), ...(userIdentity && { userIdentity }) },
        events,
      )
      return change?.kind === 'remove' && change.expired
    }
    expect(expired({ Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' })).toBe(true)
    expect(expired({})).toBe(true) // as the embedded engine's comes out of the SDK
    expect(expired({ Type: 'Service', PrincipalId: 'replication.dynamodb.amazonaws.com' })).toBe(false)
    expect(expired(undefined)).toBe(false)
  })

  it('lifts items of older shapes', () => {
    const { change } = decodeRecord(record('INSERT', { NewImage: eventItem({ v: 1, w: undefined }) }), events)
    expect(change).toMatchObject({ next: { id, eventType: 'a', writtenAt: expect.any(Date) } })
    const old = agentItem({ schemaVersion: 1, saveId: undefined, writtenAt: undefined })
    expect(decodeRecord(record('INSERT', { NewImage: old }), agentState).change).toMatchObject({
      next: { agentId: 'a' },
    })
  })

  it('has no change for an item of another kind in the same table', () => {
    const version = agentItem({ __edb_e__: 'agentVersion', sk: '$agentVersion_1#version_1' })
    expect(decodeRecord(record('INSERT', { NewImage: version }), agentState)).toMatchObject({ sequence: '7' })
    expect(decodeRecord(record('INSERT', { NewImage: version }), agentState)).not.toHaveProperty('change')
  })

  it('is the same out of its text, bytes and sets of bytes and attributes called B included', () => {
    const data = { B: 'text', BS: ['a', 'b'], bytes: Uint8Array.of(0, 255), set: new Set([Uint8Array.of(1)]) }
    for (const one of [
      record('INSERT', { NewImage: eventItem({ d: data }) }),
      { ...record('REMOVE', { OldImage: eventItem({ d: { B: { BS: data } } }) }), userIdentity: {} },
    ]) {
      const decoded = decodeRecord(one, events)
      expect(decoded.change).toBeDefined()
      expect(decodeRecord(recordOf(decoded.toText()), events)).toEqual({ ...decoded, toText: expect.any(Function) })
    }
  })

  it('tells what a newer release wrote as unreadable, and keeps all of it as text', () => {
    const decoded = decodeRecord(record('INSERT', { NewImage: eventItem({ v: 99 }) }), events)
    expect(decoded.unreadable).toMatchObject({ code: 'dynamo.item_shape' })
    const { dynamodb } = JSON.parse(decoded.toText()) as { dynamodb: { NewImage: object } }
    expect(dynamodb.NewImage).toMatchObject({ v: { N: '99' }, d: { M: { bytes: { B: 'AQ==' } } } })
  })
})
