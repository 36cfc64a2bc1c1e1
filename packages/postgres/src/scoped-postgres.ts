import type { Operations } from '@miyabi/core'
import type pg from 'pg'
import { toPostgresError } from './errors/map-error.js'
import { type Identity, refuseIdentity } from './identity/identity.js'
import type { Scope, Scopes } from './identity/scope.js'
import { codeOfFailure } from './prisma/followed-client.js'
import { scopedClient } from './prisma/scoped-client.js'
import type { ReplicaClient } from './replica/replica-client.js'
import type { Replicas } from './replica/replicas.js'
import { ReplicaRoute, type Tracking } from './replica/route.js'
import type { PrismaClient } from './schema/prisma.js'
import { type ReadOptions, type ReadWork, runRead } from './transaction/read.js'
import {
  type Run,
  runTransaction,
  type TransactionHost,
  type TransactionOptions,
  type TransactionWork,
} from './transaction/transaction.js'

/** The queries of PostgreSQL, with or without an identity. */
export interface Queries<Client = PrismaClient> {
  /** The Prisma client of all tables. */
  readonly prisma: Client
  /**
   * Runs `work` in one transaction, and retries it after a conflict, a deadlock, or a connection lost before COMMIT.
   * @throws {PostgresError} if the database failed; errors that `work` throws itself are passed on unchanged.
   */
  transaction<T>(work: TransactionWork<T, Client>, options?: TransactionOptions): Promise<T>
  /**
   * Runs `work`, which only reads, and retries it after a lost connection: for raw SQL. Prisma's own reads are retried
   * automatically.
   * @throws {PostgresError} if the database failed; errors that `work` throws itself are passed on unchanged.
   */
  read<T>(work: ReadWork<T, Client>, options?: ReadOptions): Promise<T>
  /**
   * Runs one SQL statement without Prisma, in one round trip: `query('SELECT ... WHERE id = $1', [id])`. The text is
   * trusted code; pass values as parameters.
   * @throws {PostgresError}
   */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>>
  /**
   * Number of statements and commits that the server has answered, including failures: an unchanged number means that
   * nothing was sent since. Counted per `as()` call; on a pool of the service, for the whole pool; without an identity
   * always 0.
   */
  readonly answered: number
  /** The number of those that may have changed something. */
  readonly written: number
}

/** PostgreSQL as seen by one identity: rows of others are invisible. Needs no closing. */
export interface ScopedPostgres<Client = PrismaClient> extends Queries<Client> {
  /** The same, read from replicas: see `ReplicaQueries`. */
  replica(tracking: Tracking): ReplicaQueries<Client>
  /** The calling identity. */
  readonly identity: Identity | 'service'
  /**
   * An identity cannot be changed.
   * @throws {PostgresError} `postgres.identity.fixed`, always.
   */
  as(identity: Identity): never
}

/**
 * Reads from replicas: those of DATABASE_REPLICA_URLS or, if none of them is suitable, the primary. The server is
 * chosen per statement. Nothing can write, on any server.
 */
export interface ReplicaQueries<Client = PrismaClient> {
  readonly prisma: ReplicaClient<Client>
  /** Like `read` on the primary. */
  read<T>(work: ReplicaReadWork<T, Client>, options?: ReadOptions): Promise<T>
  /** Like `query` on the primary. */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>>
  /** Number of statements that the primary answered instead of a replica. */
  readonly answered: number
}

/** Work that reads from replicas. It may be called more than once, so it must not write. */
export type ReplicaReadWork<T, Client = PrismaClient> = (prisma: ReplicaClient<Client>, run: Run) => Promise<T>

/** What all scopes share. */
export interface ScopeHost extends TransactionHost {
  readonly scopes: Scopes
  readonly operations: Operations
  /** Unset if there are none. */
  readonly replicas: Replicas | undefined
}

/** Creates the result of `as()`: without a query or connection, and its Prisma client only on first access. */
export function scopedPostgres(scope: Scope, host: ScopeHost): ScopedPostgres {
  return new PostgresOfScope(scope, host)
}

/** A class, since one is created for each request: accessors of an object literal cost more than all the rest. */
class PostgresOfScope implements ScopedPostgres {
  readonly identity: Identity | 'service'
  readonly #scope: Scope
  readonly #host: ScopeHost
  #own: ScopeHost | undefined

  constructor(scope: Scope, host: ScopeHost) {
    this.identity = scope.identity
    this.#scope = scope
    this.#host = host
  }

  get prisma(): PrismaClient {
    return this.#inScope().prisma
  }

  readonly transaction: ScopedPostgres['transaction'] = (work, options) =>
    begin(this.#host, () => runTransaction(this.#inScope(), work, options), 'transaction')

  readonly read: ScopedPostgres['read'] = (work, options) =>
    begin(this.#host, () => runRead(this.#inScope(), work, options), 'read')

  readonly query: ScopedPostgres['query'] = (text, values) => runQuery(this.#host, this.#scope, text, values)

  get answered(): number {
    return this.#scope.answers.count
  }

  get written(): number {
    return this.#scope.answers.written
  }

  readonly replica: ScopedPostgres['replica'] = (tracking) => replicaQueries(this.#scope, this.#host, tracking)

  readonly as = refuseIdentity

  #inScope(): ScopeHost {
    this.#own ??= {
      ...this.#host,
      scope: this.#scope,
      prisma: scopedClient(this.#scope, this.#host.scopes, this.#host.prisma),
    }
    return this.#own
  }
}

/** Creates the reader of replicas, in the caller's scope. */
export function replicaQueries(asker: Scope, host: ScopeHost, tracking: Tracking): ReplicaQueries {
  const { replicas } = host
  const scope: Scope = {
    ...asker,
    answers: { count: 0, written: 0 },
    route: new ReplicaRoute(asker, replicas, tracking),
  }
  let prisma: PrismaClient | undefined
  const client = (): PrismaClient => {
    prisma ??= scopedClient(scope, host.scopes, host.prisma)
    return prisma
  }
  return {
    get prisma() {
      return client()
    },
    read: <T>(work: ReplicaReadWork<T>, options?: ReadOptions) => {
      const reading: ReadWork<T> = (inScope, run) =>
        replicas ? replicas.canceling(run.signal, () => work(inScope, run)) : work(inScope, run)
      return begin(host, () => runRead({ ...host, scope, prisma: client() }, reading, options), 'read')
    },
    query: (text, values) => runQuery(host, scope, text, values),
    get answered() {
      return asker.answers.count
    },
  }
}

/**
 * Starts an operation, unless everything is closed.
 * @param name the call's name for observers that follow calls; without one they are not notified.
 */
export function begin<T>(
  { operations, runner, pool }: Pick<ScopeHost, 'operations' | 'runner' | 'pool'>,
  work: () => Promise<T>,
  name?: string,
): Promise<T> {
  const { calls } = pool.hooks
  const begun = (): Promise<T> => operations.begin(work, () => runner.closedError)
  if (name === undefined || !calls.isFollowed) return begun()
  return calls.run({ store: 'postgresql', operation: name }, begun, codeOfFailure)
}

/**
 * Runs one SQL statement without Prisma.
 * @throws {PostgresError}
 */
export async function runQuery<Row extends pg.QueryResultRow>(
  host: Pick<ScopeHost, 'operations' | 'runner' | 'pool'>,
  scope: Scope | undefined,
  text: string,
  values: readonly unknown[] = [],
): Promise<pg.QueryResult<Row>> {
  try {
    return await begin(host, () => host.runner.sql<Row>(scope, text, values), 'query')
  } catch (error) {
    throw toPostgresError(error)
  }
}
