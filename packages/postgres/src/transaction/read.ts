import { withDeadline } from '@miyabi/core'
import type { Phase } from '../errors/details.js'
import { mapPostgresError } from '../errors/map-error.js'
import type { PrismaClient } from '../schema/prisma.js'
import { assertDeadline, deadlineError } from './deadline-error.js'
import { DEFAULT_DEADLINE_MS } from './default-deadline.js'
import { READ_RETRIES } from './retrier.js'
import type { Run, TransactionHost, TransactionOptions } from './transaction.js'

/** The same as for a transaction. */
export type ReadOptions = Omit<TransactionOptions, 'isolation'>

/** The work of a read. It may be called more than once, so it must not write. */
export type ReadWork<T, Client = PrismaClient> = (prisma: Client, run: Run) => Promise<T>

/**
 * Runs `work`, and retries it after a lost connection: for raw SQL that only reads, which only its author can know.
 * Prisma's own reads are retried automatically. Statements still running at the deadline, or when the caller aborts,
 * are canceled on the server.
 * @throws {PostgresError} if the database failed; errors that `work` throws itself are passed on unchanged.
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
