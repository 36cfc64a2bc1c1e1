import type { DynamoOnDemand } from '@miyabi/dynamo/on-demand'
import { type Identity, type PrismaClient, type Queries, refuseIdentity } from '@miyabi/postgres'

/**
 * Both stores for one identity: PostgreSQL answers it with its own rows, enforced by the server. Nothing of it has to
 * be closed, and it ends with the context that made it. DynamoDB knows no identities; there the application asks by
 * key.
 */
export interface ScopedContext extends Pick<Queries, 'transaction' | 'read' | 'query'> {
  /** Who asks. */
  readonly identity: Identity | 'service'
  /** The Prisma client of all tables, as this identity sees them. */
  readonly pg: PrismaClient
  /** As that of the context. */
  readonly dynamodb: DynamoOnDemand
  /**
   * Nobody becomes somebody else here: `as()` is the context's.
   * @throws {PostgresError} `postgres.identity.fixed`, always.
   */
  as(identity: Identity): never
  /** @throws {PostgresError} `postgres.identity.fixed`, always. */
  asService(): never
}

/** Joins one identity's PostgreSQL with DynamoDB. */
export function scopedContext(
  identity: ScopedContext['identity'],
  postgres: Queries,
  dynamodb: DynamoOnDemand,
): ScopedContext {
  const { transaction, read, query } = postgres
  return {
    identity,
    get pg() {
      return postgres.prisma
    },
    dynamodb,
    transaction,
    read,
    query,
    as: refuseIdentity,
    asService: refuseIdentity,
  }
}
