import { createTestDatabase } from '@miyabi/testing'
import pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { createPostgres, type Postgres, type PostgresSettings, parsePostgresSettings } from '../../src/index.js'

/** A migrated database of one test file, with a login for each part. */
export interface IdentityDatabase {
  readonly databaseUrl: string
  readonly serviceDatabaseUrl: string
  readonly directDatabaseUrl: string
  drop(): Promise<void>
}

/** Somebody of the marketplace, with a row of each kind that is theirs alone. */
export interface Person {
  readonly userId: string
  readonly name: string
  readonly subscriptionId: string
  readonly submissionId: string
}

/** Somebody of the web UI, with a repository, and an execution of two lines in it. */
export interface WebPerson {
  readonly webUserId: string
  readonly name: string
  readonly repositoryId: string
  readonly executionId: string
}

export interface IdentityBench {
  /** The application's pool, whose calls need an identity. */
  readonly postgres: Postgres
  readonly service: Postgres
  readonly alice: Person
  readonly bob: Person
  readonly anna: WebPerson
  readonly ben: WebPerson
  settings(changes?: Partial<PostgresSettings>): PostgresSettings
  /** The migrator's login, past any pooler. */
  readonly directDatabaseUrl: string
  /** One statement as the migrator, who sees every row. */
  admin<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>
}

export const PLUGIN = 'everybodys'

/** Sets a database up for a suite, with two people of each kind. */
export function usePeople(
  open: () => Promise<IdentityDatabase> = createTestDatabase,
  changes: Partial<PostgresSettings> = { maxConnections: 4 },
): IdentityBench {
  let database: IdentityDatabase
  let migrator: pg.Client
  const bench = {
    settings: (more?: Partial<PostgresSettings>) => ({
      ...parsePostgresSettings({
        DATABASE_URL: database.databaseUrl,
        SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
        DB_MIN_CONNECTIONS: '0',
        DB_POOLER: process.env['DB_POOLER'],
        DB_COMPILED_QUERIES: process.env['DB_COMPILED_QUERIES'],
      }),
      ...more,
    }),
    admin: async <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
      (await migrator.query<Row>(sql, values)).rows,
  } as IdentityBench
  beforeAll(async () => {
    database = await open()
    migrator = new pg.Client(database.directDatabaseUrl)
    await migrator.connect()
    const service = createPostgres(bench.settings(), { role: 'service' })
    const postgres = createPostgres(bench.settings(changes))
    await service.prisma.plugin.create({ data: { id: PLUGIN, ...ANY_PLUGIN } })
    const [alice, bob] = [await newPerson(service, 'alice'), await newPerson(service, 'bob')]
    const [anna, ben] = [await newWebPerson(service, 'anna', 1n), await newWebPerson(service, 'ben', 2n)]
    Object.assign(bench, { service, postgres, alice, bob, anna, ben, directDatabaseUrl: database.directDatabaseUrl })
  })
  afterAll(async () => {
    await Promise.all([bench.postgres?.close(0), bench.service?.close(0)])
    await migrator?.end()
    await database?.drop()
  })
  return bench
}

const ANY_PLUGIN = {
  name: 'n',
  displayName: 'N',
  source: 's',
  version: '1',
  tier: 'free' as const,
  features: [],
  limitations: {},
}

/** A user with a subscription, a submission and a review of their own. */
export async function newPerson({ prisma }: Postgres, name: string): Promise<Person> {
  const { id, subscriptions, pluginSubmissions } = await prisma.user.create({
    data: {
      email: `${name}@example.com`,
      name,
      subscriptions: { create: { pluginId: PLUGIN, tier: 'free', licenseKey: `key-of-${name}`, status: 'active' } },
      pluginSubmissions: { create: { pluginData: { of: name } } },
      pluginReviews: { create: { pluginId: PLUGIN, rating: 5, comment: `by ${name}` } },
    },
    include: { subscriptions: true, pluginSubmissions: true },
  })
  return {
    userId: id,
    name,
    subscriptionId: subscriptions[0]?.id ?? '',
    submissionId: pluginSubmissions[0]?.id ?? '',
  }
}

/** A web user with a repository, and an execution of two lines in it. */
export async function newWebPerson({ prisma }: Postgres, name: string, githubId: bigint): Promise<WebPerson> {
  const { id } = await prisma.webUser.create({ data: { githubId, githubUsername: name } })
  const repository = await prisma.repository.create({
    data: { userId: id, githubRepoId: githubId, owner: name, name: 'code', fullName: `${name}/code` },
  })
  const execution = await prisma.agentExecution.create({
    data: {
      userId: id,
      repositoryId: repository.id,
      agentType: 'CodeGen',
      options: {},
      logs: { create: [1, 2].map((n) => ({ logLevel: 'INFO', message: `${name} ${n}` })) },
    },
  })
  return { webUserId: id, name, repositoryId: repository.id, executionId: execution.id }
}
