import {
  addFollowingObserver,
  Closing,
  DEFAULT_GRACE_MS,
  type Logger,
  Operations,
  RetryBudget,
  redactingLogger,
  silentLogger,
  warnOfSecondCopy,
} from '@miyabi/core'
import { PostgresError } from './errors/errors.js'
import { adviseForServer } from './health/advise.js'
import { checkHealth, healthDown, type PostgresHealth } from './health/health.js'
import type { PoolSizeAdvice } from './health/pool-size.js'
import { sharing } from './health/sharing.js'
import { checkStart } from './health/start-check.js'
import { type Identity, refuseIdentity } from './identity/identity.js'
import { loginCheck } from './identity/login-check.js'
import { Scopes, scopeOf, serviceScope } from './identity/scope.js'
import type { PostgresObserver } from './observe/facts.js'
import type { PoolClosed } from './observe/pool-events.js'
import { RetryTelling } from './observe/retry-telling.js'
import { createPool, type Pool } from './pool/pool.js'
import type { PoolUsage } from './pool/usage.js'
import { type Position, Positions } from './position/position.js'
import { createPrismaClient } from './prisma/client.js'
import type { AnyClient, ClientClass } from './prisma/client-class.js'
import { type ReplicaLimits, Replicas } from './replica/replicas.js'
import type { Tracking } from './replica/route.js'
import { PrismaClient } from './schema/prisma.js'
import {
  begin,
  type Queries,
  type ReplicaQueries,
  replicaQueries,
  runQuery,
  type ScopedPostgres,
  scopedPostgres,
} from './scoped-postgres.js'
import type { PostgresSettings } from './settings/config.js'
import { resolveReplicas } from './settings/replica-settings.js'
import { type ResolvedSettings, resolvePostgresSettings } from './settings/resolve.js'
import { StatementNames } from './statement/names.js'
import { Runner } from './statement/runner.js'
import type { PoolStats, PostgresStats, ReplicasStats } from './stats.js'
import { Attempts } from './transaction/attempt.js'
import { runRead } from './transaction/read.js'
import { Retrier } from './transaction/retrier.js'
import { ServerHistory } from './transaction/server-history.js'
import { runTransaction } from './transaction/transaction.js'

/** How long after the first connection the server is checked: the first query comes first. */
const CHECK_AFTER_MS = 200

export interface PostgresOptions<Client extends AnyClient = PrismaClient> {
  /**
   * The client class, generated from another schema for a separate database. Default: the client of this package's
   * tables.
   */
  readonly client?: ClientClass<Client> | undefined
  /** Silent by default. */
  readonly logger?: Logger | undefined
  /** The pool's name, used in errors and events. Default `main`, or `service` for the service's pool. */
  readonly name?: string
  /** The retry budget, which may be shared with other retries in this application. Default: a separate one. */
  readonly retryBudget?: RetryBudget | undefined
  /**
   * `service`: the pool of SERVICE_DATABASE_URL, all of whose queries run as the service identity. Default: that of
   * DATABASE_URL, whose queries need an identity from `as()`.
   */
  readonly role?: 'service' | undefined
  /** How to read from replicas, if the settings name any. */
  readonly replicas?: ReplicaLimits | undefined
  /**
   * Called behind each statement and COMMIT of callers that may have changed something, failures included; takes no
   * time, and never throws. Default: nobody hears of it.
   */
  readonly onWritten?: (() => void) | undefined
}

/** PostgreSQL for one application: a pool, the Prisma client on it, health and figures. */
export interface Postgres<Client = PrismaClient> extends Queries<Client>, AsyncDisposable {
  /** The underlying pool. Queries on it have no identity, unless their SQL sets one. */
  readonly pool: Pool
  /**
   * Returns the same for one user: it sees only that user's rows, enforced by the server. Costs no query, no connection
   * and no round trip.
   * @throws {PostgresError} `postgres.identity.invalid`; on a pool of the service `postgres.identity.fixed`.
   */
  as(identity: Identity): ScopedPostgres<Client>
  /**
   * On a pool of the service: the same, read from replicas.
   * @throws {PostgresError} `postgres.identity.missing` on any other pool.
   */
  replica(tracking: Tracking): ReplicaQueries<Client>
  /** The state of the replicas, after checking them; undefined if the settings name none. */
  lookAtReplicas(): Promise<ReplicasStats | undefined>
  /**
   * Checks the server within a second, over one separate connection shared by all concurrent callers. After `close()`
   * it returns `down` without a query. Rejects only with the signal's reason.
   */
  health(options?: { readonly signal?: AbortSignal }): Promise<PostgresHealth>
  /** The current state of the pool, and how Prisma's calls were executed so far. Costs almost nothing. */
  stats(): PostgresStats
  /** Calls `observer` with all events from now on. Returns a function that removes it. */
  observe(observer: PostgresObserver): () => void
  /**
   * Returns how far the server has written its log, in one round trip shared by all callers that arrive before it is
   * sent. Everything answered to any caller before has a lower or equal position.
   * @throws {PostgresError} if the server cannot be queried, or is a standby.
   */
  position(): Promise<Position>
  /**
   * Like `query`, for machinery around the application: its writes do not count as written or seen by any caller.
   * @throws {PostgresError}
   */
  background: Queries['query']
  /** Returns the pool's usage over the last minute. */
  usage(): PoolUsage
  /**
   * Returns whether the pools of all instances fit into the server, and whether this one has the size that its load
   * needs.
   * @throws {PostgresError} if the server does not answer within a second.
   */
  advise(options?: { readonly signal?: AbortSignal }): Promise<PoolSizeAdvice>
  /**
   * Rejects new work (`postgres.pool.closed`), waits up to `graceMs` (default 10,000) for work in flight, then cancels
   * it. Always resolves; a second call returns the first one's promise.
   */
  close(graceMs?: number): Promise<PoolClosed>
}

