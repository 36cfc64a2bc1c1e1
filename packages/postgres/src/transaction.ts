import { isDatabaseError, mapPostgresError } from './map-error.js'
import type { Prisma, PrismaClient } from './prisma.js'

export interface TransactionOptions {
  /** Default: the server's, read committed. */
  readonly isolation?: Prisma.TransactionIsolationLevel
  /** How long the whole transaction may take, in milliseconds. Default 5000, Prisma's own. */
  readonly timeoutMs?: number
  /** Aborted before the commit, it rolls back. A statement that runs is not interrupted. */
  readonly signal?: AbortSignal
}

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects.
 * @param work gets a Prisma client that is bound to the transaction.
 * @throws {PostgresError} where the database failed; what `work` throws of its own comes out as it is.
 */
export async function runTransaction<T>(
  prisma: PrismaClient,
  work: (tx: Prisma.TransactionClient) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const { isolation, timeoutMs, signal } = options
  signal?.throwIfAborted()
  try {
    return await prisma.$transaction(
      async (tx) => {
        const result = await work(tx)
        signal?.throwIfAborted()
        return result
      },
      {
        ...(isolation === undefined ? {} : { isolationLevel: isolation }),
        ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
      },
    )
  } catch (error) {
    throw isDatabaseError(error) ? mapPostgresError(error) : error
  }
}
