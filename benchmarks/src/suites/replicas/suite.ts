import { setTimeout as sleep } from 'node:timers/promises'
import { createPostgres, type Position, parsePostgresSettings, type Tracking } from '@miyabi/postgres'
import pg from 'pg'
import type { Contender, Suite, Workload } from '../../harness/workload.js'
import { startServers } from '../../servers/servers.js'
import { seed } from '../postgres/seed.js'

const DB_MAX_CONNECTIONS = '20'

/** What one user reads from a standby, with the check of its place and without: on servers of its own. */
export async function openReplicasSuite(): Promise<Suite> {
  const servers = await startServers({ replicas: 1 })
  const replicaUrl = servers.replicaUrls?.[0] ?? ''
  const admin = new pg.Client({ connectionString: servers.directDatabaseUrl })
  await admin.connect()
  const { userIds } = await seed(admin)
  const userId = userIds[0] ?? ''
  const { rows } = await admin.query<{ id: string }>('SELECT id FROM usage_events WHERE user_id = $1', [userId])
  const ids = rows.map(({ id }) => id)

  const direct = createPostgres(parsePostgresSettings({ DATABASE_URL: replicaUrl, DB_MAX_CONNECTIONS }))
  const ours = createPostgres(
    parsePostgresSettings({ DATABASE_URL: servers.databaseUrl, DATABASE_REPLICA_URLS: replicaUrl, DB_MAX_CONNECTIONS }),
  )
  const seen = await ours.position()
  const fresh = ours.as({ userId }).replica(trackingOf(undefined))
  const causal = ours.as({ userId }).replica(trackingOf(seen))
  const primary = ours.as({ userId })
  const unchecked = direct.as({ userId })
  for (;;) {
    const look = await ours.lookAtReplicas()
    const { rows: state } = await unchecked.query('SELECT count(*)::int AS count FROM usage_events')
    if (look?.replicas.every(({ problem }) => problem === undefined) && state[0]?.['count'] === ids.length) break
    await sleep(50)
  }

  type Client = Pick<typeof unchecked.prisma, 'usageEvent'>
  const one = (name: string, client: () => Pick<Client['usageEvent'], 'findFirst'>): Contender => ({
    name,
    run: (turn) =>
      client().findFirst({
        where: { id: ids[turn % ids.length] ?? '' },
        select: { id: true, userId: true, pluginId: true, eventType: true, createdAt: true },
      }),
  })
  const contenders: [Contender, ...Contender[]] = [
    one('replica, no check', () => unchecked.prisma.usageEvent),
    one('ours: me.replica', () => fresh.prisma.usageEvent),
    one('ours: me.replica, token', () => causal.prisma.usageEvent),
    one('ours: primary', () => primary.prisma.usageEvent),
  ]
  const rename = (turn: number) =>
    primary.prisma.user.updateMany({ where: { id: userId }, data: { name: `name ${turn}` } })
  const workloads: Workload[] = [
    {
      name: 'own row of a replica',
      about:
        "One usage event of the user's, by its key. The base asks the standby as if it were a primary, with the same client and identity.",
      concurrency: [1, 16],
      contenders,
    },
    {
      name: 'token behind a write',
      about:
        'The user changes their name; with a token, the primary is asked for its place behind it. At more than one worker all wait for the one row of the user.',
      concurrency: [1],
      contenders: [
        { name: 'write', run: (turn) => rename(turn) },
        {
          name: 'write, and a token',
          run: async (turn) => {
            const renamed = await rename(turn)
            await ours.position()
            return renamed
          },
        },
      ],
    },
  ]
  return {
    workloads,
    async [Symbol.asyncDispose]() {
      await Promise.all([direct.close(0), ours.close(0), admin.end()])
      await servers[Symbol.asyncDispose]()
    },
  }
}

/** One who has seen what is there, and reads for good. */
function trackingOf(position: Position | undefined): Tracking {
  return { position: () => Promise.resolve(position), readFrom: () => {} }
}
