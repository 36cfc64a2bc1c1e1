import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentState } from '../src/agent-state/state.js'
import type { Dynamo } from '../src/dynamo.js'
import { DAY_MS } from '../src/events/shards.js'
import { idTime } from '../src/items/ids.js'
import type { MessageLease } from '../src/messages/lease.js'
import { sharedDynamo } from './support.js'

const LONG = process.env['MIYABI_TEST_LONG'] === '1'
const HOUR_MS = 3_600_000
const PROCESSES = 3

/** Time goes by for all; each process has a clock of its own, which may be wrong. */
const time = { ms: Date.now() }
const skews = Array.from({ length: PROCESSES }, () => 0)
const nowOf = (p: number): number => time.ms + (skews[p] ?? 0)

const p = fc.nat({ max: PROCESSES - 1 })
const step = fc.oneof(
  // Forward by what nobody takes for time that goes by: that a process whose clock creeps ahead asks too early is its
  // own harm.
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      p,
      by: fc.constantFrom(-1000, -20_000, -70_000, -HOUR_MS, -2 * DAY_MS, HOUR_MS, 2 * DAY_MS),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('set right' as const), p }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 8000 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('append' as const), p }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('save' as const), p }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('send' as const), p }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), p }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const) }) },
)
const story = fc.array(step, { minLength: 25, maxLength: 40 })

let processes: Dynamo[] = []
beforeAll(async () => {
  processes = await Promise.all(skews.map((_, p) => sharedDynamo({}, { now: () => nowOf(p) })))
})
afterAll(async () => {
  for (const dynamo of processes) await dynamo.close()
})
const processOf = (p: number): Dynamo => processes[p] as Dynamo

/**
 * Lets the processes look at their clocks. What goes by between two looks and is hidden by a clock that is set back
 * in between is told by a machine's monotonic clock, which knows nothing of the time of this test.
 */
async function lookAtClocks(): Promise<void> {
  await Promise.all(processes.map((dynamo) => dynamo.events.byUser('nobody')))
}

async function setClock(p: number, skew: number): Promise<void> {
  await lookAtClocks()
  skews[p] = skew
}

async function setAllRight(): Promise<void> {
  await lookAtClocks()
  skews.fill(0)
}

let worlds = 0

/** What happened, as whoever has all clocks in view knows it. */
class World {
  readonly name = `w${++worlds}`
  readonly appended: { readonly p: number; readonly id: string; readonly now: number; readonly lowest: number }[] = []
  readonly saved: AgentState[] = []
  readonly sent: { readonly n: number; readonly expiresAt: number; readonly isAhead: boolean }[] = []
  readonly got: number[] = []
  holder: { readonly p: number; readonly lease: MessageLease } | undefined
  /** The lowest that each clock has been since its last append. */
  readonly lowest = skews.map(() => Number.POSITIVE_INFINITY)

  async append(p: number): Promise<void> {
    const { id } = await processOf(p).events.append({ eventType: 'clocks', userId: this.name })
    this.appended.push({ p, id, now: nowOf(p), lowest: this.lowest[p] ?? 0 })
    this.lowest[p] = Number.POSITIVE_INFINITY
  }

  async save(p: number): Promise<void> {
    const expectedVersion = this.saved.at(-1)?.version ?? 0
    const state = { agentId: this.name, status: 'running' as const, progress: this.saved.length, expectedVersion }
    this.saved.push(await processOf(p).agentState.save(state))
  }

  async send(p: number): Promise<void> {
    const n = this.sent.length
    await processOf(p).messages.enqueue({ recipient: this.name, messageType: 'ping', payload: { n } })
    this.sent.push({ n, expiresAt: nowOf(p) + DAY_MS, isAhead: (skews[p] ?? 0) > DAY_MS })
  }

  /** The holder reads on; whoever else asks is refused while it lives. */
  async read(p: number): Promise<void> {
    if (this.holder && this.holder.p !== p) {
      await expect(this.lease(p)).rejects.toMatchObject({ code: 'dynamo.messages.leased' })
      return this.poll()
    }
    if (!this.holder) this.holder = { p, lease: await this.lease(p, true) }
    await this.poll()
  }

