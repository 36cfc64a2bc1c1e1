import type { DynamoOnDemand } from '@miyabi/dynamo/on-demand'
import type {
  Identity,
  PrismaClient,
  Queries,
  ReplicaClient,
  ReplicaQueries,
  TransactionOptions,
} from '@miyabi/postgres'
import { ownClient, refuseIdentity, useReadCache } from '@miyabi/postgres/on-demand'
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
  return new ContextOfScope(host, postgres, dynamodb)
}

/** A class, since one is created for each request: accessors of an object literal cost more than all the rest. */
class ContextOfScope<Effects> implements ScopedContext<Effects> {
  readonly identity: Identity | 'service'
  readonly dynamodb: DynamoOnDemand
  readonly read: Queries['read']
  readonly query: Queries['query']
  readonly #host: ScopedContextHost
  readonly #postgres: Queries & ReadsFromReplicas
  #replica: ReplicaContext | undefined
  #pg: PrismaClient | undefined
  #ofCache: CacheOfScope<ScopedContext<Effects>> | undefined

  constructor(host: ScopedContextHost, postgres: Queries & ReadsFromReplicas, dynamodb: DynamoOnDemand) {
    this.identity = host.identity
    this.dynamodb = dynamodb
    this.#host = host
    this.#postgres = postgres
    this.query = postgres.query
    this.read = (work, options) => {
      this.#pg ??= this.#cachingClient()
      return postgres.read(work, options)
    }
  }

  get pg(): PrismaClient {
    this.#pg ??= this.#cachingClient()
    return this.#pg
  }

  get replica(): ReplicaContext {
    this.#replica ??= replicaContext(this.#postgres.replica(trackingOf(this.#host.seen)))
    return this.#replica
  }

  get cache(): ScopedCache<ScopedContext<Effects>> {
    return this.#cacheHere().cache
  }

  readonly transaction: ScopedContext<Effects>['transaction'] = (work, options) =>
    outboxTransaction(this.#postgres, this.#host, work, options)

  readonly token = (): Promise<string | undefined> => tokenOf(this.#host.tokens, this.#host.seen, this.#host.identity)

  readonly as = refuseIdentity

  readonly asService = refuseIdentity

  #cacheHere(): CacheOfScope<ScopedContext<Effects>> {
    this.#ofCache ??= cacheOfScope<ScopedContext<Effects>>({
      door: this.#host.cache,
      own: identityTag(this.#host.identity),
      scope: this,
      seen: this.#host.written,
      readFrom: (position) => this.#host.seen.raise(position),
      raiseLater: (tags) =>
        outboxTransaction(
          this.#postgres,
          this.#host,
          async (_, { outbox }) => void outbox.invalidate(...tags),
          undefined,
        ),
    })
    return this.#ofCache
  }

  #cachingClient(): PrismaClient {
    const { identity, cache, hasToken } = this.#host
    // The service's pool is shared by all scopes of the service, and each has read and written something else.
    const isService = identity === 'service'
    if (isService && !cache.hasReads && !hasToken) return this.#postgres.prisma
    const client = isService ? ownClient(this.#postgres.prisma) : this.#postgres.prisma
    useReadCache(client, { read: (call, load) => this.#cacheHere().reads.read(call, load) })
    return client
  }
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
