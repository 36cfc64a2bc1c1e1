import { describe, expect, it } from 'vitest'
import { personKinds } from '../persons/kinds.js'
import { currentOf } from './derive-agent.js'
import { itemAtCut } from './item-at-cut.js'

const CUT = 1_000_000
const DAY_S = 24 * 60 * 60
const of = (entity: string, attributes: Readonly<Record<string, number>>) => ({
  pk: { S: '$mb#agentId_a' },
  __edb_e__: { S: entity },
  ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, { N: String(value) }])),
})

describe('an item at a cut', () => {
  it.each(['ev', 'msg', 'enq'])('of the kind %s is there if it was written until then', (entity) => {
    const name = entity === 'ev' ? 'w' : 'writtenAt'
    expect(itemAtCut(of(entity, { [name]: CUT }), CUT)).toEqual({ isKept: true, isLifted: false })
    expect(itemAtCut(of(entity, { [name]: CUT + 1 }), CUT)).toEqual({ isKept: false, isLifted: false })
  })

  it.each(['agent', 'agentVersion'])('of the kind %s that is newer tells that its agent has changed', (entity) => {
    expect(itemAtCut(of(entity, { writtenAt: CUT }), CUT)).toEqual({ isKept: true, isLifted: false })
    expect(itemAtCut(of(entity, { writtenAt: CUT + 1 }), CUT)).toMatchObject({ changedAgent: '$mb#agentId_a' })
  })

  it('that is the receipt of a state goes with it, though it was written later', () => {
    expect(itemAtCut(of('agentSave', { updatedAt: CUT, writtenAt: CUT + 9 }), CUT).isKept).toBe(true)
    expect(itemAtCut(of('agentSave', { updatedAt: CUT + 1, writtenAt: CUT + 9 }), CUT).isKept).toBe(false)
    // Of one that was superseded there is no state.
    expect(itemAtCut(of('agentSave', { writtenAt: CUT + 1 }), CUT)).toEqual({ isKept: false, isLifted: false })
  })

  it('of an older shape goes by the time that it has', () => {
    const id = (ms: number) => ({
      ...of('ev', {}),
      i: {
        S: `${ms
          .toString(16)
          .padStart(12, '0')
          .replace(/^(.{8})/, '$1-')}-7000-8000-000000000000`,
      },
    })
    expect(itemAtCut(id(CUT), CUT)).toEqual({ isKept: true, isLifted: true })
    expect(itemAtCut(id(CUT + 1), CUT)).toEqual({ isKept: false, isLifted: true })
    expect(itemAtCut(of('msg', { enqueuedAt: CUT }), CUT)).toEqual({ isKept: true, isLifted: true })
    expect(itemAtCut(of('agent', { updatedAt: CUT }), CUT)).toEqual({ isKept: true, isLifted: true })
  })

  const ALWAYS = ['queue', 'agentAhead']

  it('is kept, whenever it was written, where an older one would do harm or there is none', () => {
    for (const entity of [...ALWAYS, 'unknown']) {
      expect(itemAtCut(of(entity, { writtenAt: CUT + 1 }), CUT)).toEqual({ isKept: true, isLifted: false })
    }
  })

  it.each(Object.keys(personKinds).filter((entity) => !ALWAYS.includes(entity)))(
    'of the kind %s is not there if it was written later: every kind has a time, or is one that is always kept',
    (entity) => {
      const later = of(entity, { w: CUT + 1, updatedAt: CUT + 1, writtenAt: CUT + 1 })
      expect(itemAtCut(later, CUT).isKept).toBe(false)
    },
  )
})

it('makes the current state of a version: an ended one has an expiry, and one that goes on has none', () => {
  const version = {
    ...of('agentVersion', { updatedAt: 5000, version: 7000, ttl: 1 }),
    sk: { S: '$agentVersion_1#version_7' },
  }
  const running = currentOf({ ...version, status: { S: 'running' } }, 7 * DAY_S * 1000)
  expect(running).toEqual({
    ...of('agent', { updatedAt: 5000, version: 7000 }),
    sk: { S: '$agent_1' },
    status: { S: 'running' },
  })
  expect(currentOf({ ...version, status: { S: 'failed' } }, 7 * DAY_S * 1000)['ttl']).toEqual({
    N: String(7 + 7 * DAY_S),
  })
})
