import { inspect } from 'node:util'
import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { IllegalTransitionError, StaleAgentStateError } from '../src/agent-state/errors.js'
import type { AgentState } from '../src/agent-state/state.js'
import type { Dynamo } from '../src/dynamo.js'
import { DynamoCursorError, DynamoInputError } from '../src/errors/errors.js'
import { DAY_MS } from '../src/events/shards.js'
import { rejection, testClock, testDynamo } from './support.js'

// Near the real time: the engine really deletes what has expired.
const NOW = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2
const clock = testClock(NOW)
let dynamo: Dynamo

/** When the current item expires, in seconds, as it is stored. */
async function storedTtl(agentId: string): Promise<string | undefined> {
  const table = (await dynamo.tables.status()).tables[1]?.table
  const Key = { pk: { S: `$mb#agentId_${agentId}` }, sk: { S: '$agent_1' } }
  return (await dynamo.client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }))).Item?.ttl?.N
}

/** An agent that has run to its end. */
async function completed(agentId: string): Promise<AgentState> {
  const pending = await dynamo.agentState.save({ agentId, status: 'pending', expectedVersion: 0 })
  const running = await dynamo.agentState.save({ agentId, status: 'running', expectedVersion: pending.version })
  return dynamo.agentState.save({ agentId, status: 'completed', expectedVersion: running.version })
}

