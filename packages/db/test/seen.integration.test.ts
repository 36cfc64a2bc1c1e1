import { lsnOf } from '@miyabi/postgres'
import { sql, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseContext, type Identity } from '../src/index.js'
import { NOWHERE, seenOf, tokenOf } from '../src/seen/scope-seen.js'
import { Tokens } from '../src/seen/token.js'
import { testEnvironment } from './environment.js'
import { RecordingLogger } from './recording-logger.js'

const DB_TOKEN_SECRET = 'a secret of the tests of 32 bytes or more'
let database: TestDatabase
let db: DatabaseContext
let alice: Identity & { userId: string }
const logger = new RecordingLogger()
const tokens = new Tokens({ secrets: [DB_TOKEN_SECRET], maxAgeMs: 60_000, logger })
/** How far the log is, by the stock driver. */
const place = async (of: 'flush' | 'insert'): Promise<bigint> => {
  const [row] = await sql<{ lsn: string }>(database.directDatabaseUrl, `SELECT pg_current_wal_${of}_lsn()::text AS lsn`)
  return lsnOf(row?.lsn ?? '')
}
const positionIn = async (token: Promise<string | undefined>) => tokens.read(alice, await token)?.lsn ?? -1n

beforeAll(async () => {
  let env: Record<string, string>
  ;({ database, env } = await testEnvironment())
  db = await DatabaseContext.fromEnv({ env: { ...env, DB_TOKEN_SECRET }, logger })
  alice = { userId: (await db.asService().pg.user.create({ data: { email: 'a@example.com' } })).id }
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

/** The statements that `work` sends to the server. */
async function statementsOf<T>(work: () => Promise<T>): Promise<number> {
  let count = 0
  const stop = db.observe({ statement: () => (count += 1) })
  await work()
  stop()
  return count
}

describe('token', () => {
  it('covers every way in which a scope asks its primary, at the price of one statement and only after one', async () => {
    const me = db.as(alice)
    expect(await statementsOf(() => me.token())).toBe(0)
    expect(await me.token()).toBeUndefined()
    const name = (value: string) => ({ where: { id: alice.userId }, data: { name: value } })
    for (const use of [
      () => me.pg.user.update(name('a')),
      // Prisma's way, then by a plan that is compiled, then by one that is ready.
      () => me.pg.user.findMany(),
      () => me.pg.user.findMany(),
      () => me.pg.user.findMany(),
      () => me.pg.user.findMany({ include: { authoredPlugins: true, licenses: true } }),
      () => me.query('SELECT 1'),
      () => me.read((pg) => pg.$queryRaw`SELECT 1`),
      () => me.transaction((tx) => tx.user.update(name('b'))),
      () => me.transaction((_, { query }) => query(`UPDATE users SET name = 'c'`)),
      () => me.pg.$transaction([me.pg.user.update(name('d'))]),
      () => me.query('SELECT no such thing').catch(() => {}),
    ]) {
      const before = await place('flush')
      await use()
      expect(await statementsOf(() => me.token())).toBe(1)
      expect(await positionIn(me.token())).toBeGreaterThanOrEqual(before)
      expect(await statementsOf(() => me.token())).toBe(0)
    }
  })

  it('covers a commit that did not wait for the disk', async () => {
    const me = db.as(alice)
    let ahead = 0
    for (let i = 0; i < 20; i += 1) {
      const written = await me.transaction(async (tx, { query }) => {
        await query('SET LOCAL synchronous_commit = off')
        await tx.user.update({ where: { id: alice.userId }, data: { name: `off ${i}` } })
        const { rows } = await query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn')
        return lsnOf(rows[0]?.lsn ?? '')
      })
      const seen = await positionIn(me.token())
      expect(seen).toBeGreaterThan(written) // by the record of the commit
      if (seen > (await place('flush'))) ahead += 1
    }
    expect(ahead).toBeGreaterThan(0) // else the other place would have done
  })

  it('is undefined, or what was brought along, for a scope that asked nothing', async () => {
    const me = db.as(alice)
    await me.pg.user.findMany()
    const after = await me.token()
    expect(await positionIn(db.as(alice, { after }).token())).toBe(await positionIn(Promise.resolve(after)))
    expect(await db.as(alice, { after: '' }).token()).toBeUndefined()
    expect(await db.asService().token()).toBeUndefined()
  })

  it('of the service counts what others ask as the service, once it has asked something itself', async () => {
    const [one, other] = [db.asService(), db.asService()]
    await other.pg.user.count()
    expect(await statementsOf(() => one.token())).toBe(0)
    await one.pg.user.count()
    expect(await statementsOf(() => one.token())).toBe(1)
    await other.pg.user.count()
    expect(await statementsOf(() => one.token())).toBe(1)
  })

  it('of strangers, of another kind, too old or malformed, leads to the primary and to no error', async () => {
    const position = { history: '1/00000001', lsn: 7n }
    const forged = new Tokens({ secrets: ['a secret that nobody here knows of 32'], maxAgeMs: 60_000, logger })
    const foreign = tokens.make({ webUserId: alice.userId }, position)
    const ask = () => Promise.reject(new Error('nobody is asked'))
    for (const after of [forged.make(alice, position), foreign, 'v1.x', 'x'.repeat(10_000)]) {
      expect(await seenOf({ tokens, ask }, () => 0, alice, { after }).position()).toEqual(NOWHERE)
      expect(await db.as(alice, { after }).pg.user.count()).toBe(1)
    }
    const after = tokens.make(alice, position)
    expect(await seenOf({ tokens, ask }, () => 0, alice, { after }).position()).toEqual(position)
  })

  it('of a primary that does not answer leads to the primary, too', async () => {
    let answered = 0
    const seen = seenOf({ tokens, ask: () => Promise.reject(new Error('gone')) }, () => answered, alice)
    answered += 1
    await expect(seen.position()).rejects.toThrow('gone')
    expect(tokens.read(alice, await tokenOf(tokens, seen, alice))).toEqual(NOWHERE)
  })
})

describe('position', () => {
  it('is asked once for all who ask at the same time, and never answered from before they asked', async () => {
    const scopes = Array.from({ length: 50 }, () => db.as(alice))
    await Promise.all(scopes.map((me) => me.query('SELECT 1')))
    const before = await place('flush')
    let all: (string | undefined)[] = []
    const sent = await statementsOf(async () => {
      all = await Promise.all(scopes.map((me) => me.token()))
    })
    expect(sent).toBeLessThanOrEqual(2)
    for (const token of all) expect(tokens.read(alice, token)?.lsn).toBeGreaterThanOrEqual(before)
  })
})
