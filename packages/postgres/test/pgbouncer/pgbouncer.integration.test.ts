import { describe, expect, it } from 'vitest'
import { checkHealth, createPostgres } from '../../src/index.js'
import { failureOf, until, usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })

describe('through PgBouncer in transaction mode', () => {
  it('without DB_POOLER nothing connects, and the error names the setting', async () => {
    await using postgres = createPostgres(bench.settings({ pooler: 'none' }))
    const refused = { code: 'postgres.pooler', message: expect.stringContaining('set DB_POOLER=transaction') }
    expect(await failureOf(postgres.pool.connect())).toMatchObject(refused)
    expect(await postgres.health()).toMatchObject({ status: 'down', remedy: 'set DB_POOLER=transaction' })
  })

  it('calls and transactions of many workers share few sessions of the server, and none goes wrong', async () => {
    await using postgres = bench.service({ maxConnections: 40 })
    const { prisma } = postgres
    const work = async (n: number): Promise<void> => {
      const email = `worker-${n}@example.com`
      await postgres.transaction(async (tx) => {
        const { id } = await tx.user.create({ data: { email } })
        await tx.user.update({ where: { id }, data: { name: `worker ${n}` } })
      })
      for (let round = 0; round < 4; round += 1) {
        const user = await prisma.user.findUnique({ where: { email }, include: { subscriptions: true } })
        expect(user?.name).toBe(`worker ${n}`)
      }
    }
    await Promise.all(Array.from({ length: 80 }, (_, n) => work(n)))
    const [row] = await bench.admin<{ sessions: number }>(
      `SELECT count(*)::int AS sessions FROM pg_stat_activity
        WHERE datname = current_database() AND usename = $1`,
      [new URL(bench.serviceUrl).username],
    )
    expect(row?.sessions).toBeLessThanOrEqual(8)
  })

  it('a statement that is cancelled costs that statement, not the pooler', async () => {
    await using postgres = bench.service({ maxConnections: 10 })
    const slow = Array.from({ length: 8 }, () =>
      failureOf(postgres.transaction((tx) => tx.$executeRaw`SELECT pg_sleep(5)`, { deadlineMs: 200 })),
    )
    for (const error of await Promise.all(slow)) expect(error).toMatchObject({ code: 'postgres.deadline' })
    expect(
      await until(
        () => postgres.prisma.user.count({ where: { email: 'nobody' } }),
        (count) => count === 0,
      ),
    ).toBe(0)
  })

  it('nothing is warned of where the role has what sessions need', async () => {
    const warned: string[] = []
    let isChecked = false
    const ignore = (): void => {}
    const logger = {
      info: ignore,
      error: ignore,
      warn: (_fields: object, message: string) => void warned.push(message),
      debug: ({ event }: Readonly<Record<string, unknown>>) => {
        isChecked ||= event === 'postgres.start_checked'
      },
    }
    await using postgres = createPostgres(bench.settings(), { logger })
    await postgres.pool.query('SELECT 1')
    await until(
      () => isChecked,
      (checked) => checked,
    )
    expect(warned).toEqual([])
  })

  it('a wrong password is told as one', async () => {
    const url = new URL(bench.settings().databaseUrl)
    url.password = 'hunter2'
    expect(await checkHealth(bench.settings({ databaseUrl: url.toString() }))).toMatchObject({
      problem: 'postgres.auth_failed',
    })
  })
})
