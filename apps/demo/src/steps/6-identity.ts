import { type DatabaseContext, isMiyabiError, mapError, type ScopedContext, tag } from '@miyabi/db'
import { print, say, table } from '../terminal/print.js'

/** Two users run the same query, and the database itself returns each their own rows. */
export async function identity(db: DatabaseContext): Promise<void> {
  await marketplace(db)
  print()
  await webUi(db)
  print()
  await nobody(db)
  print()
  await cached(db)
}

/** This code does not state whose rows it requests. */
async function subscriptionsOf({ pg }: ScopedContext): Promise<string> {
  const rows = await pg.subscription.findMany({ select: { pluginId: true }, orderBy: { pluginId: 'asc' } })
  return rows.map(({ pluginId }) => pluginId).join(', ')
}

async function marketplace(db: DatabaseContext): Promise<void> {
  const people = await db.asService().pg.user.findMany({ where: { role: 'user' }, orderBy: { email: 'asc' }, take: 2 })
  // Concurrently, in one tick, over one pool.
  const answers = await Promise.all(people.map(({ id }) => subscriptionsOf(db.as({ userId: id }))))
  table(
    ['user', 'subscriptions they see'],
    people.map(({ name }, n) => [name, answers[n]]),
  )
}

async function webUi(db: DatabaseContext): Promise<void> {
  const people = await db.asService().pg.webUser.findMany({
    where: { repositories: { some: {} }, agentExecutions: { some: {} } },
    distinct: ['githubUsername'],
    orderBy: [{ agentExecutions: { _count: 'desc' } }, { id: 'asc' }],
    take: 2,
  })
  const rows = people.map(async ({ id, githubUsername }) => {
    const { pg } = db.as({ webUserId: id })
    const [repositories, executions, lines] = await pg.$transaction([
      pg.repository.count(),
      pg.agentExecution.count(),
      pg.executionLog.count(),
    ])
    return [githubUsername, repositories, executions, lines]
  })
  table(['user', 'repositories they see', 'executions', 'log lines'], await Promise.all(rows))
}

/** Without an identity the query fails, rather than returning nothing. */
async function nobody(db: DatabaseContext): Promise<void> {
  try {
    await db.pg.subscription.findMany()
  } catch (error) {
    const failure = mapError(error)
    if (!isMiyabiError(failure, 'postgres.identity.missing')) throw failure
    say(`no identity: ${failure.code}`)
  }
}

/** The same query, cached: each user also gets their own rows from the cache, and commits update them. */
async function cached(db: DatabaseContext): Promise<void> {
  await using relay = db.relay() // the only one, so this process receives raised tags
  const people = await db.asService().pg.user.findMany({ where: { role: 'user' }, orderBy: { email: 'asc' }, take: 2 })
  const ask = (userId: string): Promise<string> =>
    db
      .as({ userId })
      .cache.getOrSet(['subscriptions'], { tags: [tag.of('subscriptions')], ttlMs: 60_000 }, subscriptionsOf)
  await relay.drain()
  for (let n = 0; n < 3; n++) for (const { id } of people) await ask(id)
  await db.asService().transaction(async (_tx, { outbox }) => void outbox.invalidate(tag.of('subscriptions')))
  await relay.drain()
  for (const { id } of people) await ask(id)
  const { hits = 0, secondHits = 0, loads = 0 } = db.stats().cache ?? {}
  table(['answers from the cache: memory', 'Redis', 'loads'], [[hits, secondHits, loads]])
}
