import { createPostgres, parsePostgresSettings } from '@miyabi/postgres'
import { startTcpProxy } from '@miyabi/testing'
import pg from 'pg'
import type { Contender, Suite, Workload } from '../../harness/workload.js'
import type { Servers } from '../../servers/servers.js'
import { connectPostgresJs } from '../postgres/peers/postgres-js.js'
import { stockPrisma } from '../postgres/peers/prisma.js'
import { seed } from '../postgres/seed.js'
import type { Asker } from './asker.js'
import { oursRaw, pgByHand, postgresJsByHand, unscopedPg } from './pg-asker.js'
import { documentedExtension, prismaAsker } from './prisma-asker.js'

const MAX_CONNECTIONS = 20
/** Each way, on top of what the loopback takes. */
const DELAY_MS = 5

/** One user's questions to the seeded database, on the loopback and from some way off. */
export async function openRlsSuite(servers: Servers): Promise<Suite> {
  const admin = new pg.Client({ connectionString: servers.directDatabaseUrl })
  await admin.connect()
  const { userIds } = await seed(admin)
  const userId = userIds[0] ?? ''
  const { rows } = await admin.query<{ id: string }>('SELECT id FROM usage_events WHERE user_id = $1', [userId])
  const asked = {
    eventIds: rows.map(({ id }) => id),
    reset: async () => void (await admin.query('TRUNCATE plugin_submissions')),
  }
  const proxy = await startTcpProxy(servers.databaseUrl)
  proxy.delay(DELAY_MS)
  const near = connectAskers(servers, userId)
  const far = connectAskers(
    { databaseUrl: proxy.url(servers.databaseUrl), directDatabaseUrl: proxy.url(servers.directDatabaseUrl) },
    userId,
  )
  return {
    workloads: [
      ...workloads(near.askers, asked, { suffix: '', about: '', concurrency: [1, 16, 64] }),
      ...workloads(far.askers, asked, {
        suffix: ', far',
        about: ` Through a proxy that delays everything for ${DELAY_MS} ms each way: figures are round trips.`,
        concurrency: [1, 16],
      }),
    ],
    async [Symbol.asyncDispose]() {
      await Promise.all([near.close(), far.close()])
      await Promise.all([proxy.close(), admin.end()])
    },
  }
}

function connectAskers(
  { databaseUrl, directDatabaseUrl }: Pick<Servers, 'databaseUrl' | 'directDatabaseUrl'>,
  userId: string,
) {
  const max = MAX_CONNECTIONS
  const ownerPool = new pg.Pool({ connectionString: directDatabaseUrl, max })
  const pool = new pg.Pool({ connectionString: databaseUrl, max })
  const postgresJs = connectPostgresJs(databaseUrl, max)
  const stock = stockPrisma(databaseUrl)
  const ours = createPostgres(
    parsePostgresSettings({ DATABASE_URL: databaseUrl, DB_MAX_CONNECTIONS: String(max), DB_ACQUIRE_TIMEOUT: '30' }),
  )
  const scope = ours.as({ userId })
  const askers: [Asker, ...Asker[]] = [
    unscopedPg(ownerPool, userId),
    pgByHand(pool, userId),
    postgresJsByHand(postgresJs, userId),
    prismaAsker('Prisma, extension', documentedExtension(stock, userId), userId, (work) =>
      stock.$transaction(async (tx) => {
        await tx.$executeRaw`SELECT set_config('role', 'miyabi_user', true), set_config('miyabi.user_id', ${userId}, true)`
        return work(tx)
      }),
    ),
    oursRaw(scope, userId),
    prismaAsker('ours: prisma', scope.prisma, userId, (work) => scope.transaction(work)),
  ]
  return {
    askers,
    async close() {
      await Promise.all([
        ours.close(0),
        stock.$disconnect(),
        postgresJs.end({ timeout: 1 }),
        pool.end(),
        ownerPool.end(),
      ])
    },
  }
}

/** What of a row may differ: ids and instants that the server makes. */
const withoutIds = (row: unknown): unknown => ({ ...(row as object), id: undefined })

function workloads(
  [base, ...others]: readonly [Asker, ...Asker[]],
  { eventIds, reset }: { readonly eventIds: readonly string[]; readonly reset: () => Promise<void> },
  place: { readonly suffix: string; readonly about: string; readonly concurrency: readonly number[] },
): Workload[] {
  const all = (run: (asker: Asker, turn: number) => Promise<unknown>): [Contender, ...Contender[]] => {
    const contender = (asker: Asker): Contender => ({ name: asker.name, run: (turn) => run(asker, turn) })
    return [contender(base), ...others.map(contender)]
  }
  const { concurrency, suffix, about } = place
  return [
    {
      name: `own row${suffix}`,
      about: `One usage event of the user, by its key. The base has no identity and may see every row.${about}`,
      concurrency,
      contenders: all((asker, turn) => asker.findEvent(eventIds[turn % eventIds.length] ?? '')),
    },
    {
      name: `own page${suffix}`,
      about: `Twenty usage events of the user, each with its plugin: one handwritten statement, two of Prisma.${about}`,
      concurrency,
      contenders: all((asker) => asker.pageOfEvents()),
    },
    {
      name: `own insert${suffix}`,
      about: `The user submits a plugin; the row is returned as stored.${about}`,
      concurrency,
      contenders: all((asker, turn) => asker.submit(turn)),
      comparable: withoutIds,
      reset,
    },
    {
      name: `own transaction${suffix}`,
      about: `The user submits a plugin, changes their name and reads it, in one interactive transaction. With more than one worker all wait for the user's row.${about}`,
      concurrency: [1],
      contenders: all((asker, turn) => asker.submitAndRename(turn)),
      reset,
    },
  ]
}
