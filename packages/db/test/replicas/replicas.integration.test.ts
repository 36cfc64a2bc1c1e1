import { setTimeout as sleep } from 'node:timers/promises'
import { databasesRunning, sql, startPrivateServer, until } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { DatabaseContext, type DatabaseHealth, type Identity, mapError, type PrismaClient } from '../../src/index.js'
import { observe } from '../../src/telemetry/index.js'
import { RecordingLogger } from '../recording-logger.js'
import { readsOf, replicasUp, startWorld, type World } from './world.js'

let world: World
let db: DatabaseContext
const people: Identity[] = []
beforeAll(async () => {
  world = await startWorld(2)
  db = await world.open()
  await db.dynamodb.tables.apply()
  for (const name of ['alice', 'bob']) {
    const { id } = await db.asService().pg.user.create({
      data: { email: `${name}@example.com`, name, pluginSubmissions: { create: { pluginData: { of: name } } } },
    })
    people.push({ userId: id })
  }
  await replicasUp(db)
}, 180_000)
afterAll(async () => {
  await db?.close(0)
  await world?.[Symbol.asyncDispose]()
})
const alice = () => people[0] as Identity & { userId: string }
const bob = () => people[1] as Identity
/** With everything that was written so far. */
const later = async (identity: Identity) => {
  const me = db.as(identity)
  await me.query('SELECT 1')
  return db.as(identity, { after: await me.token() })
}
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (mapError(error) as { code?: string }).code,
  )
const isStandby = 'SELECT pg_is_in_recovery() AS standby'

