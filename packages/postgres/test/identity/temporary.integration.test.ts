import { expect, it } from 'vitest'
import { createPostgres, type Prisma } from '../../src/index.js'
import { PLUGIN, usePeople } from './people.js'
import { onEachServer } from './servers.js'

/** Types that a function could mean by a name, and somebody else could have one by that name of. */
const TYPES = ['bytea', 'numeric', 'text', 'timestamptz', 'uuid']

/** Runs with the type's values, wherever they come about: whoever has more rights than a person says so. */
const SPY = `
  CREATE FUNCTION pg_temp.spy() RETURNS boolean LANGUAGE plpgsql AS $$
  BEGIN
    IF current_user NOT IN ('miyabi_user', 'miyabi_web_user') THEN
      RAISE EXCEPTION 'code of a person runs as %', current_user;
    END IF;
    RETURN true;
  END
  $$`

class TakenBack extends Error {}

onEachServer((open) => {
  const bench = usePeople(open)

  /** Tries statements where each of the types is a person's own, in a session in which no function was called yet. */
  async function trying(
    identity: Parameters<typeof bench.postgres.as>[0],
    statements: readonly string[],
  ): Promise<void> {
    for (const type of TYPES) {
      await using fresh = createPostgres(bench.settings({ maxConnections: 1 }))
      const work = fresh.as(identity).transaction(async (tx: Prisma.TransactionClient) => {
        await tx.$executeRawUnsafe(SPY)
        await tx.$executeRawUnsafe(`CREATE DOMAIN pg_temp.${type} AS pg_catalog.${type} CHECK (pg_temp.spy())`)
        for (const statement of statements) await tx.$executeRawUnsafe(statement)
        throw new TakenBack()
      })
      await expect(work, type).rejects.toBeInstanceOf(TakenBack)
    }
  }

  it('a type that a person makes in their session is none of the functions that may do more', async () => {
    const { alice, anna } = bench
    await trying({ userId: alice.userId }, [
      `SELECT count(*) FROM plugins`,
      `SELECT license_is_revoked('any')`,
      `SELECT increment_usage('${alice.userId}', '${PLUGIN}', '2026-01', 'tokens', 1)`,
      `SELECT increment_agent_execution('${alice.userId}', '${PLUGIN}', '2026-01', 'any')`,
      `UPDATE plugin_reviews SET rating = 1`,
      `UPDATE users SET name = 'x'`,
      `DELETE FROM users`,
      `DELETE FROM plugin_reviews`,
    ])
    await trying({ webUserId: anna.webUserId }, [
      `SELECT count(*) FROM plugins`,
      `UPDATE repositories SET name = 'x'`,
      `UPDATE web_users SET email = 'x@example.com'`,
      `DELETE FROM repositories`,
    ])
  })

  it('a table that a person makes in their session is none that Prisma means, but one that text may mean', async () => {
    const { alice, postgres } = bench
    const keys = postgres.as({ userId: alice.userId }).transaction(async (tx) => {
      await tx.$executeRawUnsafe(`CREATE TEMP TABLE subscriptions ON COMMIT DROP AS SELECT 'made up' AS license_key`)
      const rows = await tx.subscription.findMany()
      const byText = await tx.$queryRaw<{ license_key: string }[]>`SELECT license_key FROM subscriptions`
      return [...rows.map(({ licenseKey }) => licenseKey), ...byText.map((row) => row.license_key)]
    })
    expect(await keys).toEqual(['key-of-alice', 'made up'])
  })

  it('nothing here needs a temporary table, so that they may be forbidden', async () => {
    const { alice, anna } = bench
    await using fresh = createPostgres(bench.settings({ maxConnections: 1 }))
    const [{ name } = { name: '' }] = await bench.admin<{ name: string }>(
      'SELECT quote_ident(current_database()) AS name',
    )
    await bench.admin(`REVOKE TEMPORARY ON DATABASE ${name} FROM PUBLIC`)
    try {
      const scope = fresh.as({ userId: alice.userId })
      await expect(scope.query('CREATE TEMP TABLE mine ()')).rejects.toMatchObject({
        code: 'postgres.permission_denied',
      })
      expect(await scope.prisma.subscription.count()).toBe(1)
      await scope.query(`SELECT increment_usage($1, $2, '2026-01', 'tokens')`, [alice.userId, PLUGIN])
      expect(await fresh.as({ webUserId: anna.webUserId }).prisma.executionLog.count()).toBe(2)
    } finally {
      await bench.admin(`GRANT TEMPORARY ON DATABASE ${name} TO PUBLIC`)
    }
  })
})
