import type { DynamoOnDemand } from '@miyabi/dynamo/on-demand'
import {
  type Identity,
  ownClient,
  type PrismaClient,
  type Queries,
  type ReplicaClient,
  type ReplicaQueries,
  refuseIdentity,
  type TransactionOptions,
  useReadCache,
} from '@miyabi/postgres'
import type { CacheDoor } from '../cache/door.js'
import { type CacheOfScope, cacheOfScope, type ScopedCache } from '../cache/scoped-cache.js'
import type { NoEffects } from '../outbox/effects.js'
import { identityTag } from '../outbox/identity-tag.js'
import { type OutboxTransactionHost, type OutboxWork, outboxTransaction } from '../outbox/outbox-transaction.js'
import { type ReadsFromReplicas, trackingOf } from '../seen/replica-tracking.js'
import { tokenOf } from '../seen/scope-seen.js'
import type { Seen } from '../seen/seen.js'
import type { Tokens } from '../seen/token.js'

/**
 * Both stores for one identity: PostgreSQL answers it with its own rows, enforced by the server. Nothing of it has to
 * be closed, and it ends with the context that made it. DynamoDB knows no identities; there the application asks by
 * key.
 */
export interface ScopedContext<Effects = NoEffects> extends Pick<Queries, 'read' | 'query'> {
  /** Who asks. */
  readonly identity: Identity | 'service'
  /** The Prisma client of all tables, as this identity sees them. Its reads take a `cacheStrategy`. */
  readonly pg: PrismaClient
  /**
   * The same for reads alone, from the replicas of DATABASE_REPLICA_URLS (of the service's own where this is the
   * service's): never older than what was seen or written here. Each statement waits a moment (`waitMs`) for its
   * replica to come so far, and goes to the primary where that does not, or where none is well.
   */
  readonly replica: ReplicaContext
  /** As that of the context. */
  readonly dynamodb: DynamoOnDemand
  /**
   * Runs `work` in one PostgreSQL transaction: committed when it resolves, rolled back when it rejects; run again,
   * whole, after a conflict, a deadlock, or a connection lost before COMMIT.
   * @param work gets a Prisma client bound to the transaction; its number of the attempt, its signal, `query` for SQL
   *   past Prisma, and `outbox` for what is to happen elsewhere if it commits.
   * @throws {PostgresError} where the database failed; what `work` throws of its own comes out as it is.
   * @throws {OutboxError} where the database refused an effect.
   */
  transaction<T>(work: OutboxWork<T, Effects>, options?: TransactionOptions): Promise<T>
  /** Values that are loaded once for this identity, and shared by all processes; of no use within a transaction. */
  readonly cache: ScopedCache<ScopedContext<Effects>>
  /**
   * What was seen and written here, as a short text for a cookie or a header: a later scope of the same identity that
   * is given it (`db.as(identity, { after })`) reads nothing older, wherever it reads. Undefined where nothing was.
   * Costs one round trip where PostgreSQL was asked something since the last time. Never rejects.
   */
  token(): Promise<string | undefined>
  /**
   * Nobody becomes somebody else here: `as()` is the context's.
   * @throws {PostgresError} `postgres.identity.fixed`, always.
   */
  as(identity: Identity): never
  /** @throws {PostgresError} `postgres.identity.fixed`, always. */
  asService(): never
}

/** What reads from replicas: no transactions, and nothing that writes. */
export interface ReplicaContext extends Pick<ReplicaQueries, 'read' | 'query'> {
  /** The Prisma client of all tables, without what writes. */
  readonly pg: ReplicaClient
}

/** What one identity's context has of the context that made it. */
export interface ScopedContextHost extends OutboxTransactionHost {
  readonly tokens: Tokens
  readonly seen: Seen
  /** What was written, without what was merely seen. */
  readonly written: Seen
  readonly cache: CacheDoor
  /** Whether it begins after what a token says. */
  readonly hasToken: boolean
}

/** Joins one identity's PostgreSQL with DynamoDB. */
export function scopedContext<Effects>(
  host: ScopedContextHost,
  postgres: Queries & ReadsFromReplicas,
  dynamodb: DynamoOnDemand,
): ScopedContext<Effects> {
  const { read, query } = postgres
  let replica: ReplicaContext | undefined
  let pg: PrismaClient | undefined
  let ofScope: CacheOfScope<ScopedContext<Effects>> | undefined
  const cacheHere = (): CacheOfScope<ScopedContext<Effects>> => {
    ofScope ??= cacheOfScope({
      door: host.cache,
      own: identityTag(host.identity),
      scope: () => scope,
      seen: () => host.written.position(),
      readFrom: (position) => host.seen.raise(position),
      raiseLater: (tags) =>
        outboxTransaction(postgres, host, async (_, { outbox }) => void outbox.invalidate(...tags), undefined),
    })
    return ofScope
  }
  const cachingClient = (): PrismaClient => {
    // That of the service is everybody's who asks as the service, and each has seen and written something else.
    const isService = host.identity === 'service'
    if (isService && !host.cache.hasReads && !host.hasToken) return postgres.prisma
    const client = isService ? ownClient(postgres.prisma) : postgres.prisma
    useReadCache(client, { read: (call, load) => cacheHere().reads.read(call, load) })
    return client
  }
  const scope: ScopedContext<Effects> = {
    identity: host.identity,
    get pg() {
      pg ??= cachingClient()
      return pg
    },
    get replica() {
      replica ??= replicaContext(postgres.replica(trackingOf(host.seen)))
      return replica
    },
    dynamodb,
    transaction: (work, options) => outboxTransaction(postgres, host, work, options),
    read: (work, options) => {
      pg ??= cachingClient()
      return read(work, options)
    },
    query,
    token: () => tokenOf(host.tokens, host.seen, host.identity),
    get cache() {
      return cacheHere().cache
    },
    as: refuseIdentity,
    asService: refuseIdentity,
  }
  return scope
}

function replicaContext(reads: ReplicaQueries): ReplicaContext {
  const { read, query } = reads
  return {
    get pg() {
      return reads.prisma
    },
    read,
    query,
  }
}