describe.each([
  ['with transactions', true],
  ['without transactions', false],
])('%s', (_mode, transactions) => {
  beforeAll(async () => {
    dynamo = await testDynamo({ now: clock, settings: { transactions } })
  })
  beforeEach(() => {
    clock.ms = NOW
  })
  afterAll(() => dynamo.close())

  describe('agentState.save', () => {
    it('saves a state and gives it back in one consistent read', async () => {
      const saved = await dynamo.agentState.save({
        agentId: 'a1',
        status: 'running',
        progress: 42.5,
        currentTask: 'review',
        stateData: { files: ['a.ts'], depth: { n: 1 } },
        expectedVersion: 0,
      })
      expect(saved).toEqual({
        agentId: 'a1',
        status: 'running',
        progress: 42.5,
        currentTask: 'review',
        stateData: { files: ['a.ts'], depth: { n: 1 } },
        updatedAt: new Date(NOW),
        version: NOW,
      })
      expect(await dynamo.agentState.current('a1')).toEqual(saved)
      expect(await dynamo.agentState.current('nobody')).toBeUndefined()
    })

    it('gives back what it saved, whatever becomes of the object afterwards', async () => {
      const stateData = { n: 1 }
      const saving = dynamo.agentState.save({ agentId: 'given', status: 'pending', stateData, expectedVersion: 0 })
      stateData.n = 2
      expect((await saving).stateData).toEqual({ n: 1 })
      expect((await dynamo.agentState.current('given'))?.stateData).toEqual({ n: 1 })
    })

    it('lets one of twenty writers on one version win, and gives the rest the newer state', async () => {
      const begun = await dynamo.agentState.save({ agentId: 'race', status: 'running', expectedVersion: 0 })
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, progress) =>
          dynamo.agentState.save({ agentId: 'race', status: 'running', progress, expectedVersion: begun.version }),
        ),
      )
      const winners = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value)
      const losers = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown)
      expect(winners).toHaveLength(1)
      expect(losers).toHaveLength(19)
      for (const loser of losers) {
        expect(loser).toBeInstanceOf(StaleAgentStateError)
        expect((loser as StaleAgentStateError).current).toEqual(winners[0])
      }
      expect(await dynamo.agentState.current('race')).toEqual(winners[0])
      expect((await dynamo.agentState.history('race')).items).toHaveLength(2)
    })

    it('lets one of twenty writers begin', async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, () =>
          dynamo.agentState.save({ agentId: 'begin', status: 'pending', expectedVersion: 0 }),
        ),
      )
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    })

    it('does not print the newer state with the error', async () => {
      await dynamo.agentState.save({
        agentId: 'quiet',
        status: 'pending',
        stateData: { token: 'hidden' },
        expectedVersion: 0,
      })
      const error = await rejection(dynamo.agentState.save({ agentId: 'quiet', status: 'pending', expectedVersion: 0 }))
      expect((error as StaleAgentStateError).current?.stateData).toEqual({ token: 'hidden' })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hidden')
    })

    it('enforces pending, running, then completed or failed', async () => {
      const refused = async (state: Parameters<Dynamo['agentState']['save']>[0]): Promise<void> => {
        expect(await rejection(dynamo.agentState.save(state))).toBeInstanceOf(IllegalTransitionError)
      }
      await refused({ agentId: 't', status: 'completed', expectedVersion: 0 })
      const pending = await dynamo.agentState.save({ agentId: 't', status: 'pending', expectedVersion: 0 })
      await refused({ agentId: 't', status: 'failed', expectedVersion: pending.version })
      const running = await dynamo.agentState.save({
        agentId: 't',
        status: 'running',
        expectedVersion: pending.version,
      })
      await refused({ agentId: 't', status: 'pending', expectedVersion: running.version })
      const failed = await dynamo.agentState.save({ agentId: 't', status: 'failed', expectedVersion: running.version })
      await refused({ agentId: 't', status: 'running', expectedVersion: failed.version })
      const error = await rejection(
        dynamo.agentState.save({ agentId: 't', status: 'failed', expectedVersion: failed.version }),
      )
      expect(error).toMatchObject({ details: { agentId: 't', from: 'failed', to: 'failed' } })
      expect(await dynamo.agentState.current('t')).toEqual(failed)
    })

    it.each([-1, 101, Number.NaN])('refuses a progress of %s', async (progress) => {
      const state = { agentId: 'p', status: 'pending', progress, expectedVersion: 0 } as const
      expect(await rejection(dynamo.agentState.save(state))).toMatchObject({
        code: 'dynamo.invalid_input',
        details: { argument: 'progress' },
      })
    })

    it('refuses what an untyped caller may give, before anything is sent', async () => {
      const state = { agentId: 'untyped', status: 'pending', expectedVersion: 0 } as const
      for (const wrong of [{ progress: '50' }, { currentTask: 5 }, { expectedVersion: Number.MAX_SAFE_INTEGER }]) {
        const given = { ...state, ...wrong } as Parameters<Dynamo['agentState']['save']>[0]
        expect(await rejection(dynamo.agentState.save(given))).toMatchObject({
          code: 'dynamo.invalid_input',
          details: { argument: Object.keys(wrong)[0] },
        })
      }
      const half = 'x'.repeat(200_000)
      expect(
        await rejection(dynamo.agentState.save({ ...state, currentTask: half, stateData: { half } })),
      ).toMatchObject({
        code: 'dynamo.payload_too_large',
        details: { argument: 'currentTask with stateData' },
      })
      expect(await rejection(dynamo.agentState.save({ ...state, progress: 1e-200 }))).toMatchObject({
        code: 'dynamo.value',
        details: { path: 'progress' },
      })
      const range = { order: 'up' } as unknown as { order: 'asc' }
      expect(await rejection(dynamo.agentState.history('untyped', range))).toBeInstanceOf(DynamoInputError)
      const stale = await rejection(dynamo.agentState.save({ ...state, expectedVersion: 5 }))
      expect(stale).toMatchObject({ message: expect.stringContaining('no state at version 5') })
    })

    it('keeps agents apart whose names differ in case or hold the marks of keys', async () => {
      const names = ['x', 'X', 'x#version_1', '$mb#agentId_x', 'x ', '#', 'é', 'e\u0301']
      for (const agentId of names) {
        await dynamo.agentState.save({ agentId, status: 'pending', stateData: { agentId }, expectedVersion: 0 })
      }
      for (const agentId of names) {
        expect((await dynamo.agentState.current(agentId))?.stateData).toEqual({ agentId })
        expect((await dynamo.agentState.history(agentId)).items).toHaveLength(1)
      }
    })
  })

  describe('the life of an agent', () => {
    it('expires seven days after its end, and not when it is restarted', async () => {
      const ended = await completed('life')
      expect(ended.progress).toBe(100)
      expect(await storedTtl('life')).toBe(String(NOW / 1000 + 7 * 86_400))
      const again = await dynamo.agentState.restart({ agentId: 'life', expectedVersion: ended.version })
      expect(again).toMatchObject({ status: 'pending', progress: 0 })
      expect(await storedTtl('life')).toBeUndefined()
    })

    it('is restarted only after its end, and only from the version that was read', async () => {
      const running = await dynamo.agentState.save({ agentId: 'r', status: 'running', expectedVersion: 0 })
      const early = await rejection(dynamo.agentState.restart({ agentId: 'r', expectedVersion: running.version }))
      expect(early).toBeInstanceOf(IllegalTransitionError)
      expect((early as Error).message).toContain('completed or failed')
      await dynamo.agentState.save({ agentId: 'r', status: 'completed', expectedVersion: running.version })
      const stale = await rejection(dynamo.agentState.restart({ agentId: 'r', expectedVersion: running.version }))
      expect(stale).toBeInstanceOf(StaleAgentStateError)
    })

    it('begins anew after its expiry, before the item is deleted too, with a higher version', async () => {
      const ended = await completed('anew')
      clock.ms = NOW + 8 * DAY_MS
      expect(await dynamo.agentState.current('anew')).toBeUndefined()
      const begun = await dynamo.agentState.save({ agentId: 'anew', status: 'pending', expectedVersion: 0 })
      expect(begun.version).toBeGreaterThan(ended.version)
      expect((await dynamo.agentState.history('anew')).items).toHaveLength(4)
    })
  })

  describe('agentState.history', () => {
    it('gives every state in order, between two moments, in pages', async () => {
      const saved: AgentState[] = []
      for (let n = 0; n < 12; n++) {
        clock.ms = NOW + Math.floor(n / 3) * 1000
        saved.push(
          await dynamo.agentState.save({
            agentId: 'h',
            status: 'running',
            progress: n,
            expectedVersion: saved.at(-1)?.version ?? 0,
          }),
        )
      }
      expect(saved.every((state, i) => i === 0 || state.version > (saved[i - 1]?.version ?? 0))).toBe(true)
      expect((await dynamo.agentState.history('h', { order: 'asc' })).items).toEqual(saved)

      const first = await dynamo.agentState.history('h', { limit: 5 })
      const second = await dynamo.agentState.history('h', { limit: 5, cursor: first.cursor })
      const third = await dynamo.agentState.history('h', { limit: 5, cursor: second.cursor })
      expect([...first.items, ...second.items, ...third.items]).toEqual([...saved].reverse())
      expect(third.cursor).toBeUndefined()

      const between = { from: new Date(NOW + 1000), to: new Date(NOW + 3000), order: 'asc' } as const
      expect((await dynamo.agentState.history('h', between)).items).toEqual(saved.slice(3, 9))
      const nothing = { from: new Date(NOW), to: new Date(NOW) }
      expect(await dynamo.agentState.history('h', nothing)).toEqual({ items: [] })
      const foreign = dynamo.agentState.history('other', { cursor: first.cursor })
      expect(await rejection(foreign)).toBeInstanceOf(DynamoCursorError)
    })

    it('keeps a version for thirty days from its writing', async () => {
      await dynamo.agentState.save({ agentId: 'forget', status: 'pending', expectedVersion: 0 })
      clock.ms = NOW + 30 * DAY_MS - 1000
      expect((await dynamo.agentState.history('forget')).items).toHaveLength(1)
      clock.ms = NOW + 30 * DAY_MS
      expect((await dynamo.agentState.history('forget')).items).toHaveLength(0)
    })
  })
})
