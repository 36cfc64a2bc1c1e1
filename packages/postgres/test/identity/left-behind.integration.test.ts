import { describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import { createPostgres, type Postgres } from '../../src/index.js'
import { usePeople } from './people.js'
import { onEachServer } from './servers.js'

const KEYS = 'SELECT license_key FROM subscriptions'

onEachServer((open) => {
  const bench = usePeople(open)
  /** A pool of one session, whose calls follow one another on it. */
  const oneSession = (): Postgres => createPostgres(bench.settings({ maxConnections: 1, pooler: 'none' }))

  /** What each kind of asker is answered, in their order. */
  async function answers(postgres: Postgres, text: string): Promise<unknown[]> {
    const { alice, bob, anna } = bench
    const askers = [
      postgres.as({ userId: alice.userId }),
      postgres.as({ userId: bob.userId }),
      postgres.as({ webUserId: anna.webUserId }),
      postgres,
    ]
    const found: unknown[] = []
    for (const asker of askers) {
      found.push(
        await asker.query<{ license_key: string }>(text).then(
          ({ rows }) => rows.map((row) => row.license_key).join(),
          (error: unknown) => toPostgresError(error).code,
        ),
      )
    }
    return found
  }

  describe('a statement that the session knows', () => {
    it('is planned and answered anew for whoever asks', async () => {
      await using postgres = oneSession()
      // From the sixth time on the server may keep one plan for all.
      for (let round = 0; round < 12; round += 1) {
        expect(await answers(postgres, KEYS)).toEqual([
          'key-of-alice',
          'key-of-bob',
          'postgres.permission_denied',
          'postgres.identity.missing',
        ])
        const prismas = [bench.alice, bench.bob].map(({ userId }) => postgres.as({ userId }).prisma)
        const found = await Promise.all(prismas.map((prisma) => prisma.subscription.findMany()))
        expect(found.map((rows) => rows.map((row) => row.licenseKey))).toEqual([['key-of-alice'], ['key-of-bob']])
      }
    })

    it('also one that somebody prepared by a text', async () => {
      await using postgres = oneSession()
      await postgres.as({ userId: bench.alice.userId }).query(`PREPARE mine AS ${KEYS}`)
      for (let round = 0; round < 12; round += 1) {
        expect(await answers(postgres, 'EXECUTE mine')).toEqual([
          'key-of-alice',
          'key-of-bob',
          'postgres.permission_denied',
          'postgres.identity.missing',
        ])
      }
    })
  })

  /** docs/ROW_LEVEL_SECURITY.md says what text may not do, for this is what would come of it. */
  describe('what a text leaves on the session', () => {
    it('is found by the next one: rows of a cursor that outlives its transaction', async () => {
      await using postgres = oneSession()
      await postgres.as({ userId: bench.alice.userId }).query(`DECLARE kept CURSOR WITH HOLD FOR ${KEYS}`)
      const { rows } = await postgres.as({ userId: bench.bob.userId }).query('FETCH ALL FROM kept')
      expect(rows).toEqual([{ license_key: 'key-of-alice' }])
    })

    it('is found by the next one: a channel that is listened to', async () => {
      await using postgres = oneSession()
      await postgres.as({ userId: bench.alice.userId }).query('LISTEN of_alice')
      const { rows } = await postgres.as({ userId: bench.bob.userId }).query('SELECT pg_listening_channels() AS name')
      expect(rows).toEqual([{ name: 'of_alice' }])
    })

    it('is found by whoever asks without an identity: one that was set without LOCAL', async () => {
      await using postgres = oneSession()
      const alice = postgres.as({ userId: bench.alice.userId })
      await alice.query(`SELECT set_config('role', 'miyabi_user', false), set_config('miyabi.user_id', $1, false)`, [
        bench.alice.userId,
      ])
      expect(await answers(postgres, KEYS)).toEqual([
        'key-of-alice',
        'key-of-bob',
        'postgres.permission_denied',
        'key-of-alice',
      ])
    })

    it('says who asks for everybody on that session, where it took the name of the statement that does', async () => {
      await using postgres = oneSession()
      const { alice, bob } = bench
      const scope = postgres.as({ userId: alice.userId })
      const known = `SELECT name FROM pg_prepared_statements WHERE statement LIKE 'SELECT set_config(%'`
      const [row] = (await scope.query<{ name: string }>(known)).rows
      const forged = `set_config(''role'', ''miyabi_user'', true), set_config(''miyabi.user_id'', ''${alice.userId}'', true)`
      await scope.query(`DO $$ BEGIN
        EXECUTE 'DEALLOCATE ${row?.name}';
        EXECUTE 'PREPARE ${row?.name} (text) AS SELECT ${forged}, $1';
      END $$`)
      const { rows } = await postgres.as({ userId: bob.userId }).query(KEYS)
      expect(rows).toEqual([{ license_key: 'key-of-alice' }])
    })
  })
})
