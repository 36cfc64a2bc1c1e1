import { agentTypes, type DatabaseContext, executionStatuses, type ScopedContext } from '@miyabi/db'
import { print, table } from '../terminal/print.js'

/** Rows of a table are cut off here, so that the demo fits on a screen. */
const SHOWN = 6

/** Typical queries: joins and aggregates, with Prisma if it can express them, otherwise with SQL. */
export async function queries(db: DatabaseContext): Promise<void> {
  const service = db.asService() // a user would see only their own rows: step 6
  await subscriptionsPerUser(service)
  print()
  await executionsPerRepository(service)
  print()
  await usageThisMonth(service)
}

async function subscriptionsPerUser({ pg }: ScopedContext): Promise<void> {
  const users = await pg.user.findMany({
    where: { subscriptions: { some: {} } },
    select: {
      name: true,
      subscriptions: {
        select: { status: true, plugin: { select: { displayName: true, price: true, billingPeriod: true } } },
        orderBy: { pluginId: 'asc' },
      },
    },
    orderBy: { email: 'asc' },
  })
  table(
    ['subscriptions', 'of', 'status', 'cents', 'billed'],
    users.flatMap(({ name, subscriptions }) =>
      subscriptions.map(({ status, plugin }) => [name, plugin.displayName, status, plugin.price, plugin.billingPeriod]),
    ),
  )
}

async function executionsPerRepository({ pg }: ScopedContext): Promise<void> {
  const counts = await pg.agentExecution.groupBy({ by: ['repositoryId', 'status'], _count: true })
  const repositories = await pg.repository.findMany({
    where: { agentExecutions: { some: {} } },
    select: { id: true, fullName: true, _count: { select: { agentExecutions: true } } },
    orderBy: [{ agentExecutions: { _count: 'desc' } }, { id: 'asc' }],
    take: SHOWN,
  })
  table(
    ['executions of', ...executionStatuses, 'all'],
    repositories.map(({ id, fullName, _count }) => [
      fullName,
      ...executionStatuses.map(
        (status) => counts.find((row) => row.repositoryId === id && row.status === status)?._count ?? 0,
      ),
      _count.agentExecutions,
    ]),
  )
}

async function usageThisMonth({ pg }: ScopedContext): Promise<void> {
  const period = new Date().toISOString().slice(0, 7)
  const usage = await pg.usageAggregate.findMany({
    where: { period },
    select: {
      issues: true,
      agentExecutions: true,
      user: { select: { name: true } },
      plugin: { select: { tier: true } },
    },
    orderBy: [{ user: { email: 'asc' } }, { pluginId: 'asc' }],
  })
  table(
    [`usage in ${period}`, 'tier', 'issues', ...agentTypes],
    usage.map(({ user, plugin, issues, agentExecutions }) => [
      user.name,
      plugin.tier,
      issues,
      ...agentTypes.map((agent) => agentExecutions[agent] ?? 0),
    ]),
  )
}
