import { withDeadline } from '@miyabi/core'
import type { Phase } from '../errors/details.js'
import { mapPostgresError } from '../errors/map-error.js'
import type { PrismaClient } from '../schema/prisma.js'
import { assertDeadline, deadlineError } from './deadline-error.js'
import { READ_RETRIES } from './retrier.js'
import { DEFAULT_DEADLINE_MS, type Run, type TransactionHost, type TransactionOptions } from './transaction.js'

/** As of a transaction. */
export type ReadOptions = Omit<TransactionOptions, 'isolation'>

/** What is read. It may be called more than once, so it must not write. */
export type ReadWork<T, Client = PrismaClient> = (prisma: Client, run: Run) => Promise<T>

/**
 * Runs `work`, and again where a connection was lost: for raw SQL that only reads, which nobody but its author can
 * tell. Prisma's own reads need no help. What still runs at the deadline, or when the caller goes away, is canceled on
 * the server.
 * @throws {PostgresError} where the database failed; what `work` throws of its own comes out as it is.
 */
export async function runRead<T>(host: TransactionHost, work: ReadWork<T>, options: ReadOptions = {}): Promise<T> {
  const { deadlineMs = DEFAULT_DEADLINE_MS, retry = true, signal } = options
  assertDeadline(deadlineMs)
  const startedAt = performance.now()
  let attempt = 1
  let phase: Phase = 'work'
  let lastFailure: string | undefined
  const onTimeout = (): Error =>
    deadlineError({ deadlineMs, startedAt, attempt, phase, pool: host.stats(), lastFailure })
  return await withDeadline({ ms: deadlineMs, signal, onTimeout }, (ending) =>
    host.retrier.run({
      what: 'read',
      attempt: async (number) => {
        phase = 'work'
        try {
          return await host.pool.canceling(ending, () => work(host.prisma, { attempt: number, signal: ending }))
        } catch (error) {
          throw mapPostgresError(error)
        }
      },
      on: retry ? READ_RETRIES : new Set(),
      remainingMs: () => startedAt + deadlineMs - performance.now(),
      signal: ending,
      onPause: (failure, next) => {
        lastFailure = failure.code
        attempt = next
        phase = 'pause'
      },
    }),
  )
}
