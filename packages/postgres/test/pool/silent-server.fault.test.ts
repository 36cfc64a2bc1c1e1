import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type PrivateServer, startPrivateServer } from '@miyabi/testing'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import { createPostgres, type Postgres } from '../../src/index.js'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench()

/** Stops every process of a server, or lets them go on. */
async function signaling(server: PrivateServer): Promise<(signal: 'SIGSTOP' | 'SIGCONT') => void> {
  const admin = new pg.Client(server.url())
  admin.on('error', () => {})
  await admin.connect()
  const { rows } = await admin.query<{ pid: number }>(
    "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid",
  )
  return (signal) => {
    const [postmaster] = rows
    if (!postmaster) throw new Error('the server has no process')
    for (const pid of [postmaster.pid, ...childrenOf(postmaster.pid)]) {
      try {
        process.kill(pid, signal)
      } catch {
        // A worker that has ended since.
      }
    }
    if (signal === 'SIGCONT') void admin.end().catch(() => {})
  }
}

/** Of a process, as Linux tells; elsewhere the postmaster alone is stopped, and sessions work on. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const [, ppid] = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
        return Number(ppid) === parent ? [Number(pid)] : []
      } catch {
        return [] // it has ended
      }
    })
}

const limits = { statementTimeoutMs: 2000, connectTimeoutMs: 1000, acquireTimeoutMs: 1500, maxConnections: 12 }
const SLEEP = 'SELECT 1 FROM pg_sleep(1.9)'

let isInserted = false

/** Work that is under way when the server stops, and what is known of it then. */
const WORK: Record<string, readonly [(postgres: Postgres) => Promise<unknown>, string, 'none' | 'unknown']> = {
  'a query of the pool': [({ pool }) => pool.query(SLEEP), 'postgres.connection_lost', 'unknown'],
  'query()': [(postgres) => postgres.query(SLEEP), 'postgres.connection_lost', 'unknown'],
  'a read of Prisma': [
    ({ prisma }) => prisma.$queryRawUnsafe('SELECT 1 FROM generate_series(1, 200000000)'),
    'postgres.connection_lost',
    'unknown',
  ],
  'a write of Prisma': [({ prisma }) => prisma.$executeRawUnsafe(SLEEP), 'postgres.connection_lost', 'unknown'],
  'a batch': [
    ({ prisma }) => prisma.$transaction([prisma.$executeRawUnsafe('SELECT 1'), prisma.$executeRawUnsafe(SLEEP)]),
    'postgres.transaction_lost',
    'none',
  ],
  'a transaction of Prisma': [
    ({ prisma }) => prisma.$transaction((tx) => tx.$executeRawUnsafe(SLEEP)),
    'postgres.transaction_lost',
    'none',
  ],
  'its COMMIT': [
    ({ prisma }) =>
      prisma.$transaction(async (tx) => {
        await tx.$executeRawUnsafe('INSERT INTO slow VALUES (1)')
        isInserted = true
      }),
    'postgres.commit_unknown',
    'unknown',
  ],
  'a transaction()': [
    (postgres) => postgres.transaction((tx) => tx.$executeRawUnsafe(SLEEP), { deadlineMs: 3000 }),
    'postgres.deadline',
    'none',
  ],
  'a read()': [
    (postgres) => postgres.read((prisma) => prisma.$queryRawUnsafe(SLEEP), { deadlineMs: 3000 }),
    'postgres.deadline',
    'none',
  ],
}

describe.concurrent('a server that stops in the middle of it all', () => {
  it('holds no call for longer than the statement timeout and a margin, and no slot', async ({ onTestFinished }) => {
    const server = await startPrivateServer()
    onTestFinished(() => server.close())
    await server.run(`
      CREATE TABLE slow (id int);
      CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1.9); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION slowly()`)
    const settings = bench.settings({ databaseUrl: server.url(), privilegedLogin: 'allow', ...limits })
    const postgres = createPostgres(settings)
    onTestFinished(async () => void (await postgres.close(0)))
    const names = Object.keys(WORK)
    const leases = await Promise.all(names.map(() => postgres.pool.connect()))
    for (const lease of leases) lease.release()
    await postgres.prisma.$queryRaw`SELECT 1`
    const signal = await signaling(server)

    const ends = names.map(async (name) => {
      const error = toPostgresError(await failureOf((WORK[name] as (typeof WORK)[string])[0](postgres)))
      return [name, error.code, error.effect]
    })
    await until(
      () => postgres.stats().active,
      (active) => active === names.length,
    )
    await until(
      () => isInserted,
      (inserted) => inserted,
    )
    await sleep(100)
    signal('SIGSTOP')
    onTestFinished(() => signal('SIGCONT'))
    const startedAt = performance.now()
    const behind = failureOf(postgres.pool.connect())
    const health = postgres.health()
    expect(await Promise.all(ends)).toEqual(names.map((name) => [name, ...(WORK[name] ?? []).slice(1)]))
    expect(performance.now() - startedAt).toBeLessThan(12_000)
    expect(await behind).toMatchObject({ code: 'postgres.pool.acquire_timeout' })
    expect(await health).toMatchObject({ status: 'down', ready: false, problem: 'postgres.connect_timeout' })
    await until(postgres.stats, ({ active, waiting }) => active === 0 && waiting === 0)
    signal('SIGCONT')
    expect((await postgres.pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })

  it('is told from a statement that was given more time', async () => {
    const pool = bench.pool({ statementTimeoutMs: 100 })
    const client = await pool.connect()
    await client.query("BEGIN; SET LOCAL statement_timeout = '1min'")
    const { rows } = await client.query('SELECT 1 AS one FROM pg_sleep(4.2)')
    expect(rows).toEqual([{ one: 1 }])
    await client.query('COMMIT')
    client.release()
  })
})