describe('me.replica', () => {
  it('answers each person with their own rows, on a standby, in every form that reads', async () => {
    for (const [identity, name] of [
      [alice(), 'alice'],
      [bob(), 'bob'],
    ] as const) {
      const { replica } = await later(identity)
      const before = readsOf(db)
      expect((await replica.query(isStandby)).rows).toEqual([{ standby: true }])
      expect(await replica.pg.user.findMany({ select: { name: true } })).toEqual([{ name }])
      expect(await replica.pg.user.findMany({ include: { pluginSubmissions: true } })).toMatchObject([
        { name, pluginSubmissions: [{ pluginData: { of: name } }] },
      ])
      expect(await replica.pg.user.count()).toBe(1)
      expect(await replica.pg.user.aggregate({ _max: { name: true } })).toEqual({ _max: { name } })
      expect(await replica.pg.user.groupBy({ by: ['name'] })).toEqual([{ name }])
      expect(await replica.pg.$queryRaw`SELECT name FROM users`).toEqual([{ name }])
      expect(await replica.read((pg) => pg.pluginSubmission.count())).toBe(1)
      expect(readsOf(db).primary).toBe(before.primary)
    }
    expect(await codeOf(db.asService().replica.query(isStandby))).toBe('done')
  })

  it('asks in the round trip of the statement, by compiled plans, and tells those who observe', async () => {
    const { replica } = await later(alice())
    const facts: { pool: string; path: string; scope: object | undefined }[] = []
    for (let i = 0; i < 3; i += 1) await replica.pg.user.findMany({ where: { name: 'alice' } })
    const stop = db.observe({ statement: (fact) => facts.push(fact) })
    await replica.pg.user.findMany({ where: { name: 'alice' } })
    await replica.pg.user.findMany({ where: { name: 'alice' } })
    stop()
    expect(facts).toHaveLength(2)
    for (const fact of facts)
      expect(fact).toMatchObject({ pool: expect.stringMatching(/^replica-[12]$/), path: 'compiled' })
    expect(facts[0]?.scope).toBe(facts[1]?.scope)
    const read = db.stats().postgres.replicas?.replicas.map(({ reads }) => reads)
    using telemetry = observe(db)
    const text = await telemetry.prometheus()
    for (const [index, reads] of (read ?? []).entries()) {
      expect(text).toMatch(new RegExp(`miyabi_replica_up\\{miyabi_replica="replica-${index + 1}"\\} [01]`))
      expect(text).toContain(`miyabi_replica_reads_total{miyabi_replica="replica-${index + 1}"} ${reads}`)
    }
    expect(db.servers.replicas).toMatchObject({ 'replica-1': { port: expect.any(Number) } })
  })

  it('shows what was written a moment ago in the same scope', async () => {
    for (let i = 0; i < 50; i += 1) {
      const me = db.as(alice())
      await me.pg.user.update({ where: { id: alice().userId }, data: { name: `alice ${i}` } })
      expect(await me.replica.pg.user.findMany({ select: { name: true } })).toEqual([{ name: `alice ${i}` }])
    }
  })

  it('loads nothing into the cache of before the place from which the entry counts', async () => {
    const names = { select: { name: true } } as const
    const nameFor = (me: ReturnType<typeof db.as>, key: string) =>
      me.cache.getOrSet([key], { ttlMs: 60_000 }, ({ replica }) => replica.pg.user.findMany(names))
    for (const replica of [1, 2]) world.replay(replica, 'SIGSTOP')
    try {
      await db.asService().pg.user.update({ where: { id: alice().userId }, data: { name: 'alice anew' } })
      expect(await nameFor(db.as(alice()), 'of a replica that stands still')).toEqual([{ name: 'alice anew' }])
    } finally {
      for (const replica of [1, 2]) world.replay(replica, 'SIGCONT')
    }
  })

  it('waits for as long as it is told: not at all, until its caller leaves, or until everything is closed', async () => {
    await using hasty = await world.open({ replicas: { waitMs: 0 } })
    await using patient = await world.open({ replicas: { waitMs: 60_000 } })
    await Promise.all([hasty, patient].map(replicasUp))
    for (const replica of [1, 2]) world.replay(replica, 'SIGSTOP')
    try {
      const before = db.as(alice())
      await before.pg.user.update({ where: { id: alice().userId }, data: { name: 'alice in haste' } })
      const after = await before.token()
      const read = (from: DatabaseContext) => from.as(alice(), { after }).replica
      expect((await read(hasty).query(isStandby)).rows).toEqual([{ standby: false }])
      expect(hasty.stats().postgres.replicas?.toPrimary.behind).toBe(1)

      const leaving = new AbortController()
      const left = read(patient).read((pg) => pg.user.findMany(), { signal: leaving.signal })
      const waiting = codeOf(read(patient).query(isStandby))
      await sleep(20)
      leaving.abort(new Error('the caller left'))
      await expect(left).rejects.toThrow('the caller left')
      await patient.close(0)
      expect(await waiting).toBe('postgres.pool.closed')
      expect(patient.stats().postgres.replicas?.replicas.map(({ reads }) => reads)).toEqual([0, 0])
    } finally {
      for (const replica of [1, 2]) world.replay(replica, 'SIGCONT')
    }
  })

  it('has nothing that writes: by its type, by the standby, and by the transaction where the primary answers', async () => {
    const { replica } = await later(alice())
    expectTypeOf<keyof typeof replica>().toEqualTypeOf<'pg' | 'read' | 'query'>()
    expectTypeOf<Extract<keyof (typeof replica)['pg'], `$${string}`>>().toEqualTypeOf<'$queryRaw' | '$queryRawUnsafe'>()
    expectTypeOf<Extract<keyof (typeof replica)['pg']['user'], 'create' | 'update' | 'upsert' | 'delete'>>().toBeNever()
    const { DATABASE_REPLICA_URLS: _, ...without } = world.env
    await using own = await DatabaseContext.fromEnv({ env: without })
    for (const scope of [replica, own.as(alice()).replica]) {
      const writing = scope.pg as PrismaClient // as somebody has it who does not look at types
      const { userId: id } = alice()
      const writes = [
        () => scope.query(`UPDATE users SET name = 'written'`),
        () => scope.read((pg) => pg.$queryRaw`UPDATE users SET name = 'written' RETURNING id`),
        () => writing.user.update({ where: { id }, data: { name: 'written' } }),
        () => writing.user.create({ data: { email: 'written@example.com' } }),
        () => writing.$executeRaw`UPDATE users SET name = 'written'`,
        () => writing.$transaction([writing.user.updateMany({ data: { name: 'written' } })]),
        () => writing.$transaction((tx) => tx.user.updateMany({ data: { name: 'written' } })),
      ]
      const codes: (string | undefined)[] = []
      for (const write of writes) codes.push(await codeOf(write()))
      expect(codes).toEqual(writes.map(() => 'postgres.read_only'))
    }
    expect(await db.asService().pg.user.count({ where: { name: 'written' } })).toBe(0)
    expect(own.stats().postgres.replicas).toBeUndefined()
  })

  it('goes to the primary with a token that means nothing, and makes no error of it', async () => {
    const before = readsOf(db)
    for (const after of ['v1.forged', await db.as(bob()).token(), await (await later(bob())).token()]) {
      const { rows } = await db.as(alice(), { after }).replica.query(isStandby)
      expect(rows).toEqual([{ standby: after === undefined }])
    }
    expect(readsOf(db).primary - before.primary).toBe(2)
  })

  it('goes to the primary once where the standby cancels it to go on with the log', async () => {
    for (const replica of [1, 2]) world.configure(replica, 'max_standby_streaming_delay = 0')
    const me = await later(alice())
    const statement = `SELECT pg_is_in_recovery() AS standby, (SELECT count(*) FROM trials)
      FROM pg_sleep(CASE WHEN pg_is_in_recovery() THEN 20 ELSE 0 END)`
    const urls = (world.env['DATABASE_REPLICA_URLS'] ?? '').split(',')
    let reading = me.replica.query<{ standby: boolean }>(statement)
    for (;;) {
      const running = await Promise.all(urls.map((url) => databasesRunning(url, 'FROM trials')))
      if (running.flat().length > 0) break
      const answered = reading.then(() => true)
      // On a busy machine a standby may not be well at this moment: the primary has answered.
      if (await Promise.race([answered, sleep(50, false)])) reading = me.replica.query(statement)
    }
    await sql(
      world.directDatabaseUrl,
      'BEGIN; LOCK TABLE trials IN ACCESS EXCLUSIVE MODE; SELECT txid_current(); COMMIT',
    )
    expect((await reading).rows).toMatchObject([{ standby: false }])
    expect(db.stats().postgres.replicas?.toPrimary.conflict).toBe(1)
  })

  it('is looked at by health where that is asked for, and only then', async () => {
    const [one = ''] = (world.env['DATABASE_REPLICA_URLS'] ?? '').split(',')
    const gone = new URL(one)
    gone.port = '1'
    await using own = await world.open({ env: { DATABASE_REPLICA_URLS: `${one},${gone.href}` } })
    expect(await own.healthCheck()).not.toHaveProperty('replicas')
    await until(async () => problemsOf(await own.healthCheck({ replicas: true })).join() === ',unreachable')
    const asked = await own.healthCheck({ replicas: true })
    expect(asked.replicas).toMatchObject([{ name: 'replica-1' }, { name: 'replica-2', problem: 'unreachable' }])
    expect(asked).toMatchObject({ status: 'degraded', ready: asked.postgres.ready && asked.dynamodb.ready })
    for (let i = 0; i < 20; i += 1)
      expect((await own.as(alice()).replica.query(isStandby)).rows).toEqual([{ standby: true }])
  })

  it('pauses longer each time for one that looks well and refuses every read', async () => {
    const logger = new RecordingLogger()
    const [one = ''] = (world.env['SERVICE_DATABASE_REPLICA_URLS'] ?? '').split(',') // a login that may be no person
    await using own = await world.open({ logger, env: { DATABASE_REPLICA_URLS: one } })
    const ejectedAt: number[] = []
    await until(async () => {
      await own.healthCheck({ replicas: true })
      expect((await own.as(alice()).replica.query(isStandby)).rows).toEqual([{ standby: false }])
      const count = logger.of('postgres.replica.ejected').length
      if (count > ejectedAt.length) ejectedAt.push(performance.now())
      return count === 3
    })
    const [first = 0, second = 0, third = 0] = ejectedAt
    expect(third - first).toBeGreaterThan(0.9 * (250 + 500)) // at least: what is noticed late only adds to it
    expect(second).toBeGreaterThan(first)
  })

  it('refuses a primary in place of a replica, and a standby of another cluster', async () => {
    await using primary = await world.open({ env: { DATABASE_REPLICA_URLS: world.env['DATABASE_URL'] ?? '' } })
    await until(async () => problemsOf(await primary.healthCheck({ replicas: true })).includes('promoted'))
    expect((await primary.as(alice()).replica.query(isStandby)).rows).toEqual([{ standby: false }])
    expect(primary.stats().postgres.replicas?.replicas).toMatchObject([{ problem: 'promoted', reads: 0 }])

    // Embedded stacks may begin as copies of one folder, and then say the same of themselves: this is none.
    const server = await startPrivateServer()
    try {
      await server.run('CREATE ROLE miyabi_user')
      await using other = await world.open({ env: { DATABASE_URL: server.url(), SERVICE_DATABASE_URL: server.url() } })
      await until(async () => problemsOf(await other.healthCheck({ replicas: true })).includes('other_history'))
      expect((await other.as(alice()).replica.query(isStandby)).rows).toEqual([{ standby: false }])
      expect(other.stats().postgres.replicas?.replicas).toMatchObject([{ reads: 0 }, { reads: 0 }])
    } finally {
      await server.close()
    }
  })
})

const problemsOf = ({ replicas = [] }: DatabaseHealth) => replicas.map(({ problem }) => problem)
