import type { Operations } from '@miyabi/core'
import type pg from 'pg'
import { PostgresError } from './errors/errors.js'
import { toPostgresError } from './errors/map-error.js'
import type { Identity } from './identity/identity.js'
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

/** What PostgreSQL can be asked, with or without an identity. */
export interface Queries<Client = PrismaClient> {
  /** The Prisma client of all tables. */
  readonly prisma: Client
  /**
   * Runs `work` in one transaction, and again after a conflict, a deadlock, or a connection lost before COMMIT.
   * @throws {PostgresError} where the database failed; what `work` throws of its own comes out as it is.
   */
  transaction<T>(work: TransactionWork<T, Client>, options?: TransactionOptions): Promise<T>
  /**
   * Runs `work`, which only reads, and again after a connection was lost: for raw SQL. Prisma's own reads need no help.
   * @throws {PostgresError} where the database failed; what `work` throws of its own comes out as it is.
   */
  read<T>(work: ReadWork<T, Client>, options?: ReadOptions): Promise<T>
  /**
   * One statement of SQL past Prisma, in one round trip: `query('SELECT ... WHERE id = $1', [id])`. The text is trusted
   * code; values belong into the parameters.
   * @throws {PostgresError}
   */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>>
  /**
   * How many statements and commits the server has answered, failures included: the same figure means that nothing was
   * asked since. Of one call of `as()`; on a pool of the service, of all of it; without an identity always 0.
   */
  readonly answered: number
  /** The same of those that may have changed something. */
  readonly written: number
}

/** PostgreSQL as one identity sees it: the rows of others are as if they did not exist. Nothing has to be closed. */
export interface ScopedPostgres<Client = PrismaClient> extends Queries<Client> {
  /** The same, read from replicas: see `ReplicaQueries`. */
  replica(tracking: Tracking): ReplicaQueries<Client>
  /** Who asks. */
  readonly identity: Identity | 'service'
  /**
   * Nobody becomes somebody else here.
   * @throws {PostgresError} `postgres.identity.fixed`, always.
   */
  as(identity: Identity): never
}

/**
 * What can be read from replicas: of DATABASE_REPLICA_URLS, or where none of them will do, of the primary. Each
 * statement finds its server by itself. Nothing writes, wherever it is sent.
 */
export interface ReplicaQueries<Client = PrismaClient> {
  readonly prisma: ReplicaClient<Client>
  /** As `read` of the primary. */
  read<T>(work: ReplicaReadWork<T, Client>, options?: ReadOptions): Promise<T>
  /** As `query` of the primary. */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>>
  /** How many statements the primary has answered in place of a replica. */
  readonly answered: number
}

/** What is read from replicas. It may be called more than once, so it must not write. */
export type ReplicaReadWork<T, Client = PrismaClient> = (prisma: ReplicaClient<Client>, run: Run) => Promise<T>

/** What a scope shares with all others. */
export interface ScopeHost extends TransactionHost {
  readonly scopes: Scopes
  readonly operations: Operations
  /** Unset where there are none. */
  readonly replicas: Replicas | undefined
}

/** Makes what `as()` returns: no query, no connection, and Prisma's part of it only when it is asked for. */
export function scopedPostgres(scope: Scope, host: ScopeHost): ScopedPostgres {
  let own: ScopeHost | undefined
  const inScope = (): ScopeHost => {
    own ??= { ...host, scope, prisma: scopedClient(scope, host.scopes, host.prisma) }
    return own
  }
  return {
    identity: scope.identity,
    get prisma() {
      return inScope().prisma
    },
    transaction: (work, options) => begin(host, () => runTransaction(inScope(), work, options), 'transaction'),
    read: (work, options) => begin(host, () => runRead(inScope(), work, options), 'read'),
    query: (text, values) => runQuery(host, scope, text, values),
    get answered() {
      return scope.answers.count
    },
    get written() {
      return scope.answers.written
    },
    replica: (tracking) => replicaQueries(scope, host, tracking),
    as: refuseIdentity,
  }
}

/** Makes what reads from replicas, in the scope of who asks. */
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
 * Begins an operation, unless everything is closed.
 * @param name by which those hear of it who follow calls; without one they do not.
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
 * Runs one statement of SQL past Prisma.
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

/**
 * Nobody becomes somebody else inside a scope.
 * @throws {PostgresError} `postgres.identity.fixed`, always.
 */
export function refuseIdentity(): never {
  throw new PostgresError('postgres.identity.fixed')
}