/**
 * Creates a pool and the Prisma client on it. Returns without waiting: the pool opens its minimum in the background,
 * and if the server is down, the first query fails and `health()` reports why.
 * @throws {ConfigError} if the URL cannot be used, or a certificate file that it names cannot be read.
 */
export function createPostgres<Client extends AnyClient = PrismaClient>(
  given: PostgresSettings,
  options: PostgresOptions<Client> = {},
): Postgres<Client> {
  // The code below uses only what all generated clients have: the caller gets the types of the schema back.
  const Client = (options.client ?? PrismaClient) as unknown as typeof PrismaClient
  return makePostgres(given, options, Client) as unknown as Postgres<Client>
}

function makePostgres(
  given: PostgresSettings,
  options: Omit<PostgresOptions, 'client'>,
  Client: typeof PrismaClient,
): Postgres {
  warnOfSecondCopy('@miyabi/postgres', import.meta.url)
  const { role, name = role ?? 'main' } = options
  const settings = resolvePostgresSettings(given, role)
  const scope = role === 'service' ? serviceScope : undefined
  const logger = redactingLogger(options.logger ?? silentLogger)
  const pool = createPool(settings, { name, logger, onConnect: loginCheck(settings, logger, role === 'service') })
  const operations = new Operations()
  const scopes = new Scopes()
  const names = settings.pooler === 'none' ? new StatementNames() : undefined
  const runner = new Runner(pool, {
    scopes,
    names,
    login: settings.target.user,
    logger: options.logger && logger,
    onWritten: options.onWritten,
  })
  const attempts = new Attempts()
  const history = new ServerHistory((text) => runner.sql(undefined, text, []))
  const positions = new Positions((text) => runner.sql(undefined, text, []))
  const stats = (): PoolStats => pool.stats
  const retries = new RetryTelling(name, pool.hooks.retry)
  const retrier = new Retrier(options.retryBudget ?? new RetryBudget(), stats, logger, retries)
  const { client: prisma, compiled } = createPrismaClient(
    pool,
    settings,
    operations,
    { attempts, retrier, runner },
    { scope, scopes, logger: options.logger && logger, Client },
  )
  const replicas = replicasOf(settings, { ...options, logger, pool, primary: () => positions.ask() })
  const host = { prisma, pool, attempts, retrier, stats, scopes, operations, runner, history, scope, replicas }
  /**
   * The pool is closed last, because work in flight may need another connection; a shorter grace period then applies to
   * it too.
   */
  let isPoolClosing = false
  const closing = new Closing(async (grace): Promise<PoolClosed> => {
    const isIdle = await operations.close(grace)
    isPoolClosing = true
    const restMs = isIdle ? grace.remainingMs : 0
    const [{ drained, destroyed }] = await Promise.all([pool.close(restMs), replicas?.close(restMs)])
    await prisma.$disconnect() // last: it ends open transactions
    await compiled.close()
    return { drained: isIdle && drained, destroyed }
  })
  const ofMachinery = scope && ({ ...scope, answers: { count: 0, written: 0 }, isMachinery: true } as const)
  const ended = new AbortController()
  pool.once('connect', () => setTimeout(() => void checkStart(settings, logger, ended.signal), CHECK_AFTER_MS).unref())
  const health = sharing(() => checkHealth(settings, { pool, role }))
  const close = (graceMs: number = DEFAULT_GRACE_MS): Promise<PoolClosed> => {
    ended.abort()
    if (isPoolClosing) void pool.close(graceMs)
    return closing.close(graceMs)
  }
  return {
    prisma,
    pool,
    transaction: (work, transactionOptions) =>
      begin(host, () => runTransaction(host, work, transactionOptions), 'transaction'),
    read: (work, readOptions) => begin(host, () => runRead(host, work, readOptions), 'read'),
    query: (text, values) => runQuery(host, scope, text, values),
    get answered() {
      return scope?.answers.count ?? 0
    },
    get written() {
      return scope?.answers.written ?? 0
    },
    background: (text, values) => runQuery(host, ofMachinery, text, values),
    position: () => begin(host, () => positions.ask()),
    as: (identity) => (scope ? refuseIdentity() : scopedPostgres(scopeOf(identity), host)),
    health: async ({ signal } = {}) => {
      signal?.throwIfAborted()
      return operations.isClosed ? healthDown(runner.closedError, 0) : begin(host, () => health(signal))
    },
    replica: (tracking) => {
      if (!scope) throw new PostgresError('postgres.identity.missing')
      return replicaQueries({ ...scope, answers: { count: 0, written: 0 } }, host, tracking) // only its own
    },
    lookAtReplicas: async () => replicas?.look(),
    stats: () => ({ ...stats(), compiledQueries: compiled.stats, ...(replicas && { replicas: replicas.stats }) }),
    observe: (observer) => addFollowingObserver(pool.hooks, observer),
    usage: () => pool.usage,
    advise: ({ signal } = {}) => begin(host, () => adviseForServer(settings, { usage: pool.usage, signal })),
    close,
    async [Symbol.asyncDispose]() {
      await close()
    },
  }
}

function replicasOf(
  settings: ResolvedSettings,
  {
    role,
    replicas: limits = {},
    logger,
    pool,
    primary,
  }: Pick<PostgresOptions, 'role' | 'replicas'> & {
    readonly logger: Logger
    readonly pool: Pool
    readonly primary: () => Promise<Position>
  },
): Replicas | undefined {
  const mayServe = role === 'service'
  const found = resolveReplicas(settings, mayServe)
  return found.length === 0
    ? undefined
    : new Replicas({ settings: found, limits, logger, hooks: pool.hooks, mayServe, primary })
}
