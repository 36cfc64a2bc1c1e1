import { randomUUID } from 'node:crypto'
import { Budget, sql, type TestDatabase, until } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseContext, type StreamStats, usageProjection, usageRecorded } from '../../src/index.js'
import { testEnvironment } from '../environment.js'
import { TestProcess } from '../process.js'

let database: TestDatabase
let env: Record<string, string>
let db: DatabaseContext
const users: string[] = []
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
  db = await DatabaseContext.fromEnv({ env })
  const { pg } = db.asService()
  for (const name of ['alice', 'bob']) users.push((await pg.user.create({ data: { email: `${name}@example.com` } })).id)
  for (const id of ['plugin-a', 'plugin-b']) {
    const plugin = { name: id, displayName: id, source: 'github:miyabi/plugin', version: '1.0.0', tier: 'pro' } as const
    await pg.plugin.create({ data: { id, ...plugin } })
  }
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

/** Consumes, tells of each batch that it has counted, and only then lets it be committed. */
const CONSUMER = `
  const db = await miyabi.DatabaseContext.fromEnv()
  const { handle } = miyabi.usageProjection
  db.streams.consume('usage', {
    ...miyabi.usageProjection, batch: 10, leaseMs: 1000,
    async handle(changes, tx, run) {
      const handled = await handle(changes, tx, run)
      console.log('counted')
      await new Promise((resolve) => setTimeout(resolve, 5))
      return handled
    },
  })`

const totals = async () => {
  const { rows } = await db
    .asService()
    .query<Record<string, string>>(
      `SELECT user_id, plugin_id, period, issues, tokens, agent_executions FROM usage_aggregates ORDER BY 1, 2, 3`,
    )
  return rows
}

