import type { Operations } from '@miyabi/core'
import { PostgresError } from '../errors/errors.js'
import { wordsOf } from '../errors/wording.js'
import { type ClientSchema, type ClientWork, clientWork } from '../internals/prisma.js'
import { PrismaClient } from '../schema/prisma.js'
import { refuseChangedValues } from './changed-values.js'
import { dataModelOf } from './data-model.js'
import { BELONGS_TO } from './scoped-client.js'

/** Whose work goes on although the intake is closed, and what the others are told. */
export interface Intake {
  /** Whether who calls belongs to an operation that began: the next attempt at a transaction, the second statement of a read. */
  readonly isPart: () => boolean
  readonly refusal: () => Error
}

/**
 * A `PrismaClient` whose operations and transactions are counted, so that `close` can wait for them: one operation may take a
 * connection several times. Once the intake is closed, what begins is refused, and what began goes on. Not a client extension,
 * which would cost every query, and lacks `$on`.
 */
export function countedClient(operations: Operations, { isPart, refusal }: Intake): typeof PrismaClient {
  const { _executeRequest: execute, _request: request, $transaction: transaction } = clientWork
  const isRefused = (): boolean => operations.isClosed && !isPart()
  const counted: ClientWork = {
    _executeRequest(this: ClientWork & ClientSchema, call) {
      try {
        // Before Prisma lets the calls of a `$transaction([...])` go, all at once: with one refused, none is sent.
        refuseChangedValues(call, () => dataModelOf(this))
      } catch (error) {
        return Promise.reject(error)
      }
      return execute.call(this, call)
    },
    _request(params) {
      if (!params.transaction && isRefused()) return Promise.reject(refusal())
      return operations.run(() => request.call(this, params))
    },
    $transaction(this: ClientWork & { readonly $extends?: unknown; readonly [BELONGS_TO]?: unknown }, ...args) {
      // The client of a transaction has no `$extends`: what is nested in one that began goes on with it.
      const isNested = !this.$extends
      if (!isNested && isRefused()) return Promise.reject(refusal())
      const problem = Array.isArray(args[0]) && problemOfBatch(args[0], this[BELONGS_TO], isNested)
      if (problem) return Promise.reject(new PostgresError(problem, wordsOf(problem)))
      return operations.run(() => transaction.apply(this, args))
    },
  }
  class CountedClient extends PrismaClient {}
  Object.assign(CountedClient.prototype, counted)
  return CountedClient as typeof PrismaClient
}

/** Prisma would run the operations of one batch in as many transactions as there are owners, and beside the one it is called in. */
function problemOfBatch(batch: readonly unknown[], owner: unknown, isNested: boolean) {
  if (isNested) return 'postgres.transaction_nested'
  const isMixed = batch.some(
    (operation) => (operation as { readonly [BELONGS_TO]?: unknown } | undefined)?.[BELONGS_TO] !== owner,
  )
  return isMixed ? 'postgres.identity.mixed' : undefined
}
