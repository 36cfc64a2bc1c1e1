import { afterEach, describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import { createPostgres, Prisma } from '../../src/index.js'
import { failureOf, until } from '../support.js'
import { leftovers } from './leftovers.js'
import { PLUGIN, usePeople } from './people.js'

const bench = usePeople()
const NOBODY = '00000000-0000-7000-8000-000000000000'
const codeOf = async (work: Promise<unknown>) => toPostgresError(await failureOf(work)).code

afterEach(async () => expect(await leftovers(bench.postgres.pool)).toEqual([]))

describe('a scope', () => {
  it('sees the rows of its own, and nobody else does', async () => {
    const { postgres, alice, bob, anna } = bench
    const names = async (identity: Parameters<typeof postgres.as>[0]) => {
      const { prisma } = postgres.as(identity)
      return (await prisma.subscription.findMany()).map(({ licenseKey }) => licenseKey)
    }
    expect(await names({ userId: alice.userId })).toEqual(['key-of-alice'])
    expect(await names({ userId: bob.userId })).toEqual(['key-of-bob'])
    const web = postgres.as({ webUserId: anna.webUserId }).prisma
    expect((await web.repository.findMany()).map(({ owner }) => owner)).toEqual(['anna'])
    expect((await web.executionLog.findMany({ orderBy: { message: 'asc' } })).map((log) => log.message)).toEqual([
      'anna 1',
      'anna 2',
    ])
    expect(await codeOf(web.subscription.findMany())).toBe('postgres.permission_denied')
  })

  it('holds in relations, nested writes, aggregates and raw SQL', async () => {
    const { postgres, alice, bob, anna, ben } = bench
    const { prisma } = postgres.as({ userId: alice.userId })
    const found = await prisma.user.findUniqueOrThrow({
      where: { id: alice.userId },
      include: { subscriptions: true, pluginReviews: { include: { plugin: { include: { reviews: true } } } } },
    })
    expect(found.subscriptions).toHaveLength(1)
    expect(found.pluginReviews[0]?.plugin.reviews).toHaveLength(2) // reviews are for everybody
    const { _count } = await prisma.subscription.aggregate({ _count: true })
    expect(_count).toBe(1)
    expect(await prisma.$queryRaw`SELECT name FROM users`).toEqual([{ name: 'alice' }])
    expect(await prisma.$executeRaw`UPDATE plugin_reviews SET rating = 1 WHERE user_id = ${bob.userId}::uuid`).toBe(0)
    const web = postgres.as({ webUserId: anna.webUserId }).prisma
    const execution = await web.agentExecution.create({
      data: {
        userId: anna.webUserId,
        repositoryId: anna.repositoryId,
        agentType: 'PR',
        options: {},
        logs: { create: { logLevel: 'INFO', message: 'nested' } },
      },
      include: { logs: true },
    })
    expect(execution.logs).toMatchObject([{ message: 'nested' }])
    const intoBens = web.repository.update({ where: { id: ben.repositoryId }, data: { name: 'mine' } })
    expect(await codeOf(intoBens)).toBe('postgres.not_found')
    await web.agentExecution.delete({ where: { id: execution.id } })
  })

  it('holds in transactions, their retries and what is nested in them, and in batches', async () => {
    const { postgres, alice, bob } = bench
    const scope = postgres.as({ userId: alice.userId })
    const seen = await scope.transaction(
      async (tx) => {
        const nested = await tx.$transaction((inner) => inner.subscription.count())
        return [await tx.subscription.count(), nested, (await tx.$queryRaw<object[]>`SELECT FROM subscriptions`).length]
      },
      { isolation: 'Serializable' },
    )
    expect(seen).toEqual([1, 1, 1])
    let attempts = 0
    const again = await scope.transaction(async (tx, { attempt }) => {
      attempts = attempt
      if (attempt === 1) {
        const [session] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`
        await bench.admin('SELECT pg_terminate_backend($1)', [session?.pid])
      }
      return tx.subscription.count()
    })
    expect({ again, attempts }).toEqual({ again: 1, attempts: 2 })
    const { prisma } = scope
    expect(await prisma.$transaction([prisma.subscription.count(), prisma.$queryRaw`SELECT name FROM users`])).toEqual([
      1,
      [{ name: 'alice' }],
    ])
    const foreign = prisma.pluginReview.update({
      where: { pluginId_userId: { pluginId: PLUGIN, userId: bob.userId } },
      data: { rating: 1 },
    })
    const own = prisma.user.update({ where: { id: alice.userId }, data: { name: 'lost with the batch' } })
    expect(await codeOf(prisma.$transaction([own, foreign]))).toBe('postgres.not_found')
    expect((await prisma.user.findFirst())?.name).toBe('alice')
  })

  it('holds in read(), query() and further extended clients', async () => {
    const { postgres, alice } = bench
    const scope = postgres.as({ userId: alice.userId })
    expect(await scope.read((prisma) => prisma.$queryRaw`SELECT name FROM users`)).toEqual([{ name: 'alice' }])
    for (let n = 0; n < 4; n += 1) {
      const { rows } = await scope.query<{ name: string }>('SELECT name FROM users WHERE id <> $1', [NOBODY])
      expect(rows).toEqual([{ name: 'alice' }])
    }
    const extended = scope.prisma.$extends({
      query: { $allModels: { $allOperations: ({ args, query }) => query(args) } },
      model: { user: { me: () => 'me' } },
    })
    expect(await extended.subscription.count()).toBe(1)
    expect(await extended.$transaction((tx) => tx.subscription.count())).toBe(1)
    expect(extended.user.me()).toBe('me')
    const asked = extended.$queryRaw`SELECT name FROM users`
    expect(await extended.$transaction([asked])).toEqual([[{ name: 'alice' }]])
  })

  it('takes a write that fails for what it is', async () => {
    const { postgres, alice, bob } = bench
    const { prisma } = postgres.as({ userId: alice.userId })
    const forBob = { userId: bob.userId, pluginId: PLUGIN, rating: 1 }
    await prisma.pluginReview.deleteMany()
    expect(await codeOf(prisma.pluginReview.create({ data: forBob }))).toBe('postgres.row_security')
    expect(await codeOf(prisma.user.update({ where: { id: alice.userId }, data: { role: 'admin' } }))).toBe(
      'postgres.permission_denied',
    )
    await prisma.pluginReview.create({ data: { ...forBob, userId: alice.userId } })
  })

  it('of an id that nobody has reads nothing and writes nothing', async () => {
    const { prisma } = bench.postgres.as({ userId: NOBODY })
    expect([await prisma.user.count(), await prisma.subscription.count(), await prisma.plugin.count()]).toEqual([
      0, 0, 0,
    ])
    expect(await prisma.user.updateMany({ data: { name: 'x' } })).toEqual({ count: 0 })
    const review = { userId: NOBODY, pluginId: PLUGIN, rating: 1 }
    expect(await codeOf(prisma.pluginReview.create({ data: review }))).toBe('postgres.row_security')
    const web = bench.postgres.as({ webUserId: NOBODY }).prisma
    expect([await web.webUser.count(), await web.repository.count(), await web.workflow.count()]).toEqual([0, 0, 0])
    expect(await bench.admin('SELECT FROM plugin_reviews WHERE user_id = $1', [NOBODY])).toEqual([])
  })

  it("takes over nobody else's row by connecting it", async () => {
    const { postgres, alice, bob, anna, ben } = bench
    const user = postgres.as({ userId: alice.userId }).prisma
    const web = postgres.as({ webUserId: anna.webUserId }).prisma
    const me = { where: { id: alice.userId } }
    const mine = { where: { id: anna.repositoryId } }
    const attempts = [
      () => user.user.update({ ...me, data: { subscriptions: { connect: { id: bob.subscriptionId } } } }),
      () => user.user.update({ ...me, data: { pluginSubmissions: { connect: { id: bob.submissionId } } } }),
      () => user.user.update({ ...me, data: { pluginSubmissions: { set: [{ id: bob.submissionId }] } } }),
      () => web.repository.update({ ...mine, data: { agentExecutions: { connect: { id: ben.executionId } } } }),
      () =>
        web.agentExecution.update({
          where: { id: anna.executionId },
          data: { repository: { connect: { id: ben.repositoryId } } },
        }),
      () => web.agentExecution.update({ where: { id: anna.executionId }, data: { logs: { connect: { id: NOBODY } } } }),
    ]
    for (const attempt of attempts) {
      expect(await codeOf(attempt())).toMatch(/^postgres\.(permission_denied|not_found|foreign_key_violation)$/)
    }
    expect(
      await bench.admin(
        `SELECT (SELECT count(*) FROM subscriptions WHERE user_id = $1)::int AS subscriptions,
                (SELECT count(*) FROM plugin_submissions WHERE user_id = $1)::int AS submissions,
                (SELECT count(*) FROM agent_executions WHERE repository_id = $2)::int AS executions`,
        [bob.userId, ben.repositoryId],
      ),
    ).toEqual([{ subscriptions: 1, submissions: 1, executions: 1 }])
  })

  it('deletes with a row of its own what hangs on it, whosever that is', async () => {
    const { postgres, service, anna, ben } = bench
    const { id: repositoryId } = await service.prisma.repository.create({
      data: { userId: anna.webUserId, githubRepoId: 77n, owner: 'anna', name: 'shared', fullName: 'anna/shared' },
    })
    const work = { userId: ben.webUserId, repositoryId, agentType: 'Review' as const, options: {} }
    const { id } = await service.prisma.agentExecution.create({ data: work })
    await postgres.as({ webUserId: anna.webUserId }).prisma.repository.delete({ where: { id: repositoryId } })
    expect(await service.prisma.agentExecution.findUnique({ where: { id } })).toBeNull()
  })

  it('leaves nothing on a connection where it is cut short, or fails', async () => {
    const { postgres, alice } = bench
    const scope = postgres.as({ userId: alice.userId })
    const failing = [
      scope.transaction((tx) => tx.$queryRaw`SELECT pg_sleep(60)::text`, { deadlineMs: 200 }),
      scope.query('SELECT 1 / (SELECT 0)'),
      scope.prisma.$queryRaw`SELECT 1 / (SELECT 0)`,
      scope.transaction((tx) => tx.$queryRaw`SELECT 1 / (SELECT 0)`),
    ]
    expect(await Promise.all(failing.map(codeOf))).toEqual([
      'postgres.deadline',
      'postgres.invalid_value',
      'postgres.invalid_value',
      'postgres.invalid_value',
    ])
    expect(await leftovers(postgres.pool)).toEqual([])
    expect(await codeOf(postgres.query('SELECT FROM users'))).toBe('postgres.identity.missing')
  })

  it('costs no round trip: each statement ends in one Sync, as without it', async () => {
    const { alice } = bench
    await using one = createPostgres(bench.settings({ maxConnections: 1 }))
    const client = (await one.pool.acquire()) as unknown as { connection: NodeJS.EventEmitter; release(): void }
    let answers = 0
    client.connection.on('readyForQuery', () => {
      answers += 1
    })
    client.release()
    const scope = one.as({ userId: alice.userId })
    const cost = async (work: () => Promise<unknown>): Promise<number> => {
      const before = answers
      await work()
      return answers - before
    }
    const { prisma } = scope
    await prisma.user.findFirst() // connects
    expect(await cost(() => prisma.user.findFirst())).toBe(1)
    expect(await cost(() => prisma.user.update({ where: { id: alice.userId }, data: { name: 'alice' } }))).toBe(1)
    expect(await cost(() => scope.query('SELECT 1'))).toBe(1)
    expect(await cost(() => scope.transaction((tx) => tx.user.findFirst()))).toBe(3) // BEGIN, the statement, COMMIT
    expect(await cost(() => Promise.resolve(one.as({ userId: alice.userId }).prisma.user))).toBe(0)
    // Nor does an id of nobody, of which nothing is looked up.
    const nobody = one.as({ userId: NOBODY })
    const webNobody = one.as({ webUserId: NOBODY }).prisma
    expect(await cost(() => nobody.prisma.plugin.findMany())).toBe(1)
    expect(await cost(() => nobody.prisma.user.updateMany({ data: { name: 'x' } }))).toBe(1)
    expect(await cost(() => nobody.query('DELETE FROM plugin_reviews'))).toBe(1)
    const review = { userId: NOBODY, pluginId: PLUGIN, rating: 1 }
    const refused = () => failureOf(nobody.prisma.pluginReview.create({ data: review }))
    const before = answers
    await refused()
    await until(
      () => answers,
      (count) => count > before,
    ) // an error is told before the answer has ended
    expect(answers).toBe(before + 1)
    expect(await cost(() => webNobody.workflow.findMany())).toBe(1)
  })

  it('shows as the client of all tables, without a way to everybody', async () => {
    const { postgres, alice } = bench
    const { prisma } = postgres.as({ userId: alice.userId })
    expect(Object.keys(prisma)).toContain('subscription')
    const parent = (prisma as unknown as { $parent: typeof prisma }).$parent
    expect(await parent.subscription.count()).toBe(1)
    expect(prisma.$on).toBeUndefined() // events are everybody's; no extended client of Prisma has it
    await prisma.$disconnect() // it has no connection of its own
    expect(await prisma.subscription.count()).toBe(1)
  })

  it('fails alone where its statement cannot be bound, and the connection goes on', async () => {
    const { postgres, alice } = bench
    const scope = postgres.as({ userId: alice.userId })
    expect(await codeOf(scope.query('SELECT $1::int', ['not a number']))).toBe('postgres.invalid_value')
    expect(await codeOf(scope.query('SELECT * FROM nowhere'))).toBe('postgres.invalid_sql')
    for (const n of [1, 2, 3]) expect((await scope.query('SELECT $1::int AS n', [n])).rows).toEqual([{ n }])
    expect(await scope.prisma.$queryRaw`SELECT ${Prisma.sql`1`} AS one`).toEqual([{ one: 1 }])
  })

  it('is answered where its session was made to forget its statements', async () => {
    await using one = createPostgres(bench.settings({ maxConnections: 1 }))
    const scope = one.as({ userId: bench.alice.userId })
    const names = async () => (await scope.query('SELECT name FROM users WHERE id <> $1', [NOBODY])).rows
    for (let n = 0; n < 3; n += 1) expect(await names()).toEqual([{ name: 'alice' }])
    await one.query('DEALLOCATE ALL')
    expect(await names()).toEqual([{ name: 'alice' }])
    await one.query('DEALLOCATE ALL')
    // A text that nobody has asked before has no name; that of who asks has one.
    expect((await scope.query('SELECT name AS mine FROM users WHERE id <> $1', [NOBODY])).rows).toEqual([
      { mine: 'alice' },
    ])
  })
})
