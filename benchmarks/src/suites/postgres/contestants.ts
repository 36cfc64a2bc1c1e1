import { createPostgres, type Postgres, type PrismaClient, parsePostgresSettings } from '@miyabi/postgres'
import pg from 'pg'
import type postgres from 'postgres'
import { runsOn } from '../../harness/node-version.js'
import { drizzlePeer } from './peers/drizzle.js'
import { kyselyPeer } from './peers/kysely.js'
import type { PostgresPeer } from './peers/peer.js'
import { pgPeer } from './peers/pg.js'
import { connectPostgresJs, postgresJsPeer } from './peers/postgres-js.js'
import { prismaPeer, stockPrisma } from './peers/prisma.js'

/** Connections of every pool but stock Prisma's, which keeps its default of 10. */
const MAX_CONNECTIONS = 20

/** The libraries, connected. */
export interface Contestants extends AsyncDisposable {
  /** Of `pg` as it comes; Drizzle and Kysely work over it too. */
  readonly pgPool: pg.Pool
  readonly postgresJs: postgres.Sql
  readonly stock: PrismaClient
  readonly ours: Postgres
  /** Ours, testing each connection at each acquire. */
  readonly oursTesting: Postgres
  /** Ours, never testing one. */
  readonly oursUntested: Postgres
  /** What all of them do alike; the first is the base. */
  readonly peers: readonly [PostgresPeer, ...PostgresPeer[]]
}

export async function connectContestants(
  databaseUrl: string,
  onLeftOut: (reason: string) => void,
): Promise<Contestants> {
  const ours = (variables: Record<string, string> = {}): Postgres =>
    createPostgres(
      parsePostgresSettings({
        DATABASE_URL: databaseUrl,
        DB_MAX_CONNECTIONS: String(MAX_CONNECTIONS),
        DB_ALLOW_PRIVILEGED_LOGIN: 'true',
        ...variables,
      }),
    )
  const pgPool = new pg.Pool({ connectionString: databaseUrl, max: MAX_CONNECTIONS })
  const postgresJs = connectPostgresJs(databaseUrl, MAX_CONNECTIONS)
  const stock = stockPrisma(databaseUrl)
  const our = ours()
  const testing = ours({ DB_TEST_BYPASS_MS: '0' })
  const untested = ours({ DB_TEST_BEFORE_ACQUIRE: 'false' })
  const mikroOrm = runsOn(process.versions.node, 'MikroORM', onLeftOut)
    ? (await import('./peers/mikro-orm.js')).mikroOrmPeer('MikroORM', databaseUrl, MAX_CONNECTIONS)
    : undefined
  return {
    pgPool,
    postgresJs,
    stock,
    ours: our,
    oursTesting: testing,
    oursUntested: untested,
    peers: [
      pgPeer('pg', pgPool),
      postgresJsPeer('postgres', postgresJs),
      drizzlePeer('Drizzle', pgPool),
      kyselyPeer('Kysely', pgPool),
      ...(mikroOrm ? [mikroOrm.peer] : []),
      prismaPeer('Prisma', stock),
      prismaPeer('ours: prisma', our.prisma, (work) => our.transaction(work)),
      pgPeer('ours: pool', our.pool),
    ],
    async [Symbol.asyncDispose]() {
      await Promise.all([
        our.close(),
        testing.close(),
        untested.close(),
        stock.$disconnect(),
        postgresJs.end(),
        pgPool.end(),
        mikroOrm?.close(),
      ])
    },
  }
}