describe('usage that events record', () => {
  const budget = new Budget({ name: 'killed consumers of usage', short: 2, longSeconds: 120 })

  it('is counted once, whoever is killed while it is', { timeout: budget.timeoutMs }, async () => {
    using kills = budget
    const pick = <T>(of: readonly T[]): T => of[Math.floor(kills.random() * of.length)] as T
    const expected = new Map<string, { issues: number; tokens: number; coder: number }>()
    let counted = 0
    const now = new Date()
    const write = async (): Promise<void> => {
      const events = Array.from({ length: 60 }, () => {
        const [userId, pluginId, meter] = [
          pick(users),
          pick(['plugin-a', 'plugin-b']),
          pick(['issues', 'tokens', 'agent']),
        ]
        const quantity = 1 + Math.floor(kills.random() * 9)
        const occurredAt = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1) + pick([-1, 1]))
        const period = occurredAt.toISOString().slice(0, 7)
        const sum = expected.get(`${userId} ${pluginId} ${period}`) ?? { issues: 0, tokens: 0, coder: 0 }
        expected.set(`${userId} ${pluginId} ${period}`, sum)
        const facts = { userId, pluginId, quantity, use: 'command_used' } as const
        counted += 1
        if (meter === 'agent') {
          sum.coder += quantity
          return usageRecorded({ ...facts, meter: 'agent_executions', agent: 'coder' }, { occurredAt })
        }
        sum[meter as 'issues' | 'tokens'] += quantity
        return usageRecorded({ ...facts, meter: meter as 'issues' | 'tokens' }, { occurredAt })
      })
      await db.dynamodb.events.appendMany([...events, { eventType: 'webhook' }])
    }
    while (kills.next()) {
      await write()
      await using victim = new TestProcess(CONSUMER, env)
      await victim.says('counted')
      if (kills.random() < 0.5) await write()
      victim.child.kill('SIGKILL')
    }
    await using last = db.streams.consume('usage', { ...usageProjection, leaseMs: 1000 })
    const rows = async () =>
      (await db.asService().query<{ n: number }>('SELECT count(*)::int AS n FROM usage_events')).rows
    await until(async () => (await rows())[0]?.n === counted && last.stats().behindMs === 0)
    // A computer that stands still for a second loses its lease: it is fenced then, and what it did is counted once.
    expect(last.stats()).toMatchObject({ dead: 0, gaps: 0 })
    expect(await totals()).toEqual(
      [...expected]
        .map(([key, { issues, tokens, coder }]) => {
          const [user_id, plugin_id, period] = key.split(' ')
          const agent_executions = coder > 0 ? { coder } : {}
          return { user_id, plugin_id, period, issues, tokens: String(tokens), agent_executions }
        })
        .sort((a, b) =>
          `${a.user_id} ${a.plugin_id} ${a.period}` < `${b.user_id} ${b.plugin_id} ${b.period}` ? -1 : 1,
        ),
    )
  })

  it('is a dead letter where its user does not exist, and holds up no other', async () => {
    const before = await db.asService().pg.usageEvent.count()
    const [facts, nobody] = [{ pluginId: 'plugin-a', use: 'command_used', meter: 'issues' } as const, randomUUID()]
    const usages = [users[0] ?? '', nobody, users[1] ?? ''].map((userId) =>
      usageRecorded({ ...facts, userId, quantity: 1, details: { note: 'a' } }),
    )
    await using consumer = db.streams.consume('usage', { ...usageProjection, leaseMs: 1000 })
    for (const usage of usages) await db.dynamodb.events.append(usage)
    await until(async () => (await db.asService().pg.usageEvent.count()) === before + 2 && consumer.stats().dead === 1)
    const { rows } = await db.asService().query(`SELECT consumer, code, record FROM stream_dead`)
    expect(rows).toMatchObject([{ consumer: 'usage', code: 'postgres.foreign_key_violation' }])
    expect(JSON.stringify(rows[0]?.['record'])).toContain(nobody)
    const [row] = await db.asService().pg.usageEvent.findMany({ orderBy: { createdAt: 'desc' }, take: 1 })
    expect(row).toMatchObject({ quantity: 1, meter: 'issues', agent: null, eventData: { note: 'a' } })
  })

  it('is a dead letter where its month was dropped, and waits where nobody has made it yet', async () => {
    await sql(database.directDatabaseUrl, 'DROP TABLE parts.usage_events_before')
    const facts = { userId: users[0] ?? '', pluginId: 'plugin-a', use: 'command_used', meter: 'issues' } as const
    await using consumer = db.streams.consume('usage', { ...usageProjection, leaseMs: 1000 })
    const occurredAt = new Date(Date.now() - 60 * 86_400_000)
    await db.dynamodb.events.appendMany([
      usageRecorded({ ...facts, quantity: 1 }, { occurredAt }),
      usageRecorded({ ...facts, quantity: 2 }),
    ])
    await until(async () => consumer.stats().failing?.code === 'db.usage.month_missing')
    await sql(
      database.directDatabaseUrl,
      `SELECT parts.add_month('usage_events', (now() AT TIME ZONE 'UTC')::date + days) FROM unnest(ARRAY[0, 2]) AS days`,
    )
    await until(async () => (await db.asService().pg.usageEvent.count()) === 1 && consumer.stats().dead === 1)
    const { rows } = await db.asService().query(`SELECT code FROM stream_dead ORDER BY created_at DESC LIMIT 1`)
    expect(rows).toEqual([{ code: 'postgres.month_missing' }])
    expect(await db.asService().pg.usageEvent.findMany()).toMatchObject([{ quantity: 2 }])
  })

  it('tells how it is doing, and nothing of a consumer that is closed', async () => {
    const consumer = db.streams.consume('usage', usageProjection)
    const stats = (): readonly StreamStats[] => db.stats().streams
    expect(stats()).toMatchObject([{ consumer: 'usage', from: 'events', gaps: 0, behindMs: 0 }])
    expect(await consumer.close()).toEqual({ drained: true })
    expect(stats()).toEqual([])
  })
})
