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
 * Both stores for one identity: PostgreSQL returns only its rows, enforced by the server. It needs no closing, and ends
 * with the context that made it. DynamoDB has no identities; there the application reads by key.
 */
export interface ScopedContext<Effects = NoEffects> extends Pick<Queries, 'read' | 'query'> {
  /** The identity of this scope. */
  readonly identity: Identity | 'service'
  /** The Prisma client of all tables, as this identity sees them. Its reads accept a `cacheStrategy`. */
  readonly pg: PrismaClient
  /**
   * A client for reads alone, from the replicas of DATABASE_REPLICA_URLS (for the service identity, from the service's
   * replicas): never older than what this scope has read or written. Each statement waits briefly (`waitMs`) for its
   * replica to catch up, and goes to the primary if it does not, or if no replica is healthy.
   */
  readonly replica: ReplicaContext
  /** As that of the context. */
  readonly dynamodb: DynamoOnDemand
  /**
   * Runs `work` in one PostgreSQL transaction: committed when it resolves, rolled back when it rejects; retried as a
   * whole after a conflict, a deadlock, or a connection lost before COMMIT.
   * @param work receives a Prisma client bound to the transaction, the attempt number, its signal, `query` for SQL
   * outside Prisma, and `outbox` for effects on other systems if it commits.
   * @throws {PostgresError} if the database failed; errors of `work` itself are thrown unchanged.
   * @throws {OutboxError} if the database refused an effect.
   */
  transaction<T>(work: OutboxWork<T, Effects>, options?: TransactionOptions): Promise<T>
  /** Values that are loaded once for this identity and shared by all processes; not usable within a transaction. */
  readonly cache: ScopedCache<ScopedContext<Effects>>
  /**
   * Returns what this scope has read and written, as a short text for a cookie or a header: a later scope of the same
   * identity created with it (`db.as(identity, { after })`) reads nothing older, from any source. Undefined if nothing
   * was read or written. Costs one round trip if PostgreSQL was used since the last call. Never rejects.
   */
  token(): Promise<string | undefined>
  /**
   * A scope cannot change its identity: `as()` belongs to the context.
   * @throws {PostgresError} `postgres.identity.fixed`, always.
   */
  as(identity: Identity): never
  /** @throws {PostgresError} `postgres.identity.fixed`, always. */
  asService(): never
}

/** Reads from replicas: no transactions, and no writes. */
export interface ReplicaContext extends Pick<ReplicaQueries, 'read' | 'query'> {
  /** The Prisma client of all tables, without its write methods. */
  readonly pg: ReplicaClient
}

/** What one identity's context gets from the context that made it. */
export interface ScopedContextHost extends OutboxTransactionHost {
  readonly tokens: Tokens
  readonly seen: Seen
  /** What was written, excluding what was only read. */
  readonly written: Seen
  readonly cache: CacheDoor
  /** Whether it starts after the position of a token. */
  readonly hasToken: boolean
}

/** Combines one identity's PostgreSQL with DynamoDB. */
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
    // The service's pool is shared by all scopes of the service, and each has read and written something else.
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
