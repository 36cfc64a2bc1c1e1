import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import type { Identity } from '../../src/index.js'
import { failureOf } from '../support.js'
import { PLUGIN, usePeople } from './people.js'
import { onEachServer } from './servers.js'

class TakenBack extends Error {}

/**
 * What somebody who gets a text of their own to the server, or a filter to Prisma, might learn of others past their
 * rows.
 */
onEachServer((open) => {
  const bench = usePeople(open)
  const alice = () => bench.postgres.as({ userId: bench.alice.userId })
  const anna = () => bench.postgres.as({ webUserId: bench.anna.webUserId })

  /** Statements of one person in one transaction that is taken back; the rows of the last. */
  const rowsOf = async (identity: Identity, ...statements: readonly string[]): Promise<Record<string, unknown>[]> => {
    let rows: Record<string, unknown>[] = []
    const work = bench.postgres.as(identity).transaction(async (tx) => {
      for (const statement of statements) rows = await tx.$queryRawUnsafe(statement)
      throw new TakenBack()
    })
    await work.catch((error: unknown) => {
      if (!(error instanceof TakenBack)) throw error
    })
    return rows
  }

  describe('a function in a condition', () => {
    /** Notes whatever it is given, costs nothing and would be asked first, if only cost counted. */
    const SPY = [
      'CREATE TEMPORARY TABLE seen (what text) ON COMMIT DROP',
      `CREATE OR REPLACE FUNCTION pg_temp.spy(what text) RETURNS boolean LANGUAGE plpgsql VOLATILE COST 0.0001 AS $$
       BEGIN INSERT INTO pg_temp.seen VALUES (what); RETURN true; END $$`,
    ]
    const SEEN = 'SELECT DISTINCT what FROM pg_temp.seen ORDER BY what'

    it.each([
      'SELECT count(*) FROM subscriptions WHERE pg_temp.spy(license_key)',
      "SELECT count(*) FROM subscriptions WHERE pg_temp.spy(license_key) AND license_key LIKE 'key%' OR pg_temp.spy(license_key)",
      'SELECT count(*) FROM plugins LEFT JOIN subscriptions ON pg_temp.spy(license_key)',
      'SELECT 1 AS one FROM subscriptions ORDER BY pg_temp.spy(license_key)',
      'SELECT count(*) FILTER (WHERE pg_temp.spy(license_key)) FROM subscriptions',
      "SELECT count(*) FROM subscriptions WHERE ctid = '(0,2)' AND pg_temp.spy(license_key)",
      'UPDATE subscriptions SET cancel_at_period_end = true WHERE pg_temp.spy(license_key)',
      "SELECT query_to_xml('SELECT 1 FROM subscriptions WHERE pg_temp.spy(license_key)', true, false, '')::text",
    ])('is asked about rows of its own only: %s', async (statement) => {
      const seen = await rowsOf({ userId: bench.alice.userId }, ...SPY, statement, SEEN)
      expect(seen.filter(({ what }) => what !== null)).toEqual(
        statement.includes('ctid') ? [] : [{ what: 'key-of-alice' }],
      )
    })

    it('is asked about lines of executions of its own only, where the policy asks another table', async () => {
      const seen = await rowsOf(
        { webUserId: bench.anna.webUserId },
        ...SPY,
        'SELECT count(*) FROM execution_logs WHERE pg_temp.spy(message)',
        'DELETE FROM execution_logs WHERE pg_temp.spy(message) AND false',
        SEEN,
      )
      expect(seen).toEqual([{ what: 'anna 1' }, { what: 'anna 2' }])
    })

    it('that fails says nothing of the rows of others', async () => {
      const error = await failureOf(alice().query('SELECT FROM subscriptions WHERE license_key::int = 1'))
      expect(inspect((error as Error).cause)).not.toContain('bob')
    })
  })

  describe('the statistics', () => {
    it('hold values of everybody, and show none, neither to a reader nor to an operator that the planner asks', async () => {
      await bench.admin('ANALYZE subscriptions, users')
      const READ = `SELECT attname::text FROM pg_stats WHERE tablename = 'subscriptions'`
      const PLAN = [
        'CREATE TEMPORARY TABLE seen (what text) ON COMMIT DROP',
        `CREATE FUNCTION pg_temp.below(a text, b text) RETURNS boolean LANGUAGE plpgsql AS $$
         BEGIN INSERT INTO pg_temp.seen VALUES (a); RETURN true; END $$`,
        'CREATE OPERATOR pg_temp.<<< (FUNCTION = pg_temp.below, LEFTARG = text, RIGHTARG = text, RESTRICT = scalarltsel)',
        `EXPLAIN SELECT FROM subscriptions WHERE license_key OPERATOR(pg_temp.<<<) 'z'`,
        'SELECT what FROM pg_temp.seen',
      ]
      // They would, if row-level security were off.
      await bench.admin('BEGIN')
      await bench.admin('ALTER TABLE subscriptions DISABLE ROW LEVEL SECURITY')
      expect(await bench.admin(READ)).not.toEqual([])
      let shown: unknown[] = []
      for (const statement of PLAN) shown = await bench.admin(statement)
      expect(JSON.stringify(shown)).toContain('key-of-bob')
      await bench.admin('ROLLBACK')
      const me = { userId: bench.alice.userId }
      expect(await rowsOf(me, READ)).toEqual([])
      expect(await rowsOf(me, ...PLAN)).toEqual([])
      const raw = failureOf(rowsOf(me, 'SELECT starelid::text FROM pg_statistic'))
      expect(await raw).toMatchObject({ code: 'postgres.permission_denied' })
    })

    it('tell how many rows a table has in all', async () => {
      const [{ total } = { total: 0 }] = await rowsOf(
        { userId: bench.alice.userId },
        `SELECT reltuples::int AS total FROM pg_class WHERE oid = 'subscriptions'::regclass`,
      )
      expect(total).toBe(2) // with Bob's: docs/ROW_LEVEL_SECURITY.md says so
    })

    it('of sessions hide what others are asking', async () => {
      const other = await bench.postgres.pool.acquire()
      await other.query(`SELECT 'of somebody'`)
      const seen = await rowsOf(
        { userId: bench.alice.userId },
        `SELECT DISTINCT query FROM pg_stat_activity
          WHERE pid <> pg_backend_pid() AND usename = session_user AND datname = current_database()`,
      )
      other.release()
      expect(seen).toEqual([{ query: '<insufficient privilege>' }])
    })
  })

  describe('a refusal', () => {
    const strange = (error: unknown): string => inspect([error, toPostgresError(error)], { depth: 20 })

    it('of a key that somebody else has tells that it is taken, and nothing of whose it is', async () => {
      const { ben, bob } = bench
      const repository = { userId: bench.anna.webUserId, githubRepoId: 2n, owner: 'x', name: 'x', fullName: 'x/x' }
      const taken = await failureOf(anna().prisma.repository.create({ data: repository }))
      expect(toPostgresError(taken).code).toBe('postgres.unique_violation')
      const mail = { where: { id: bench.alice.userId }, data: { email: 'bob@example.com' } }
      const registered = await failureOf(alice().prisma.user.update(mail))
      expect(toPostgresError(registered).code).toBe('postgres.unique_violation')
      for (const [error, secrets] of [
        [taken, [ben.webUserId, ben.repositoryId, 'ben']],
        [registered, [bob.userId, 'bob@example.com']],
      ] as const) {
        // Prisma's own error shows the call, with what the caller gave.
        const shown = inspect(toPostgresError(error), { depth: 20 })
        for (const secret of secrets) expect(shown).not.toContain(secret)
      }
      for (const secret of [ben.webUserId, ben.repositoryId]) expect(strange(taken)).not.toContain(secret)
      expect(strange(registered)).not.toContain(bob.userId)
    })

    it('by way of ON CONFLICT changes nothing of somebody else, and returns nothing of it', async () => {
      const { ben } = bench
      const insert = `INSERT INTO repositories (user_id, github_repo_id, owner, name, full_name)
        VALUES ('${bench.anna.webUserId}', 2, 'mine', 'mine', 'mine') ON CONFLICT (github_repo_id)`
      expect((await anna().query(`${insert} DO NOTHING RETURNING *`)).rows).toEqual([])
      const refused = [
        () => anna().query(`${insert} DO UPDATE SET owner = 'mine' RETURNING *`),
        () =>
          anna().query(
            `${insert} DO UPDATE SET owner = repositories.owner WHERE repositories.user_id IS NOT NULL RETURNING *`,
          ),
        () =>
          anna().prisma.repository.upsert({
            where: { githubRepoId: 2n },
            create: { userId: bench.anna.webUserId, githubRepoId: 2n, owner: 'mine', name: 'mine', fullName: 'mine' },
            update: { owner: 'mine' },
          }),
      ]
      for (const each of refused) {
        const error = await failureOf(each())
        expect(toPostgresError(error).code).toMatch(/^postgres\.(row_security|unique_violation)$/)
        expect(strange(error)).not.toContain(ben.webUserId)
      }
      expect(await bench.admin('SELECT owner FROM repositories WHERE id = $1', [ben.repositoryId])).toEqual([
        { owner: 'ben' },
      ])
    })

    it("of somebody else's row is that of one that there is not", async () => {
      const { ben } = bench
      const NOBODY = '00000000-0000-7000-8000-000000000000'
      const ways: readonly ((id: string) => Promise<unknown>)[] = [
        (repositoryId) =>
          anna().prisma.agentExecution.create({
            data: { userId: bench.anna.webUserId, repositoryId, agentType: 'PR', options: {} },
          }),
        (repositoryId) =>
          anna().prisma.workflow.create({
            data: { userId: bench.anna.webUserId, repositoryId, name: 'n', definition: { nodes: [], edges: [] } },
          }),
        (id) => anna().prisma.repository.update({ where: { id }, data: { name: 'x' } }),
        (id) => anna().prisma.repository.delete({ where: { id } }),
        (id) => anna().prisma.repository.findUniqueOrThrow({ where: { id } }),
      ]
      for (const way of ways) {
        const [of, nobody] = [await failureOf(way(ben.repositoryId)), await failureOf(way(NOBODY))].map((error) => {
          const { code, message, details } = toPostgresError(error)
          return { code, message, details }
        })
        expect(of).toEqual(nobody)
      }
      const line = async (executionId: string) => {
        const written = anna().prisma.executionLog.create({ data: { executionId, logLevel: 'INFO', message: 'm' } })
        return toPostgresError(await failureOf(written)).message
      }
      expect(await line(ben.executionId)).toBe(await line(NOBODY))
    })
  })

  describe('a filter or a count of Prisma', () => {
    it('does not ask columns of people that the asker does not see', async () => {
      const { prisma } = alice()
      const reviewsBy = (user: object) => prisma.pluginReview.count({ where: { user } })
      expect(await prisma.pluginReview.count()).toBe(2)
      expect(await reviewsBy({ email: { startsWith: 'bob' } })).toBe(0)
      expect(await reviewsBy({ subscriptions: { some: { licenseKey: { startsWith: 'key-of-b' } } } })).toBe(0)
      expect(await reviewsBy({ email: { startsWith: 'alice' } })).toBe(1)
    })

    it('counts and orders by rows of the asker', async () => {
      const { prisma } = alice()
      const _count = { select: { subscriptions: true, usageEvents: true, reviews: true } }
      expect(await prisma.plugin.findMany({ where: { id: PLUGIN }, select: { _count } })).toEqual([
        { _count: { subscriptions: 1, usageEvents: 0, reviews: 2 } },
      ])
      expect(await prisma.subscription.groupBy({ by: ['licenseKey'], _count: true })).toEqual([
        { licenseKey: 'key-of-alice', _count: 1 },
      ])
    })

    it('finds nobody where a row that everybody sees belongs to somebody whom the asker does not see', async () => {
      const orderBy = { comment: 'asc' } as const
      const rows = await alice().prisma.pluginReview.findMany({
        orderBy,
        include: { user: { select: { name: true } } },
      })
      // Prisma's type says that there is always one; docs/ROW_LEVEL_SECURITY.md says when there is not.
      expect(rows.map(({ comment, user }) => [comment, user])).toEqual([
        ['by alice', { name: 'alice' }],
        ['by bob', null],
      ])
    })
  })

  it('a text can hold everybody up, for as long as timeouts let it', async () => {
    const held = await rowsOf(
      { webUserId: bench.anna.webUserId },
      'LOCK TABLE repositories IN ACCESS EXCLUSIVE MODE',
      `SELECT mode FROM pg_locks WHERE relation = 'repositories'::regclass AND pid = pg_backend_pid() AND granted`,
    )
    expect(held).toContainEqual({ mode: 'AccessExclusiveLock' }) // docs/ROW_LEVEL_SECURITY.md says so
  })

  it('COPY and MERGE reach rows of the asker only, and COPY writes none and leaves the server by no other way', async () => {
    const { alice: me, postgres } = bench
    const client = await postgres.pool.acquire()
    const { connection } = client as unknown as { connection: NodeJS.EventEmitter }
    const copied: string[] = []
    const note = ({ chunk }: { chunk: Buffer }) => copied.push(chunk.toString())
    connection.on('copyData', note)
    try {
      await client.query('BEGIN')
      await client.query(`SELECT set_config('role', 'miyabi_user', true), set_config('miyabi.user_id', $1, true)`, [
        me.userId,
      ])
      await client.query('COPY subscriptions (license_key) TO STDOUT')
      await client.query('COPY (SELECT license_key FROM subscriptions ORDER BY 1) TO STDOUT')
      const merge = (on: string) =>
        client.query(`MERGE INTO subscriptions USING (SELECT 1) AS one ON ${on}
          WHEN MATCHED THEN UPDATE SET cancel_at_period_end = true`)
      expect((await merge('license_key IS NOT NULL')).rowCount).toBe(1)
      // One that reads no column goes for every row, and is refused at the first that is somebody else's.
      await expect(merge('true')).rejects.toThrow('violates row-level security')
    } finally {
      await client.query('ROLLBACK')
      connection.off('copyData', note)
      client.release()
    }
    expect(copied).toEqual(['key-of-alice\n', 'key-of-alice\n'])
    const codeOf = async (text: string) => toPostgresError(await failureOf(alice().query(text))).details
    expect(await codeOf('COPY plugin_reviews (plugin_id, user_id, rating) FROM STDIN')).toMatchObject({
      sqlState: '0A000',
    })
    for (const to of [`TO '/x'`, `TO PROGRAM 'cat'`, `FROM '/x'`]) {
      expect(await codeOf(`COPY subscriptions ${to}`)).toMatchObject({ sqlState: '42501' })
    }
  })

  it('a parameter is never a role, a setting or an operator', async () => {
    const { prisma } = alice()
    const text = await failureOf(prisma.$queryRaw`SET LOCAL ROLE ${'miyabi_service'}`)
    expect(toPostgresError(text).details).toMatchObject({ sqlState: '42601' })
    for (const role of ['miyabi_service', 'miyabi_owner', 'postgres']) {
      const become = failureOf(prisma.$queryRaw`SELECT set_config('role', ${role}, true)`)
      expect(toPostgresError(await become).code).toMatch(/permission_denied|invalid_value/)
    }
    const none = alice().transaction(async (tx) => {
      await tx.$queryRaw`SELECT set_config('role', ${'none'}, true)`
      return tx.subscription.count()
    })
    expect(toPostgresError(await failureOf(none)).code).toBe('postgres.permission_denied')
  })
})
