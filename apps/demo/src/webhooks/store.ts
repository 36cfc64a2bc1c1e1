import { idAt, type Outbox, type Prisma } from '@miyabi/db'
import { customerIds } from '../customers/customers.js'
import { lookup } from '../customers/lookup.js'
import { stableId } from '../customers/stable-id.js'
import type { Delivery, StoredDelivery } from './deliveries.js'
import { toEvent } from './events.js'
import { type Execution, toExecution, toLogLines } from './execution.js'
import { toRepositories, toWebUsers } from './people.js'
import { toUsageEvents } from './usage.js'

/** How many rows a batch of deliveries added. */
export interface AddedRows {
  readonly deliveries: number
  readonly webUsers: number
  readonly repositories: number
  readonly executions: number
  readonly logLines: number
}

/** An execution and its source. */
interface Work {
  readonly source: StoredDelivery
  readonly execution: Execution
}

/**
 * None of the examples states when it was sent. Their rows need a time that is the same in every run, as ids contain
 * it.
 */
const SENT_AT = new Date('2026-01-01T00:00:00Z')

/** The same in every run, so that a repeated delivery is recognized. */
const deliveryId = ({ name }: Delivery): string =>
  `${idAt(SENT_AT).slice(0, 13)}-7${stableId(`delivery ${name}`).slice(15)}`

/**
 * Stores deliveries and everything that results from them, with one statement per table regardless of their number, and
 * emits an event for each, and for its usage. Run it in a transaction: then a stored delivery has everything that
 * belongs to it, including its events, and needs nothing when it arrives again.
 */
export async function storeDeliveries(
  tx: Prisma.TransactionClient,
  deliveries: readonly Delivery[],
  { events }: Pick<Outbox, 'events'>,
): Promise<AddedRows> {
  const receivedAt = new Date().toISOString()
  const added = await tx.log.createManyAndReturn({
    data: deliveries.map((delivery) => ({
      id: deliveryId(delivery),
      level: 'info',
      message: 'webhook received',
      data: { delivery: delivery.name, kind: delivery.kind, action: delivery.payload.action, receivedAt },
      createdAt: SENT_AT,
    })),
    skipDuplicates: true,
    select: { id: true },
  })
  const ids = new Set(added.map(({ id }) => id))
  const fresh = deliveries.filter((delivery) => ids.has(deliveryId(delivery)))

  const webUsers = await tx.webUser.createMany({ data: toWebUsers(fresh), skipDuplicates: true })
  const repositories = await storeRepositories(tx, fresh)
  const stored = await readStored(tx, fresh)
  for (const one of stored) events.append(toEvent(one))
  const work = stored.flatMap((source) => {
    const execution = toExecution(source.delivery)
    return execution ? [{ source, execution }] : []
  })
  const customerId = await customerIds(tx)
  for (const { source, execution } of work)
    for (const used of toUsageEvents(source, execution, customerId)) events.append(used)
  return {
    deliveries: fresh.length,
    webUsers: webUsers.count,
    repositories,
    executions: await storeExecutions(tx, work),
    logLines: await storeLogLines(tx, work),
  }
}

/** Returns the rows to store for deliveries, in their order. */
export async function readStored(
  tx: Prisma.TransactionClient,
  deliveries: readonly Delivery[],
): Promise<StoredDelivery[]> {
  const logs = await tx.log.findMany({
    where: { id: { in: deliveries.map(deliveryId) } },
    select: { id: true, data: true },
  })
  const receivedAt = lookup(logs.map(({ id, data }) => [id, new Date((data as { receivedAt: string }).receivedAt)]))
  const userId = await webUserIds(tx, deliveries)
  const repositories = await tx.repository.findMany({
    where: { githubRepoId: { in: toRepositories(deliveries).map(({ githubRepoId }) => githubRepoId) } },
    select: { id: true, githubRepoId: true },
  })
  const repositoryId = lookup(repositories.map(({ id, githubRepoId }) => [githubRepoId, id]))
  return deliveries.map((delivery) => {
    const { sender, repository } = delivery.payload
    return {
      delivery,
      receivedAt: receivedAt(deliveryId(delivery)),
      userId: sender && userId(BigInt(sender.id)),
      repositoryId: repository && repositoryId(BigInt(repository.id)),
    }
  })
}

async function webUserIds(tx: Prisma.TransactionClient, deliveries: readonly Delivery[]) {
  const users = await tx.webUser.findMany({
    where: { githubId: { in: toWebUsers(deliveries).map(({ githubId }) => githubId) } },
    select: { id: true, githubId: true },
  })
  return lookup(users.map(({ id, githubId }) => [githubId, id]))
}

async function storeRepositories(tx: Prisma.TransactionClient, deliveries: readonly Delivery[]): Promise<number> {
  const userId = await webUserIds(tx, deliveries)
  const { count } = await tx.repository.createMany({
    data: toRepositories(deliveries).map(({ ownerGithubId, ...repository }) => ({
      ...repository,
      userId: userId(ownerGithubId),
    })),
    skipDuplicates: true,
  })
  return count
}

async function storeExecutions(tx: Prisma.TransactionClient, work: readonly Work[]): Promise<number> {
  const { count } = await tx.agentExecution.createMany({
    data: work.flatMap(({ execution, source: { userId, repositoryId, receivedAt } }) =>
      userId && repositoryId ? [{ ...execution, userId, repositoryId, createdAt: receivedAt }] : [],
    ),
  })
  return count
}

async function storeLogLines(tx: Prisma.TransactionClient, work: readonly Work[]): Promise<number> {
  const { count } = await tx.executionLog.createMany({
    data: work.flatMap(({ execution, source }) =>
      toLogLines(source.delivery, execution).map((line, place) => ({
        ...line,
        executionId: execution.id,
        timestamp: new Date(source.receivedAt.getTime() + place), // so that they keep their order
      })),
    ),
  })
  return count
}
