import { randomUUID } from 'node:crypto'
import { sleep } from '@miyabi/core'
import { agentExecutionProjection, DatabaseContext, usageProjection, usageRecorded } from '@miyabi/db'
import { parseDynamoSettings } from '@miyabi/dynamo'
import { Budget, until } from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createBackup, openTarget, restoreBackup, resumeStore } from '../src/index.js'
import { startStore, type TestStore } from './s3.js'
import { openStore, type Store } from './store.js'
import { newKey } from './written-backup.js'

const key = newKey()
let s3: TestStore
beforeAll(async () => {
  s3 = await startStore()
})
afterAll(() => s3.close())

const USERS = 3
const WRITERS = 3

/** What was asked of the stores: a usage of so much, known by its id. */
interface Usage {
  readonly id: string
  readonly userId: string
  readonly quantity: number
  /** Whether a transaction caused it, that also left a row under the same id. */
  readonly isCaused: boolean
  /** Whether it had been acknowledged when the backup began. */
  readonly isBefore: boolean
}

/** Writers that go on until they are told to end, and the model of what they were told. */
class Writers {
  readonly usages = new Map<string, Usage>()
  readonly agents: readonly string[]
  isBefore = true
  isOver = false
  readonly #db: DatabaseContext
  readonly #users: readonly string[]
  readonly #random: () => number

  constructor(db: DatabaseContext, users: readonly string[], agents: readonly string[], random: () => number) {
    this.#db = db
    this.#users = users
    this.agents = agents
    this.#random = random
  }

  async run(): Promise<void> {
    while (!this.isOver) {
      const kind = this.#random()
      if (kind < 0.45) await this.#append()
      else if (kind < 0.8) await this.#cause()
      else await this.#save()
    }
  }

