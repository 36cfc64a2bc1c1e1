import { randomUUID } from 'node:crypto'
import { type Logger, silentLogger } from '@miyabi/core'
import type { EventWriter } from '@miyabi/dynamo'
import { createTestDatabase, dynamodbEndpoint, patience, sql, type TestDatabase, tablePrefix } from '@miyabi/testing'
import { onTestFinished } from 'vitest'
import { DatabaseContext } from '../../src/index.js'
import { builtInTargets } from '../../src/relay/built-in.js'
import { customTarget, type EffectHandler } from '../../src/relay/custom.js'
import type { Ask } from '../../src/relay/leases.js'
import { checkedLimits, type RelayLimits } from '../../src/relay/options.js'
import { OutboxRelay, type RelayWorld } from '../../src/relay/relay.js'
import type { FindTarget } from '../../src/relay/target.js'

type WorldDatabase = Pick<TestDatabase, 'databaseUrl' | 'serviceDatabaseUrl' | 'directDatabaseUrl'> &
  Partial<Pick<TestDatabase, 'drop'>>

/** A database, tables in DynamoDB, and what relays are made of there. */
export class OutboxWorld implements AsyncDisposable {
  readonly database: WorldDatabase
  readonly db: DatabaseContext
  readonly env: Record<string, string>

  private constructor(database: WorldDatabase, db: DatabaseContext, env: Record<string, string>) {
    this.database = database
    this.db = db
    this.env = env
  }

  static async open(): Promise<OutboxWorld> {
    return OutboxWorld.over(await createTestDatabase(), dynamodbEndpoint())
  }

  /** On servers of a test's own. */
  static async over(database: WorldDatabase, endpoint: string): Promise<OutboxWorld> {
    const env = {
      DATABASE_URL: database.databaseUrl,
      SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
      DB_SERVICE_MAX_CONNECTIONS: '8',
      DB_MIN_CONNECTIONS: '0',
      DYNAMODB_ENDPOINT: endpoint,
      DYNAMODB_TABLE_PREFIX: tablePrefix(),
      ...patience,
      DB_POOLER: process.env['DB_POOLER'] ?? 'none', // where the run goes through one
    }
    const db = await DatabaseContext.fromEnv({ env })
    await db.dynamodb.tables.apply()
    return new OutboxWorld(database, db, env)
  }

  /** Asks as the service. */
  readonly ask: Ask = async (text, values) => (await this.db.asService().query(text, values)).rows as never

  /** SQL as the owner of the tables. */
  sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return sql<Row>(this.database.directDatabaseUrl, text, values)
  }

  /** Where effects go, with handlers of the application's own. */
  targets(handlers: Record<string, EffectHandler<never>> = {}): FindTarget {
    const targets = {
      ...builtInTargets(this.db.dynamodb, this.#writer()),
      ...Object.fromEntries(Object.entries(handlers).map(([name, of]) => [name, customTarget(name, of)])),
    }
    return ({ topic, version }) => (version === 1 && Object.hasOwn(targets, topic) ? targets[topic] : undefined)
  }

  /** A relay that nobody closes. */
  bareRelay(world: Partial<RelayWorld>, limits: Partial<RelayLimits> = {}): OutboxRelay {
    return new OutboxRelay(
      {
        ask: this.ask,
        id: randomUUID(),
        find: () => undefined,
        isAllowed: () => true,
        stores: { 'events.append': 'DynamoDB', 'messages.enqueue': 'DynamoDB', 'agentState.save': 'DynamoDB' },
        isHearing: () => false,
        logger: this.#logger,
        ...world,
      },
      checkedLimits(limits),
    )
  }

  /** A relay with handlers of its own, and whatever a test changes. Closed with the test. */
  relay(
    handlers: Record<string, EffectHandler<never>> = {},
    changes: Partial<RelayLimits> & { readonly world?: Partial<RelayWorld> } = {},
  ): OutboxRelay {
    const { world, ...limits } = changes
    const relay = this.bareRelay({ find: this.targets(handlers), ...world }, limits)
    onTestFinished(async () => void (await relay.close(0)))
    return relay
  }

  /** What relays said that they could not do. */
  readonly failures: string[] = []
  readonly #logger: Logger = {
    ...silentLogger,
    error: ({ event }, message) => void (event === 'db.relay_failed' && this.failures.push(message)),
  }

  #events: EventWriter | undefined
  #writer(): EventWriter {
    this.#events ??= this.db.dynamodb.events.writer()
    return this.#events
  }

  /** Commits rows in one transaction, as the service; their ids. */
  async write(rows: readonly NewRow[]): Promise<string[]> {
    const ids = rows.map(({ id }) => id ?? randomUUID())
    await this.ask(INSERT, parametersOf(rows, ids))
    return ids
  }

  /** Rows that wait, by position. */
  rows(): Promise<{ id: string; key: string | null; topic: string; attempts: number; last_error: string | null }[]> {
    return this.sql('SELECT id::text, key, topic, attempts, last_error FROM outbox ORDER BY position')
  }

  dead(): Promise<{ id: string; topic: string; attempts: number; last_error: string }[]> {
    return this.sql('SELECT id::text, topic, attempts, last_error FROM outbox_dead ORDER BY position')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.db.close()
    await this.database.drop?.()
  }
}

export interface NewRow {
  readonly id?: string
  readonly key?: string | undefined
  readonly topic: string
  readonly payload?: unknown
  readonly version?: number
  readonly waitMs?: number
}

export const INSERT = `
  INSERT INTO outbox (id, key, topic, payload, version, due_at)
  SELECT r.id, r.key, r.topic, r.payload, r.version, clock_timestamp() + r.wait * interval '1 ms'
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::json[], $5::int[], $6::float8[])
         WITH ORDINALITY AS r (id, key, topic, payload, version, wait, place) ORDER BY place`

export const parametersOf = (rows: readonly NewRow[], ids: readonly string[]): unknown[] => [
  ids,
  rows.map(({ key }) => key ?? null),
  rows.map(({ topic }) => topic),
  rows.map(({ payload = {} }) => JSON.stringify(payload)),
  rows.map(({ version = 1 }) => version),
  rows.map(({ waitMs = 0 }) => waitMs),
]
