import pg from 'pg'
import { withClient } from '../connection/client.js'
import { type Target, withDatabase } from '../connection/target.js'
import { PrismaError } from '../errors/prisma-error.js'
import { shadowCreatedAtMs, shadowName } from './shadow-name.js'

const { escapeIdentifier } = pg

/** No command keeps a shadow database for this long without a connection to it. */
const ABANDONED_AFTER_MS = 10 * 60_000

/** The shadow databases of this process: created for one comparison, and always dropped. */
export class ShadowDatabases {
  private readonly target: Target
  /** By name: its removal, once that has started. */
  private readonly live = new Map<string, Promise<void> | undefined>()

  constructor(target: Target) {
    this.target = target
  }

  /**
   * Creates an empty database beside the main one, or a copy of `template`, which must have no connections; drops those
   * that killed runs have left behind.
   * @throws {PrismaError} P3014 when the login may not create databases.
   */
  async create(template?: string): Promise<Target> {
    return await withClient(this.target.config, async (client) => {
      const nowMs = await serverTimeMs(client)
      await dropAbandoned(client, nowMs)
      const database = shadowName(nowMs)
      this.live.set(database, undefined)
      try {
        const source = template === undefined ? '' : ` TEMPLATE ${escapeIdentifier(template)}`
        await client.query(`CREATE DATABASE ${escapeIdentifier(database)}${source}`)
      } catch (error) {
        this.live.delete(database)
        throw error instanceof pg.DatabaseError && error.code === '42501' ? mayNotCreate(error) : error
      }
      return withDatabase(this.target, database)
    })
  }

  /** Drops one. Concurrent calls wait for the same removal. */
  async drop(database: string): Promise<void> {
    if (!this.live.has(database)) return
    const drop = this.live.get(database) ?? this.dropNow(database)
    this.live.set(database, drop)
    await drop
  }

  /** Drops all databases of this process, when it ends. An unreachable server does not prevent that end. */
  async dropAll(): Promise<void> {
    await Promise.allSettled([...this.live.keys()].map((database) => this.drop(database)))
  }

  private async dropNow(database: string): Promise<void> {
    await withClient(this.target.config, (client) =>
      client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(database)} WITH (FORCE)`),
    )
    this.live.delete(database)
  }
}

/** Empties a database that a setting names as the shadow database: every schema except the server's own. */
export async function wipe(target: Target): Promise<void> {
  await withClient(target.config, async (client) => {
    const { rows } = await client.query<{ nspname: string }>(
      `SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`,
    )
    const drops = rows.map(({ nspname }) => `DROP SCHEMA ${escapeIdentifier(nspname)} CASCADE;`)
    await client.query(`${drops.join('\n')}\nCREATE SCHEMA public`)
  })
}

async function serverTimeMs(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ ms: string }>(
    `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms`,
  )
  return Number(rows[0]?.ms)
}

/**
 * Only our names, of a login that we are a member of, old enough, and without a connection; one that is opened
 * meanwhile keeps its database.
 */
async function dropAbandoned(client: pg.Client, nowMs: number): Promise<void> {
  const { rows } = await client.query<{ datname: string }>(
    `SELECT datname FROM pg_database d
      WHERE datname LIKE 'prisma\\_migrate\\_shadow\\_db\\_%' AND pg_has_role(datdba, 'USAGE')
        AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)`,
  )
  for (const { datname } of rows) {
    const createdAtMs = shadowCreatedAtMs(datname)
    if (createdAtMs === undefined || nowMs - createdAtMs < ABANDONED_AFTER_MS) continue
    await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(datname)}`).catch(() => {})
  }
}

function mayNotCreate(error: pg.DatabaseError): PrismaError {
  return new PrismaError(
    'P3014',
    `Prisma Migrate could not create the shadow database. Please make sure the database user has permission to create databases. Or set SHADOW_DATABASE_URL to an empty database that may be wiped. Read more about the shadow database (and workarounds) at https://pris.ly/d/migrate-shadow\n\nOriginal error: ${error.message}`,
  )
}
