import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseContext } from '@miyabi/db'
import { createPostgres, parsePostgresSettings } from '@miyabi/postgres'
import pg from 'pg'
import type { Suite } from '../../harness/workload.js'
import { type Servers, startServers } from '../../servers/servers.js'
import { seed } from '../postgres/seed.js'
import { prismaWithReplicas } from './prisma-extension.js'
import { replicaWorkloads } from './workloads.js'

const DB_MAX_CONNECTIONS = '20'

/** Reads from a standby, with and without the check of its position, compared with Prisma's extension. */
export async function openReplicasSuite(): Promise<Suite> {
  const servers = await startServers({ replicas: 1 })
  const replicaUrl = servers.replicaUrls?.[0] ?? ''
  const admin = new pg.Client({ connectionString: servers.directDatabaseUrl })
  await admin.connect()
  const { userIds } = await seed(admin)

  const unchecked = createPostgres(parsePostgresSettings({ DATABASE_URL: replicaUrl, DB_MAX_CONNECTIONS }))
  const db = await DatabaseContext.fromEnv({ env: envOf(servers, replicaUrl) })
  const extended = prismaWithReplicas(servers.directDatabaseUrl, asOwner(replicaUrl, servers))
  const [userId = ''] = userIds
  const { rows } = await admin.query<{ id: string }>('SELECT id FROM usage_events WHERE user_id = $1', [userId])
  const ids = rows.map(({ id }) => id)
  const replicated = unchecked.as({ userId }).prisma.usageEvent
  while ((await db.healthCheck({ replicas: true })).replicas?.some(({ problem }) => problem !== undefined))
    await sleep(50)
  while ((await replicated.count().catch(() => 0)) < ids.length) await sleep(50)

  return {
    workloads: await replicaWorkloads({ db, unchecked, extended, userIds, ids }),
    async [Symbol.asyncDispose]() {
      await Promise.all([unchecked.close(0), db.close(0), extended.close(), admin.end()])
      await servers[Symbol.asyncDispose]()
    },
  }
}

const envOf = (servers: Servers, replicaUrl: string): Record<string, string> => ({
  DATABASE_URL: servers.databaseUrl,
  SERVICE_DATABASE_URL: servers.serviceDatabaseUrl,
  DATABASE_REPLICA_URLS: replicaUrl,
  DYNAMODB_ENDPOINT: servers.dynamodbEndpoint,
  DB_TOKEN_SECRET: 'a secret of the benchmarks of 32 bytes or more',
  DB_MAX_CONNECTIONS,
})

/** A standby's URL with the login of the owner: that of the application sees no rows without an identity. */
function asOwner(replicaUrl: string, { directDatabaseUrl }: Servers): string {
  const url = new URL(replicaUrl)
  const { username, password } = new URL(directDatabaseUrl)
  return Object.assign(url, { username, password }).href
}
