import {
  type DatabaseContext,
  type EventRange,
  MiyabiError,
  type Page,
  type ScopedContext,
  type StoredEvent,
  USAGE_RECORDED,
  usageProjection,
} from '@miyabi/db'
import { addCustomers } from '../customers/customers.js'
import { duration, print, say, table, timed } from '../terminal/print.js'
import { readDeliveries, type StoredDelivery } from '../webhooks/deliveries.js'
import { appendAgain, readPages, receivedBetween, WEBHOOK } from '../webhooks/events.js'
import { readStored, storeDeliveries } from '../webhooks/store.js'
import { countUses } from '../webhooks/usage.js'

/** Deliveries stored in one transaction. */
const BATCH_SIZE = 100
const COUNTED_WITHIN_MS = 60_000

/** Receives GitHub's deliveries, any number of times, and reads them back by type, by user and by repository. */
export async function webhooks(db: DatabaseContext): Promise<void> {
  const service = db.asService() // GitHub's deliveries are not requests of a user
  const deliveries = readDeliveries()
  const kinds = new Set(deliveries.map(({ kind }) => kind)).size
  const added = new Map<string, number>()
  const count = (rows: object): void => {
    for (const [name, rowsAdded] of Object.entries(rows)) added.set(name, (added.get(name) ?? 0) + rowsAdded)
  }

  const before = await service.pg.usageEvent.count()
  await using relay = db.relay() // events follow from what was committed, by this run or one that was killed
  await using _usage = db.streams.consume('usage', usageProjection) // and usage is counted from events
  const { ms } = await timed(async () => {
    count(await service.transaction((tx) => addCustomers(tx)))
    for (let start = 0; start < deliveries.length; start += BATCH_SIZE) {
      const batch = deliveries.slice(start, start + BATCH_SIZE)
      count(await service.transaction((tx, { outbox }) => storeDeliveries(tx, batch, outbox)))
    }
    await relay.drain()
    await untilCounted(service, countUses(deliveries))
    count({ usageEvents: (await service.pg.usageEvent.count()) - before })
    count({ events: relay.stats().topics['events.append']?.delivered ?? 0 })
  })
  say(`${deliveries.length} deliveries of ${kinds} kinds received in ${duration(ms)}`)

  const stored = await readStored(service.pg, deliveries)
  const { value: again, ms: againMs } = await timed(() => appendAgain(db, stored))
  say(
    `their ${again.callers} events appended again, each by a separate caller: ${again.known} already existed, ${duration(againMs)}`,
  )
  const answers = await readBack(service, stored)
  const [byWebhook, byUsage] = answers
  const totals = { ...(await countRows(service)), events: (byWebhook?.events ?? 0) + (byUsage?.events ?? 0) }
  table(
    ['', 'added', 'total'],
    Object.entries(totals).map(([name, total]) => [name, added.get(name) ?? 0, total]),
  )
  print()
  table(
    ['read back', 'events', 'pages', 'time'],
    answers.map(({ question, events, pages, ms }) => [question, events, pages, duration(ms)]),
  )
}

/** Usage is counted a moment after its events are stored. */
async function untilCounted({ pg }: ScopedContext, uses: number): Promise<void> {
  const limit = AbortSignal.timeout(COUNTED_WITHIN_MS)
  while ((await pg.usageEvent.count()) < uses) {
    if (limit.aborted) throw new MiyabiError('demo.usage_not_counted', `not all of ${uses} uses are counted`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** The number of rows of everything that deliveries create. */
async function countRows({ pg }: ScopedContext): Promise<Record<string, number>> {
  const counts = {
    customers: pg.user.count({ where: { role: 'user' } }),
    subscriptions: pg.subscription.count(),
    deliveries: pg.log.count(),
    webUsers: pg.webUser.count(),
    repositories: pg.repository.count(),
    executions: pg.agentExecution.count(),
    logLines: pg.executionLog.count(),
    usageEvents: pg.usageEvent.count(),
  }
  return Object.fromEntries(await Promise.all(Object.entries(counts).map(async ([name, n]) => [name, await n])))
}

interface Answer {
  readonly question: string
  readonly events: number
  readonly pages: number
  readonly ms: number
}

/** Queries the event log by each of its indexes, in pages of 100. */
async function readBack({ pg, dynamodb }: ScopedContext, stored: readonly StoredDelivery[]): Promise<Answer[]> {
  const { events } = dynamodb
  const range: EventRange = { ...receivedBetween(stored), limit: 100 }
  const user = mostFrequent(stored.map(({ userId }) => userId))
  const repository = mostFrequent(stored.map(({ repositoryId }) => repositoryId))
  const { githubUsername } = await pg.webUser.findUniqueOrThrow({ where: { id: user } })
  const { fullName } = await pg.repository.findUniqueOrThrow({ where: { id: repository } })
  return [
    await answer(`by type: ${WEBHOOK}`, (cursor) => events.byType(WEBHOOK, { ...range, cursor })),
    await answer(`by type: ${USAGE_RECORDED}`, (cursor) => events.byType(USAGE_RECORDED, { ...range, cursor })),
    await answer(`by user: ${githubUsername}`, (cursor) => events.byUser(user, { ...range, cursor })),
    await answer(`by repository: ${fullName}`, (cursor) => events.byRepository(repository, { ...range, cursor })),
  ]
}

async function answer(question: string, ask: (cursor?: string) => Promise<Page<StoredEvent>>): Promise<Answer> {
  const { value: pages, ms } = await timed(() => readPages(ask))
  return { question, events: pages.reduce((sum, { items }) => sum + items.length, 0), pages: pages.length, ms }
}

function mostFrequent(ids: readonly (string | undefined)[]): string {
  const times = new Map<string, number>()
  for (const id of ids) if (id !== undefined) times.set(id, (times.get(id) ?? 0) + 1)
  return [...times].sort(([, a], [, b]) => b - a)[0]?.[0] ?? ''
}
