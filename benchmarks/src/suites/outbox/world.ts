import { UpdateTableCommand } from '@aws-sdk/client-dynamodb'
import { DatabaseContext } from '@miyabi/db'
import pg from 'pg'
import { startMemoryEngine } from '../../servers/dynamodb-engine.js'
import type { Servers } from '../../servers/servers.js'
import { tablesOf } from '../dynamo/model.js'
import { effects } from './effects.js'
import { openQueuePeers } from './peers/open-peers.js'
import type { QueuePeer } from './peers/peer.js'

const INSERT_USERS = `
  INSERT INTO users (email, name)
  SELECT 'person-' || n || '@example.com', 'Person ' || n FROM generate_series(1, 200) n RETURNING id`

const INSERT_PLUGINS = `
  INSERT INTO plugins (id, name, display_name, source, version, tier)
  SELECT 'plugin-' || n, 'plugin-' || n, 'Plugin ' || n, 'github:example/plugin-' || n, '1.0.0', 'pro'
    FROM generate_series(1, 20) n RETURNING id`

/** Of every pool. */
const MAX_CONNECTIONS = 20

/** What the workloads of the suite share. */
export interface OutboxWorld extends AsyncDisposable {
  /** Its tables have no stream: the embedded engine takes longer for each write the more a stream holds. */
  readonly db: DatabaseContext<typeof effects>
  /** Its tables have streams. */
  readonly streaming: DatabaseContext
  /** Of `pg` as it comes, to the owner of the tables. */
  readonly pool: pg.Pool
  /** The libraries beside ours that this Node runs, over the same pool. */
  readonly peers: readonly QueuePeer[]
  readonly userIds: readonly string[]
  readonly pluginIds: readonly string[]
  /** Of DynamoDB. */
  readonly endpoint: string
  /** Empties tables, as their owner. */
  empty(...tables: readonly string[]): Promise<void>
}

/** An engine of its own in memory, and the migrated, empty database with some users and plugins. */
export async function openWorld(servers: Servers, onLeftOut: (reason: string) => void): Promise<OutboxWorld> {
  const admin = new pg.Client({ connectionString: servers.directDatabaseUrl })
  await admin.connect()
  const engine = await startMemoryEngine()
  const environment = (prefix: string): Record<string, string> => environmentOf(servers, engine.endpoint, prefix)
  const db = await DatabaseContext.fromEnv({ env: environment('outbox_'), effects })
  const streaming = await DatabaseContext.fromEnv({ env: environment('streams_') })
  const pool = new pg.Pool({ connectionString: servers.directDatabaseUrl, max: MAX_CONNECTIONS })
  // A connection that breaks while nobody uses it is replaced; graphile-worker warns where nobody hears of it.
  pool.on('error', () => {}).on('connect', (client) => void client.on('error', () => {}))
  let peers: readonly QueuePeer[] = []
  const close = async (): Promise<void> => {
    await Promise.all([db.close(0), streaming.close(0), ...peers.map((peer) => peer[Symbol.asyncDispose]())])
    await Promise.all([engine[Symbol.asyncDispose](), admin.end(), pool.end()])
  }
  try {
    await db.dynamodb.tables.apply()
    await streaming.dynamodb.tables.apply()
    const StreamSpecification = { StreamEnabled: false }
    await db.dynamodb.client.send(
      new UpdateTableCommand({ TableName: tablesOf('outbox_').events, StreamSpecification }),
    )
    const userIds = await insertedIds(admin, INSERT_USERS)
    const pluginIds = await insertedIds(admin, INSERT_PLUGINS)
    const empty = async (...tables: readonly string[]): Promise<void> =>
      void (await admin.query(`TRUNCATE ${tables.join(', ')}`))
    const { endpoint } = engine
    peers = await openQueuePeers(pool, servers.directDatabaseUrl, MAX_CONNECTIONS, onLeftOut)
    return { db, streaming, pool, peers, userIds, pluginIds, endpoint, empty, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

async function insertedIds(admin: pg.Client, text: string): Promise<string[]> {
  const { rows } = await admin.query<{ id: string }>(text)
  return rows.map(({ id }) => id)
}

const environmentOf = (servers: Servers, endpoint: string, prefix: string): Record<string, string> => ({
  DATABASE_URL: servers.databaseUrl,
  SERVICE_DATABASE_URL: servers.serviceDatabaseUrl,
  DYNAMODB_ENDPOINT: endpoint,
  DYNAMODB_TABLE_PREFIX: prefix,
  DB_MAX_CONNECTIONS: String(MAX_CONNECTIONS),
  DB_ACQUIRE_TIMEOUT: '30',
  // Nobody is to give up on a machine where everything is slow at times.
  DYNAMODB_TIMEOUT: '60',
  DYNAMODB_ATTEMPT_TIMEOUT_MS: '20000',
})
