// Longer than others: it is the interface of an application, one method after the other; each delegates to a store or
// to a file beside this one.
import { DEFAULT_GRACE_MS, type Logger, warnOfSecondCopy } from '@miyabi/core'
import type { DynamoStats } from '@miyabi/dynamo'
import type { DynamoOnDemand } from '@miyabi/dynamo/on-demand'
import type {
  Identity,
  PoolSizeAdvice,
  PoolUsage,
  Postgres,
  PostgresHealth,
  PostgresStats,
  PrismaClient,
  Queries,
  ReadOptions,
  ReadWork,
  ReplicaStats,
  TransactionOptions,
  TransactionWork,
} from '@miyabi/postgres'
import { identityOf, PostgresError } from '@miyabi/postgres/on-demand'
import type { CacheStats } from '../cache/stats.js'
import {
  checkBoth,
  closedHealth,
  type DatabaseHealth,
  type Readiness,
  readinessOf,
  withReplicas,
  withService,
} from '../health/health.js'
import { HealthLog } from '../health/health-log.js'
import { serviceMissing, unavailable } from '../health/known-health.js'
import { ANYBODY } from '../outbox/backlog.js'
import type { DepthStats } from '../outbox/depth-bound.js'
import type { EffectDefinitions, NoEffects } from '../outbox/effects.js'
import { TopicsCheck } from '../outbox/topics.js'
import { type EraseHost, type EraseOptions, type Erasure, erasePerson } from '../persons/erase.js'
import { type ExportOptions, exportPerson, type PersonalItem } from '../persons/export.js'
import { subjectOf } from '../persons/mark.js'
import { type ErasureMark, eraseAllMarked, type MarkedErasure } from '../persons/marked.js'
import { openRelay, type Relay, type RelayOptions } from '../relay/open-relay.js'
import type { RelayStats } from '../relay/stats.js'
import type { ReadsFromReplicas } from '../seen/replica-tracking.js'
import { type ScopeOptions, seenOf } from '../seen/scope-seen.js'
import { ServiceQueries } from '../seen/service-queries.js'
import { settingsFromEnv } from '../settings/from-env.js'
import { type BoundStreams, bindStreams, type DatabaseStreams } from '../streams/streams.js'
import type { StreamStats } from '../streams/types.js'
import { closeParts, type DatabaseClosed } from './close-parts.js'
import type { DatabaseObserver } from './observer.js'
import type { CreateOptions, FromEnvOptions } from './options.js'
import { type ScopedContext, scopedContext } from './scoped-context.js'
import type { DatabaseServers } from './servers.js'
import { openStores, type Stores } from './stores.js'

/** Current statistics, and those of the last minute. */
export interface DatabaseStats {
  /** The connection pool: now, and its use over the last minute. */
  readonly postgres: PostgresStats & { readonly usage: PoolUsage }
  /** The service's own pool, once `asService()` was called. */
  readonly service?: PostgresStats & { readonly usage: PoolUsage }
  /** Current connections, and the capacity consumed since the start, for each table, index and operation. */
  readonly dynamodb: DynamoStats
  /** The consumers of streams that run here. */
  readonly streams: readonly StreamStats[]
  /** The relays that run here. */
  readonly relays: readonly RelayStats[]
  readonly outbox: {
    /** Transactions with effects that were committed in this process. */
    readonly transactions: number
    /** Present if DB_OUTBOX_MAX_DEPTH is set. */
    readonly bound?: DepthStats
  }
  /** The cache of this process, once it was used. */
  readonly cache?: CacheStats
}

/** An observer, and the functions that end it in each store. */
interface Observation {
  readonly observer: DatabaseObserver
  readonly ends: (() => void)[]
}

/** Longer than either store's own limit of a second, whose report is more specific. In milliseconds. */
const READY_LIMIT_MS = 1_250

