import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPostgres, parsePostgresSettings } from '@miyabi/postgres'
import { until } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DatabaseContext, mapError } from '../../src/index.js'
import { replicasUp, type Switch, startSwitch, startWorld, type World } from './world.js'

let world: World
let primary: Switch
let service: Switch
let db: DatabaseContext
let userId: string
const portOf = (url = ''): number => Number(new URL(url).port)
beforeAll(async () => {
  world = await startWorld(2)
  const { DATABASE_URL = '', SERVICE_DATABASE_URL = '' } = world.env
  primary = await startSwitch(portOf(DATABASE_URL))
  service = await startSwitch(portOf(SERVICE_DATABASE_URL))
  const env = { DATABASE_URL: primary.url(DATABASE_URL), SERVICE_DATABASE_URL: service.url(SERVICE_DATABASE_URL) }
  db = await world.open({ env })
  userId = (await db.asService().pg.user.create({ data: { email: `${randomUUID()}@example.com`, name: '0' } })).id
  await replicasUp(db)
}, 180_000)
afterAll(async () => {
  await db?.close(0)
  await Promise.all([primary, service, world].map((one) => one?.[Symbol.asyncDispose]()))
})

/** What callers saw in one phase of it. */
interface Seen {
  reads: number
  onReplica: number
  writes: number
  readonly failed: Map<string, number>
}

describe('a failover', () => {
  it('needs no restart: reads go on from replicas, writes with the new primary, and nobody sees less than before', {
    timeout: 120_000,
  }, async () => {
    const phases = new Map<string, Seen>()
    let phase = 'before'
    let written = 0
    let seen = 0
    let isOver = false
    const note = (): Seen => {
      const known = phases.get(phase) ?? { reads: 0, onReplica: 0, writes: 0, failed: new Map() }
      phases.set(phase, known)
      return known
    }
    const failed = (what: string) => (error: unknown) => {
      const { code = String(error).slice(0, 200) } = mapError(error) as { readonly code?: string }
      const { failed: counts } = note()
      counts.set(`${what}: ${code}`, (counts.get(`${what}: ${code}`) ?? 0) + 1)
    }
    let token: string | undefined
    const writing = (async () => {
      for (; !isOver; await sleep(20)) {
        const me = db.as({ userId })
        const next = written + 1
        await me.pg.user.update({ where: { id: userId }, data: { name: String(next) } }).then(async () => {
          written = next
          note().writes += 1
          token = await me.token()
        }, failed('write'))
      }
    })()
    const reading = (async () => {
      for (; !isOver; await sleep(10)) {
        const read = db.as({ userId }, { after: token }).replica
        const statement = 'SELECT name::int AS value, pg_is_in_recovery() AS standby FROM users'
        await read.query<{ value: number; standby: boolean }>(statement).then(({ rows: [row] }) => {
          note().reads += 1
          if (row?.standby) note().onReplica += 1
          expect(row?.value).toBeGreaterThanOrEqual(seen)
          seen = row?.value ?? 0
        }, failed('read'))
      }
    })()
    // A transaction on the standby that is promoted below.
    const [first = ''] = (world.env['DATABASE_REPLICA_URLS'] ?? '').split(',')
    await using standby = createPostgres(parsePostgresSettings({ ...world.env, DATABASE_URL: first }))
    const begun = await standby.pool.connect()
    await begun.query('BEGIN')
    await begun.query('SELECT 1')
    await sleep(300)

    // The machine of the primary is gone.
    const last = written
    primary.lead(undefined)
    service.lead(undefined)
    phase = 'primary gone'
    await sleep(700)
    expect(note().writes).toBe(0)

    world.promote(1)
    primary.lead(portOf(first))
    service.lead(portOf(first))
    phase = 'promoted, and the name leads there'
    const isServed = async () => note().writes > 5 && note().reads > 20
    try {
      await until(isServed)
      phase = 'after'
      await until(isServed)
    } finally {
      isOver = true
      await Promise.all([writing, reading])
      for (const [name, { failed: counts, ...figures }] of phases)
        console.info(`failover: ${name}: ${JSON.stringify({ ...figures, failed: Object.fromEntries(counts) })}`)
    }

    // Whatever passed the check before the promotion cannot write behind it.
    expect((await begun.query('SELECT pg_is_in_recovery() AS standby')).rows).toEqual([{ standby: false }])
    await begun.query('SAVEPOINT written')
    await expect(begun.query('CREATE TEMP TABLE written ()')).rejects.toMatchObject({ code: '25006' })
    await begun.query('ROLLBACK TO written')
    await expect(begun.query('SET transaction_read_only = off')).rejects.toMatchObject({ code: '25001' })
    begun.release(true)

    expect(written).toBeGreaterThan(last)
    expect([...(phases.get('after')?.failed ?? [])]).toEqual([])
    // The one is a primary now, the other follows the one that is gone: neither is read from.
    const { replicas = [] } = await db.healthCheck({ replicas: true })
    expect(new Map(replicas.map(({ name, problem }) => [name, problem]))).toEqual(
      new Map([
        ['replica-1', 'promoted'],
        ['replica-2', 'other_history'],
        ['service-replica-1', 'promoted'],
        ['service-replica-2', 'other_history'],
      ]),
    )
  })
})