  lease(p: number, takeOver = false): Promise<MessageLease> {
    return processOf(p).messages.lease(this.name, { connectionId: `c${p}`, takeOver })
  }

  async poll(): Promise<void> {
    if (!this.holder) return
    const { p, lease } = this.holder
    for (const { messageId, payload } of (await lease.receive()).messages) {
      this.got.push((payload as { n: number }).n)
      await processOf(p).messages.acknowledge(this.name, messageId)
    }
  }
}

async function live(world: World, one: typeof step extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
  if (one.kind === 'set') {
    await setClock(one.p, Math.max(-3 * DAY_MS, Math.min(3 * DAY_MS, (skews[one.p] ?? 0) + one.by)))
  }
  if (one.kind === 'set right') await setClock(one.p, 0)
  if (one.kind === 'pass') time.ms += one.ms
  if (one.kind === 'append') await world.append(one.p)
  if (one.kind === 'save') await world.save(one.p)
  if (one.kind === 'send') await world.send(one.p)
  if (one.kind === 'read') await world.read(one.p)
  if (one.kind === 'die') world.holder = undefined
  for (const p of skews.keys()) world.lowest[p] = Math.min(world.lowest[p] ?? 0, nowOf(p))
  // A reader polls.
  if (one.kind === 'pass') await world.poll()
}

describe('whatever the clocks of several processes do', () => {
  it('nothing that is promised is lost, hidden or put in another order', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(story, async (steps) => {
        await setAllRight()
        const world = new World()
        for (const one of steps) await live(world, one)
        await setAllRight()

        // Events: all are seen by all, and those of a process are in order unless its clock was set back by more than a
        // minute.
        const ids = world.appended.map(({ id }) => id).sort()
        for (const p of skews.keys()) {
          const { items } = await processOf(p).events.byUser(world.name, { order: 'asc' })
          expect(items.map(({ id }) => id)).toEqual(ids)
          const own = world.appended.filter((event) => event.p === p)
          for (const [i, { id, now, lowest }] of own.entries()) {
            expect(idTime(id)).toBeGreaterThanOrEqual(now)
            expect(idTime(id) - now).toBeLessThanOrEqual(60_000)
            const before = own[i - 1]
            if (before && lowest >= before.now - 60_000 && now >= idTime(before.id) - 60_000)
              expect(id > before.id).toBe(true)
          }
        }

        // The agent: each state follows the one before, and is found at the moment of its saving.
        const history = await processOf(0).agentState.history(world.name, { order: 'asc' })
        expect(history.items).toEqual(world.saved)
        const [from = 0, to = 0] = [...world.saved.map(({ updatedAt }) => updatedAt.getTime())]
          .sort((a, b) => a - b)
          .slice(1)
        const within = world.saved.filter(({ updatedAt }) => +updatedAt >= from && +updatedAt < to)
        const range = { from: new Date(from), to: new Date(to), order: 'asc' as const }
        expect((await processOf(1).agentState.history(world.name, range)).items).toEqual(within)

        // Messages: whoever reads in the end has the rest, once and in the order of the sending.
        if (!world.holder) {
          for (let second = 0; !world.holder; second++) {
            expect(second).toBeLessThan(100)
            const lease = await world.lease(2).catch(() => undefined)
            if (lease) world.holder = { p: 2, lease }
            time.ms += 1000
          }
        }
        await world.poll()
        const promised = world.sent
          .filter(({ expiresAt, isAhead }) => expiresAt > time.ms && !isAhead)
          .map(({ n }) => n)
        expect(world.got.filter((n) => promised.includes(n))).toEqual(promised)
        expect(new Set(world.got).size).toBe(world.got.length)
        await world.holder?.lease.release()
      }),
      { numRuns: LONG ? 300 : 4 },
    )
  })
})