/** What is checked. */
export interface HealthCheckOptions {
  readonly signal?: AbortSignal
  /** Whether to check the replicas, too: without them the primary serves everything. Default false. */
  readonly replicas?: boolean
}

interface CheckOptions {
  readonly signal?: AbortSignal
  readonly limitMs?: number
}

/** The interface of a context: of one that is open, or of one that opens at first use (`sharedDatabase`). */
export type Database<Effects extends EffectDefinitions = NoEffects> = Pick<
  DatabaseContext<Effects>,
  keyof DatabaseContext
>

/**
 * Both stores behind one object, which the application creates once and closes once.
 *
 * Creating it does not wait for a server, so it succeeds while one is down; `healthCheck()` reports which, why, and
 * what to do.
 *
 * ```ts
 * await using db = await DatabaseContext.fromEnv()
 * const subscriptions = await db.as({ userId }).pg.subscription.findMany() // only theirs
 * ```
 */
export class DatabaseContext<Effects extends EffectDefinitions = NoEffects> implements AsyncDisposable {
  /**
   * The Prisma client of all tables without an identity, which no table answers: use the client of `as()` or
   * `asService()`.
   */
  readonly pg: PrismaClient
  /**
   * DynamoDB: the entities `events`, `agentState` and `messages`, and a `client` that sends the AWS SDK's commands. The
   * SDK is loaded with the first call, or by `load()`, which also returns the complete client.
   */
  readonly dynamodb: DynamoOnDemand
  /** The context's logger, with secrets masked. Silent if none was passed. */
  readonly logger: Logger
  /** Applies DynamoDB's streams to PostgreSQL, each change once. */
  readonly streams: DatabaseStreams
  readonly #streams: BoundStreams
  readonly #stores: Stores
  readonly #topics: TopicsCheck
  #service: Postgres | undefined
  /** Observers, for what is opened later. */
  readonly #observations = new Set<Observation>()
  readonly #relays = new Set<Relay>()
  #closing: Promise<DatabaseClosed> | undefined
  #hasEnded = false
  readonly #healthLog: HealthLog
  /** Whether the service's login has worked in this process, and whether it was requested without being set. */
  #hasServed = false
  #lacksService = false

  private constructor(stores: Stores) {
    const { logger } = stores
    this.#stores = stores
    this.logger = logger
    this.#healthLog = new HealthLog(logger)
    this.pg = stores.postgres.prisma
    this.#topics = new TopicsCheck(stores.effects.definitions, (text) => stores.postgres.as(ANYBODY).query(text))
    this.dynamodb = stores.dynamo
    this.#streams = bindStreams({ service: () => this.#servicePool(), dynamodb: stores.dynamo, logger })
    this.streams = this.#streams
    if (stores.checkService) {
      stores.cache.useService(async <Row extends object>(text: string) => {
        const { rows } = await this.#servicePool().background(text)
        return rows as Row[]
      })
    }
  }

  /**
   * Creates a context from environment variables. With a URL unset outside production it attaches to a running embedded
   * stack and logs that; it never starts one.
   * @throws {ConfigError} `config.invalid`, naming every fault of both stores' settings.
   */
  static async fromEnv<Effects extends EffectDefinitions = NoEffects>(
    options: FromEnvOptions<Effects> = {},
  ): Promise<DatabaseContext<Effects>> {
    const { settings, dynamodbUnavailable, announce } = settingsFromEnv(options)
    announce()
    return DatabaseContext.create({ ...options, ...settings, dynamodbUnavailable })
  }

  /** Creates a context from settings as values. */
  static create<Effects extends EffectDefinitions = NoEffects>(
    settings: CreateOptions<Effects>,
  ): DatabaseContext<Effects> {
    warnOfSecondCopy('@miyabi/db', import.meta.url)
    return new DatabaseContext(openStores(settings))
  }