  #usage(isCaused: boolean) {
    const userId = this.#users[Math.floor(this.#random() * USERS)] ?? ''
    const quantity = 1 + Math.floor(this.#random() * 9)
    const idempotencyKey = randomUUID()
    // Events happen when they are said to, be it before or after they are written.
    const occurredAt = new Date(Date.now() + Math.round((this.#random() - 0.5) * 600_000))
    const event = usageRecorded(
      { userId, pluginId: 'p', use: 'command_used', meter: 'issues', quantity, details: { isCaused } },
      { occurredAt, idempotencyKey },
    )
    return {
      event,
      note: (id: string) => this.usages.set(id, { id, userId, quantity, isCaused, isBefore: this.isBefore }),
    }
  }

  async #append(): Promise<void> {
    const { event, note } = this.#usage(false)
    const { id } = await this.#db.dynamodb.events.append(event)
    note(id)
  }

  async #cause(): Promise<void> {
    const { event, note } = this.#usage(true)
    const id = await this.#db.asService().transaction(async (tx, { outbox }) => {
      const { id } = outbox.events.append(event)
      await tx.log.create({ data: { level: 'info', message: id } })
      return id
    })
    note(id)
  }

  async #save(): Promise<void> {
    const agentId = this.agents[Math.floor(this.#random() * this.agents.length)] ?? ''
    const { agentState } = this.#db.dynamodb
    const now = await agentState.current(agentId)
    const progress = Math.floor(this.#random() * 100)
    await agentState.save({ agentId, status: 'running', progress, expectedVersion: now?.version ?? 0 }).catch(() => {}) // another writer came first
  }
}

const contextOf = ({ env }: Store) => DatabaseContext.fromEnv({ env })

/** Relay and both projections. */
function start(db: DatabaseContext) {
  db.relay({ leaseMs: 1000 })
  const options = { leaseMs: 1000 }
  return [
    db.streams.consume('usage', { ...usageProjection, ...options }),
    db.streams.consume('executions', { ...agentExecutionProjection, ...options }),
  ]
}

const budget = new Budget({ name: 'backups under writers, restored and resumed', short: 1, longSeconds: 240 })

it('by way of S3, encrypted, counts nothing twice and nothing not at all, whatever was on its way at the cut', {
  timeout: budget.timeoutMs,
}, async () => {
  using rounds = budget
  const target = await openTarget({ target: `s3://${s3.bucket}/backups/`, s3Endpoint: s3.endpoint })
  while (rounds.next()) {
    await using source = await openStore({ tables: true })
    await source.sql(
      `INSERT INTO plugins (id, name, display_name, source, version, tier) VALUES ('p', 'p', 'p', 'github:a/b', '1.0.0', 'pro')`,
    )
    const users = (
      await source.sql<{ id: string }>(
        `INSERT INTO users (email) SELECT 'u' || i || '@example.com' FROM generate_series(1, ${USERS}) AS i RETURNING id`,
      )
    ).map(({ id }) => id)
    const agents = (
      await source.sql<{ id: string }>(
        `WITH person AS (INSERT INTO web_users (github_id, github_username) VALUES (1, 'w') RETURNING id),
              repository AS (INSERT INTO repositories (user_id, github_repo_id, owner, name, full_name) SELECT id, 1, 'a', 'b', 'a/b' FROM person RETURNING id, user_id)
         INSERT INTO agent_executions (user_id, repository_id, agent_type, status)
         SELECT user_id, id, 'CodeGen', 'pending' FROM repository, generate_series(1, 2) RETURNING id`,
      )
    ).map(({ id }) => id)
    const db = await contextOf(source)
    start(db)
    const writers = new Writers(db, users, agents, () => rounds.random())
    const writing = Promise.all(Array.from({ length: WRITERS }, () => writers.run()))
    await sleep(300 + rounds.random() * 700)
    writers.isBefore = false
    const acknowledged = [...writers.usages.values()].filter(({ isBefore }) => isBefore)
    const { id: backup } = await createBackup({
      database: source.url,
      dynamodb: parseDynamoSettings(source.env),
      target,
      key,
      clockSkewMs: 0,
      writeTimeoutMs: 500,
    })
    const lastBefore = new Set(writers.usages.keys())
    await sleep(100)
    writers.isOver = true
    await writing
    await db.close()

    await using into = await openStore()
    const restored = await restoreBackup({ ...into.place, target, key, backup, erase: 'without' })
    await using again = await contextOf(into)
    const consumers = start(again) // before it is resumed: they wait
    await resumeStore({ ...into.place, outbox: 'deliver', erase: 'without' })
    expect(restored.outbox.every(({ topic }) => topic === 'events.append')).toBe(true)
    await until(async () => (await into.sql('SELECT FROM outbox')).length === 0)
    const from = new Date(Date.now() - 3_600_000)
    const stored = async (): Promise<Set<string>> => {
      const ids = new Set<string>()
      for (let cursor: string | undefined, isFirst = true; isFirst || cursor; isFirst = false) {
        const page = await again.dynamodb.events.byType('usage.recorded', {
          from,
          to: new Date(Date.now() + 3_600_000),
          limit: 500,
          ...(cursor && { cursor }),
        })
        for (const { id } of page.items) ids.add(id)
        cursor = page.cursor
      }
      return ids
    }
    const counted = async () =>
      new Set((await into.sql<{ id: string }>('SELECT id FROM usage_events')).map(({ id }) => id))
    const items = await stored()
    await until(async () => {
      const rows = await counted()
      return [...items].every((id) => rows.has(id)) && consumers.every((one) => one.stats().behindMs === 0)
    })

    const rows = await counted()
    // What was acknowledged before the backup began is there, and nothing that began after it had ended.
    for (const { id } of acknowledged.filter(({ isCaused }) => !isCaused)) expect(items.has(id)).toBe(true)
    for (const id of [...writers.usages.keys()].filter((one) => !lastBefore.has(one))) expect(items.has(id)).toBe(false)
    // A transaction's row has its effect; effects may be ahead of their rows by the skew.
    const caused = new Set(
      (await into.sql<{ message: string }>('SELECT message FROM logs')).map(({ message }) => message),
    )
    expect([...caused].filter((id) => !items.has(id))).toEqual([])
    // Each once.
    const totals = await into.sql<{ user_id: string; issues: number }>(
      'SELECT user_id, sum(issues)::int AS issues FROM usage_aggregates GROUP BY user_id ORDER BY user_id',
    )
    const sums = new Map<string, number>()
    for (const id of rows) {
      const usage = writers.usages.get(id)
      if (usage) sums.set(usage.userId, (sums.get(usage.userId) ?? 0) + usage.quantity)
    }
    expect(totals).toEqual(
      [...sums].map(([user_id, issues]) => ({ user_id, issues })).sort((a, b) => (a.user_id < b.user_id ? -1 : 1)),
    )
    for (const agentId of agents) {
      const state = await again.dynamodb.agentState.current(agentId)
      const [row] = await into.sql<{ status: string }>('SELECT status FROM agent_executions WHERE id = $1', [agentId])
      expect(row?.status).toBe(state?.status ?? 'pending')
    }
  }
})
