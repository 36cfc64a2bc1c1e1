import type { Queries, TransactionOptions, TransactionRun, TransactionWork } from '@miyabi/postgres'
import { isPostgresError } from '@miyabi/postgres/on-demand'
import { OutboxError, type OutboxErrorCode } from '../errors/outbox-error.js'
import { EffectBuffer } from './buffer.js'
import type { CommitSignal } from './commit-signal.js'
import type { DepthBound } from './depth-bound.js'
import { flushOf } from './flush.js'
import type { AnyOutbox, EffectHost, Outbox } from './outbox.js'

/** What the work of a transaction receives besides its client. */
export interface OutboxRun<Effects> extends Pick<TransactionRun, 'attempt' | 'signal' | 'query'> {
  /** Effects on other systems that happen if, and only if, this transaction commits. */
  readonly outbox: Outbox<Effects>
}

/**
 * The work of a transaction. It may be called more than once, each time in a new transaction without effects: anything
 * it does directly elsewhere is not undone.
 */
export type OutboxWork<T, Effects> = (tx: Parameters<TransactionWork<T>>[0], run: OutboxRun<Effects>) => Promise<T>

/** Work that was written for any effects. */
type AnyWork<T> = (
  tx: Parameters<TransactionWork<T>>[0],
  run: Omit<OutboxRun<never>, 'outbox'> & { readonly outbox: AnyOutbox },
) => Promise<T>

/** What a transaction with effects needs from its context. */
export interface OutboxTransactionHost extends EffectHost {
  readonly committed: CommitSignal
  /** Refuses effects while too many are waiting; undefined if there is no limit. */
  readonly bound: DepthBound | undefined
}

/** SQLSTATEs of the trigger of the outbox. */
const REFUSALS: Readonly<Record<string, OutboxErrorCode>> = { MY002: 'db.outbox.not_open', MY003: 'db.outbox.too_many' }

/** Runs a transaction whose work has an outbox. It costs nothing if the work does not use it. */
export async function outboxTransaction<T>(
  postgres: Pick<Queries, 'transaction'>,
  host: OutboxTransactionHost,
  work: AnyWork<T>,
  options: TransactionOptions | undefined,
): Promise<T> {
  let buffer: EffectBuffer | undefined
  const hasEffects = (): boolean => buffer !== undefined && buffer.effects.length > 0
  try {
    const result = await postgres.transaction<T>(async (tx, run) => {
      buffer = undefined
      const { attempt, signal, query } = run
      const open = (): AnyOutbox => {
        const opened = new EffectBuffer(host, run, () => {
          host.bound?.look()
          run.atCommit(() => flushOf(opened.effects, host.identity))
        })
        buffer = opened
        return opened.outbox
      }
      let outbox: AnyOutbox | undefined
      const worked = await work(tx, {
        attempt,
        signal,
        query,
        get outbox() {
          outbox ??= open()
          return outbox
        },
      })
      // As the last step of the work, so that nothing of it remains.
      if (hasEffects()) host.bound?.assertRoom()
      return worked
    }, options)
    if (hasEffects()) host.committed.send()
    return result
  } catch (error) {
    throw refusalIn(error) ?? error
  }
}

/** The database's refusal of effects, as our error. */
function refusalIn(error: unknown): OutboxError | undefined {
  if (!isPostgresError(error, 'postgres.raised')) return undefined
  const code = REFUSALS[error.details.sqlState ?? '']
  return code && new OutboxError(code, undefined, { cause: error })
}