  /**
   * Returns the context of one user: PostgreSQL returns their rows and no others. Costs no query, no connection and no
   * round trip.
   * @throws {PostgresError} `postgres.identity.invalid`
   */
  as(identity: Identity, options?: ScopeOptions): ScopedContext<Effects> {
    const { postgres } = this.#stores
    const scoped = postgres.as(identity)
    return this.#scope(postgres, scoped, scoped.identity, options)
  }

  /**
   * Returns the context of the service identity, which sees and changes every row: over a separate pool, of
   * SERVICE_DATABASE_URL, which is opened at first use and closed with the context.
   * @throws {ConfigError} `config.invalid` without SERVICE_DATABASE_URL.
   * @throws {PostgresError} `postgres.pool.closed` after `close()`.
   */
  asService(options?: ScopeOptions): ScopedContext<Effects> {
    const service = this.#servicePool()
    return this.#scope(service, new ServiceQueries(service), 'service', options)
  }

  #scope(
    postgres: Postgres,
    queries: Queries & ReadsFromReplicas,
    identity: Identity | 'service',
    options: ScopeOptions | undefined,
  ): ScopedContext<Effects> {
    const { effects, tokens, cache } = this.#stores
    const { definitions, checks, committed, bound } = effects
    const host = { tokens, ask: () => postgres.position() }
    const seen = seenOf(host, () => queries.answered, identity, options)
    const written = seenOf(host, () => queries.written, identity, options)
    const hasToken = options?.after !== undefined
    const ofScope = { definitions, checks, committed, bound, identity, tokens, seen, written, cache, hasToken }
    return scopedContext(ofScope, queries, this.dynamodb)
  }

  #servicePool(): Postgres {
    if (this.#closing && !this.#service)
      throw new PostgresError('postgres.pool.closed', 'This context is closed and opens no pool for the service')
    this.#lacksService ||= this.#stores.checkService === undefined
    this.#service ??= this.#openService()
    return this.#service
  }

  /**
   * Checks the health of both stores concurrently. Responds within a few seconds, even when a server accepts and never
   * responds; rejects only with the reason of `signal`.
   */
  async healthCheck(options: HealthCheckOptions = {}): Promise<DatabaseHealth> {
    const [health, replicas] = await Promise.all([this.#check(options), options.replicas && this.#lookAtReplicas()])
    return replicas ? withReplicas(health, replicas) : health
  }

  async #lookAtReplicas(): Promise<readonly ReplicaStats[]> {
    const pools = this.#closing ? [] : [this.#stores.postgres, ...(this.#service ? [this.#service] : [])]
    const looks = await Promise.all(pools.map((pool) => pool.lookAtReplicas()))
    return looks.flatMap((look) => look?.replicas ?? [])
  }

  /**
   * Returns whether new requests should come to this process and, if not, why: for a readiness probe. Responds within
   * little more than a second, over separate connections; rejects only with the reason of `signal`.
   */
  async ready(options: { readonly signal?: AbortSignal } = {}): Promise<Readiness> {
    return readinessOf(await this.#check({ ...options, limitMs: READY_LIMIT_MS }))
  }

  /**
   * Returns whether this process can still serve, for a liveness probe: false once the context has closed. Contacts no
   * server.
   */
  live(): boolean {
    return !this.#hasEnded
  }

  async #check(options: CheckOptions): Promise<DatabaseHealth> {
    if (this.#closing) return closedHealth(options)
    const { postgres, dynamo, dynamodbUnavailable: remedy } = this.#stores
    // Before the clock starts, as nothing waits for it; a failure here is what `health` reports.
    if (remedy === undefined) await dynamo.load().catch(() => {})
    const health = await checkBoth(
      {
        postgres: async (inner) => {
          const [application, service] = await Promise.all([postgres.health(inner), this.#checkService(inner)])
          this.#hasServed ||= service !== undefined && service.status !== 'down'
          return this.#topics.addTo(withService(application, service, this.#hasServed), inner.signal)
        },
        dynamodb: async (inner) => {
          if (remedy !== undefined) return unavailable(remedy)
          const health = await dynamo.health(inner)
          return { ...health, ready: health.status === 'up' }
        },
      },
      options,
    )
    this.#healthLog.note(health)
    return health
  }

  #openService(): Postgres {
    const service = this.#stores.openService()
    for (const { observer, ends } of this.#observations) ends.push(service.observe(observer))
    return service
  }

  /**
   * The health of the service's login, in use or not: a configured login is meant to be used, and one that was
   * requested without being set is missing.
   */
  #checkService(options: { readonly signal: AbortSignal }): Promise<PostgresHealth | undefined> {
    if (this.#service) return this.#service.health(options)
    if (this.#lacksService) return Promise.resolve(serviceMissing)
    return this.#stores.checkService?.(options) ?? Promise.resolve(undefined)
  }

  /**
   * Returns current statistics: connections total, active, idle, waiting, the limits, and what DynamoDB bills. Costs
   * nothing.
   */
  stats(): DatabaseStats {
    const { postgres, dynamo, effects, cache } = this.#stores
    const cached = cache.stats()
    const figures = (pool: Postgres) => ({ ...pool.stats(), usage: pool.usage() })
    return {
      postgres: figures(postgres),
      ...(this.#service && { service: figures(this.#service) }),
      dynamodb: dynamo.stats(),
      streams: this.#streams.stats(),
      relays: [...this.#relays].filter(({ isClosed }) => !isClosed).map((relay) => relay.stats()),
      outbox: { transactions: effects.committed.sent, ...(effects.bound && { bound: effects.bound.stats }) },
      ...(cached && { cache: cached }),
    }
  }

  /** Returns where the stores are, according to the settings: hosts, ports and names, and no credentials. */
  get servers(): DatabaseServers {
    return this.#stores.servers
  }

  /**
   * Calls `observer` with what happens in both stores from now on, including the service's pool. Facts without an
   * observer are not created. An observer that throws is logged once, and stays registered.
   *
   * ```ts
   * db.observe({ statement: ({ operation, collection, durationMs }) => record(operation, collection, durationMs) })
   * ```
   *
   * @returns a function that stops it.
   */
  observe(observer: DatabaseObserver): () => void {
    const { postgres, dynamo } = this.#stores
    const stores = [postgres, dynamo, ...(this.#service ? [this.#service] : [])]
    const ends = stores.map((store) => store.observe(observer))
    if (observer.logFields) ends.push(this.#stores.logFields.add(() => observer.logFields?.() ?? {}))
    const observation: Observation = { observer, ends }
    this.#observations.add(observation)
    return () => {
      this.#observations.delete(observation)
      for (const end of observation.ends) end()
    }
  }

  /**
   * Returns whether the pools of all instances (DB_INSTANCES) fit into the server, and whether this one has the size
   * that its load of the last minute needs.
   * @throws {PostgresError} if the server does not respond within a second.
   */
  advisePoolSize(options: { readonly signal?: AbortSignal } = {}): Promise<PoolSizeAdvice> {
    return this.#stores.postgres.advise(options)
  }

  /**
   * Starts delivering the effects that committed transactions left in the outbox, as the service; any number of
   * processes may do so. It ends with its own `close()`, or that of the context.
   * @throws {ConfigError} `config.invalid` without SERVICE_DATABASE_URL, and for invalid options.
   */
  relay(options: RelayOptions<Effects> = {}): Relay {
    const service = { query: this.#servicePool().background }
    const { dynamo: dynamodb, listener, effects, cache } = this.#stores
    const onClosed = (): void => void this.#relays.delete(relay)
    const relay = openRelay({ service, dynamodb, listener, cache, logger: this.logger, ...effects, onClosed }, options)
    this.#relays.add(relay)
    return relay
  }

  /**
   * Returns everything that both stores hold of a person, as the service: rows and items as plain JSON, read a page at
   * a time. `jsonLines` converts it to lines.
   * @throws {PostgresError} `postgres.identity.invalid`
   * @throws {ConfigError} `config.invalid` without SERVICE_DATABASE_URL.
   */
  export(identity: Identity, options: ExportOptions = {}): AsyncIterable<PersonalItem> {
    const subject = subjectOf(identityOf(identity))
    return exportPerson(this.#personHost(), subject, options)
  }

  /**
   * Erases a person from both stores, as the service: data that is only theirs is deleted, data that must be kept is
   * anonymized, and a hash of the id is recorded in `erasures`. It may be interrupted and called again: it resumes.
   * With `dryRun` it counts, and changes nothing.
   * @throws {PostgresError} `postgres.identity.invalid`
   * @throws {ConfigError} `config.invalid` without SERVICE_DATABASE_URL, or without ERASURE_KEY.
   */
  async erase(identity: Identity, options: EraseOptions = {}): Promise<Erasure> {
    const subject = subjectOf(identityOf(identity))
    return erasePerson(this.#personHost(), subject, options)
  }

  /**
   * Erases every person to whom one of these marks belongs: after the restore of a backup that is older than the
   * erasures.
   * @param marks as stored in the table `erasures`.
   * @throws {ConfigError} `config.invalid` without SERVICE_DATABASE_URL, or without ERASURE_KEY.
   */
  async eraseMarked(marks: Iterable<ErasureMark>): Promise<readonly MarkedErasure[]> {
    return eraseAllMarked(this.#personHost(), marks)
  }

  #personHost(): EraseHost {
    return { service: this.#servicePool(), dynamodb: this.dynamodb, erasureKey: this.#stores.erasureKey }
  }

  /**
   * Runs `work` in one PostgreSQL transaction, without an identity (that of `as()` has one): committed when it
   * resolves, rolled back when it rejects; retried as a whole after a conflict, a deadlock, or a connection lost before
   * COMMIT.
   * @param work receives a Prisma client bound to the transaction, the attempt number, its signal, and `query` for SQL
   * outside Prisma.
   * @throws {PostgresError} if the database failed; errors of `work` itself are thrown unchanged.
   */
  transaction<T>(work: TransactionWork<T>, options?: TransactionOptions): Promise<T> {
    return this.#stores.postgres.transaction(work, options)
  }

  /**
   * Runs `work`, which only reads PostgreSQL, and retries it after a lost connection: for raw SQL. Prisma's own reads
   * are retried automatically.
   * @throws {PostgresError} if the database failed; errors of `work` itself are thrown unchanged.
   */
  read<T>(work: ReadWork<T>, options?: ReadOptions): Promise<T> {
    return this.#stores.postgres.read(work, options)
  }

  /**
   * Closes both stores: accepts no new work, and waits for work in flight. Always resolves; a second call returns the
   * first promise, and may shorten its wait.
   * @param graceMs how long to wait before work in flight is aborted, in milliseconds. Default 10,000.
   */
  close(graceMs = DEFAULT_GRACE_MS): Promise<DatabaseClosed> {
    if (this.#closing) this.#shorten(graceMs)
    this.#closing ??= this.#close(graceMs)
    return this.#closing
  }

  /** Whether `close()` was called. */
  get isClosed(): boolean {
    return this.#closing !== undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** The stores return their first promise again; nothing is added to it here. */
  #shorten(graceMs: number): void {
    const { postgres, dynamo } = this.#stores
    for (const store of [this.#streams, ...this.#relays, postgres, this.#service, dynamo]) void store?.close(graceMs)
  }

  async #close(graceMs: number): Promise<DatabaseClosed> {
    const { postgres, dynamo, cache, listener } = this.#stores
    const parts = { streams: this.#streams, relays: [...this.#relays], postgres, service: this.#service, dynamo }
    const closed = await closeParts({ ...parts, cache, listener, logger: this.logger }, graceMs)
    this.#hasEnded = true
    return closed
  }
}
