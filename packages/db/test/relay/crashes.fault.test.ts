import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Budget, until } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import type { Ask } from '../../src/relay/leases.js'
import type { FindTarget } from '../../src/relay/target.js'
import { Crash, judge, makeLedger, PLACES, type Place, Receiver, RIGHT, type Verdict, write } from './exchange.js'
import { INSERT, OutboxWorld, parametersOf } from './world.js'

const GRACE_MS = 120_000

/** Relays that crash one after another while writers go on; then one that finishes. */
async function exchange(
  budget: Budget,
  options: { readonly ask?: (ask: Ask) => Ask; readonly places?: readonly Place[] } = {},
): Promise<Verdict & { readonly rows: number }> {
  await using world = await OutboxWorld.open()
  await makeLedger(world)
  const receiver = new Receiver()
  const handlers = {
    hook: { handle: async ({ id }: { id: string }, { key = '' }) => receiver.hear(id, key) },
  }
  const ask = options.ask?.(world.ask) ?? world.ask
  const find = world.targets(handlers)
  const writing = write(world, {
    writers: 4,
    keys: 3,
    random: () => budget.random(),
    backlog: async () => (await world.ask<{ n: number }>('SELECT count(*)::int AS n FROM outbox', []))[0]?.n ?? 0,
  })
  const { places = PLACES } = options
  const hits = new Set<string>()
  while (budget.next()) {
    const place = places[Math.floor(budget.random() * places.length)] ?? 'send'
    const crash = new Crash(place, 1 + Math.floor(budget.random() * (place.startsWith('sen') ? 12 : 2)))
    const crashing: FindTarget = (row) => {
      const target = find(row)
      return target && crash.target(target)
    }
    world.bareRelay({ ask: crash.ask(ask), find: crashing })
    await until(async () => crash.isDead)
    hits.add(place)
    // As if its lease had run out.
    await world.sql(`UPDATE outbox_partitions SET held_until = '1970-01-01Z'`)
  }
  await writing.stop()
  const last = world.bareRelay({ ask, find })
  expect(await last.drain(GRACE_MS)).toEqual({ drained: true })
  await until(async () => (await world.rows()).length === 0)
  await last.close(GRACE_MS)
  if (budget.rounds >= 16) expect(hits.size).toBeGreaterThan(5)
  const verdict = await judge(world, receiver)
  expect(verdict.rows).toBe(writing.committed)
  expect(world.failures).toEqual([])
  return verdict
}

describe('relays that crash anywhere', () => {
  const budget = new Budget({ name: 'relay crashes', short: 16, longSeconds: 900 })
  it(
    'lose nothing, double nothing in DynamoDB, keep the order of keys, and carry out nothing that was rolled back',
    async () => {
      using _ = budget
      expect(await exchange(budget)).toMatchObject(RIGHT)
    },
    budget.timeoutMs,
  )
})

describe('the ledger tells', () => {
  const few = (name: string): Budget => new Budget({ name, short: 3, longSeconds: 1 })

  it('of rows that are deleted before they are sent', async () => {
    const early =
      (ask: Ask): Ask =>
      async (text, values) => {
        const rows = await ask<{ partition: number | null; position: string | null }>(text, values)
        const found = /FROM outbox AS o/.test(text) ? rows.filter(({ position }) => position != null) : []
        if (found.length > 0 && !/^\s*WITH/.test(text)) {
          await ask('DELETE FROM outbox WHERE position = ANY ($1::bigint[])', [found.map(({ position }) => position)])
        }
        return rows as never
      }
    const { lost } = await exchange(few('early'), { ask: early, places: ['send'] })
    expect(lost).toBeGreaterThan(0)
  })

  it.each([
    ['not locked', 1],
    ['locked', 0],
  ])('of keys that are %s, whose later transaction commits first', async (how, expected) => {
    await using world = await OutboxWorld.open()
    await makeLedger(world)
    if (how === 'not locked') {
      const [found] = await world.sql<{ def: string }>(`SELECT pg_get_functiondef('outbox_place'::regproc) AS def`)
      const def = found?.def.replace(/PERFORM pg_advisory_xact_lock[^;]*;/, '') ?? ''
      expect(def).not.toBe(found?.def)
      await world.sql(def)
    }
    const receiver = new Receiver()
    const relay = world.relay({
      hook: { handle: async ({ id }: { id: string }, { key = '' }) => receiver.hear(id, key) },
    })
    let commit = (): void => {}
    const mayCommit = new Promise<void>((resolve) => {
      commit = resolve
    })
    let isWritten = false
    const first = writeOne(world, async () => {
      isWritten = true
      await mayCommit
    })
    await until(async () => isWritten)
    const second = writeOne(world).then((id) => until(async () => receiver.arrivals.has(id)))
    await Promise.race([second, sleep(1500)])
    commit()
    await Promise.all([first, second])
    expect(await relay.drain(GRACE_MS)).toEqual({ drained: true })
    expect(await judge(world, receiver)).toEqual({ ...RIGHT, rows: 2, misordered: expected })
  })
})

/** One row under one key, in a transaction that goes on for as long as it is held. */
async function writeOne(world: OutboxWorld, hold: () => Promise<void> = async () => {}): Promise<string> {
  const id = randomUUID()
  await world.db.asService().transaction(async (_tx, { query }) => {
    await query(INSERT, parametersOf([{ topic: 'hook', key: 'k', payload: { id } }], [id]))
    await query(`INSERT INTO ledger (id, key, topic) VALUES ($1, 'k', 'hook')`, [id])
    await hold()
  })
  return id
}
