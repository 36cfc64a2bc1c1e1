import { describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import { Prisma } from '../../src/index.js'
import { failureOf } from '../support.js'
import { leftovers } from './leftovers.js'
import { usePeople } from './people.js'

const bench = usePeople()
const alice = () => bench.postgres.as({ userId: bench.alice.userId })
const keys = (rows: readonly { readonly license_key: string }[]) => rows.map((row) => row.license_key)

/** Whoever gets a text of their own to the server may try these. */
const smuggled = (bobsId: string): readonly string[] => [
  `SELECT 1; SET ROLE miyabi_service; SELECT license_key FROM subscriptions`,
  `COMMIT; SELECT set_config('miyabi.user_id', '${bobsId}', false); SELECT license_key FROM subscriptions`,
  `ROLLBACK; SET ROLE NONE`,
  `RESET ROLE; SELECT 1`,
]

describe('SQL as text', () => {
  it('is one statement: the server refuses a second in the same text, in and outside a transaction', async () => {
    for (const text of smuggled(bench.bob.userId)) {
      const ways = [
        () => alice().query(text),
        () => alice().prisma.$queryRawUnsafe(text),
        () => alice().prisma.$executeRawUnsafe(text),
        () => alice().prisma.$queryRaw(Prisma.raw(text)),
        () => alice().transaction((tx) => tx.$queryRawUnsafe(text)),
      ]
      for (const way of ways) {
        const error = toPostgresError(await failureOf(way()))
        expect(error.details).toMatchObject({ sqlState: '42601' })
      }
      const { prisma } = alice()
      const batch = await failureOf(prisma.$transaction([prisma.$queryRawUnsafe(text), prisma.user.count()]))
      expect(toPostgresError(batch).details).toMatchObject({ sqlState: '42601' })
    }
    expect(await leftovers(bench.postgres.pool)).toEqual([])
  })

  it('cannot end the transaction that holds the identity and go on in it', async () => {
    for (const text of ['COMMIT', 'ROLLBACK']) {
      const { prisma } = alice()
      const ended = prisma.$transaction(async (tx) => {
        await tx.$executeRawUnsafe(text)
        return tx.user.findMany() // not sent: the identity ended with the transaction
      })
      expect(toPostgresError(await failureOf(ended)).code).toBe('postgres.transaction_ended')
    }
    expect(await leftovers(bench.postgres.pool)).toEqual([])
  })

  it('is trusted code: it can say that it is another person of the same kind', async () => {
    const { bob } = bench
    const { rows } = await alice().query<{ license_key: string }>(
      `WITH me AS MATERIALIZED (SELECT set_config('miyabi.user_id', $1, true))
       SELECT license_key FROM subscriptions, me`,
      [bob.userId],
    )
    expect(keys(rows)).toEqual(['key-of-bob'])
    const inside = await alice().transaction(async (tx) => {
      await tx.$executeRaw`SELECT set_config('miyabi.user_id', ${bob.userId}, true)`
      return tx.$queryRaw<{ license_key: string }[]>`SELECT license_key FROM subscriptions`
    })
    expect(keys(inside)).toEqual(['key-of-bob'])
    expect(await leftovers(bench.postgres.pool)).toEqual([])
  })

  it('its parameters are not code: whatever they hold is a value', async () => {
    for (const text of smuggled(bench.bob.userId)) {
      for (const value of [text, `' OR true --`, `'; ${text} --`, `$1`, `\\'; RESET ROLE; --`]) {
        const { prisma } = alice()
        expect(await prisma.$queryRaw`SELECT license_key FROM subscriptions WHERE license_key = ${value}`).toEqual([])
        const { rows } = await alice().query('SELECT $1::text AS value, current_user::text AS role', [value])
        expect(rows).toEqual([{ value, role: 'miyabi_user' }])
        expect(await prisma.subscription.findMany({ where: { licenseKey: value } })).toEqual([])
      }
    }
  })

  it('of a person never becomes the service, whatever it says', async () => {
    for (const role of ['miyabi_service', 'miyabi_owner', 'miyabi_definer', 'miyabi_backend']) {
      const becoming = alice().transaction((tx) => tx.$executeRawUnsafe(`SET LOCAL ROLE ${role}`))
      expect(await failureOf(becoming)).toMatchObject({ code: 'postgres.permission_denied' })
    }
    const session = failureOf(alice().query(`SET SESSION AUTHORIZATION miyabi_backend`))
    expect(await session).toMatchObject({ code: 'postgres.permission_denied' })
  })
})
