import type { Operations } from '@miyabi/core'
import { PostgresError } from '../errors/errors.js'
import { type ClientCall, type ClientInternals, type ClientWork, workOf } from '../internals/prisma.js'
import type { PrismaClient } from '../schema/prisma.js'
import { assertIsolation } from '../transaction/isolation.js'
import { retryLostRaces } from '../transaction/lost-race.js'
import type { BulkInserts } from './bulk/bulk-inserts.js'
import { refuseChangedValues } from './changed-values.js'
import { dataModelOf } from './data-model.js'
import { type Followed, followedClient } from './followed-client.js'
import { cachedRead, hasStrategy, refuseInBatch } from './read-cache.js'
import { BELONGS_TO } from './scoped-client.js'
import { isLostRace, mayRace } from './upsert-race.js'

/** Which calls may continue although the intake is closed, and the error for the others. */
export interface Intake extends Followed {
  /**
   * Whether the caller belongs to an operation that began: the next attempt at a transaction, the second statement of a
   * read.
   */
  readonly isPart: () => boolean
  readonly refusal: () => Error
  /** Called when the current interactive transaction failed because of a row that another inserted in the meantime. */
  readonly onLostRace: () => void
  /** Called when an upsert, or a batch with one, is retried because it lost a race, with the number of attempts. */
  readonly onRaced: (what: 'transaction' | 'upsert', attempt: number) => void
  readonly bulk: BulkInserts
  /** Another way to answer calls, besides Prisma's; unset if there is none. */
  compiled?: CompiledWay
}

/** Answers a call itself, or lets Prisma do so. */
interface CompiledWay {
  run(client: ClientInternals, call: ClientCall, prismas: (call: ClientCall) => Promise<unknown>): Promise<unknown>
}

/** Set on a call that was left to Prisma: it is not checked again. */
const LEFT_TO_PRISMA = Symbol('left to Prisma')
type OwnCall = ClientCall & { readonly [LEFT_TO_PRISMA]?: true }
type Client = ClientWork & ClientInternals

/**
 * For a `$transaction([...])`, whose statements are all known from the start, so that the server's limit per statement
 * bounds it; Prisma would end it after five seconds. The maximum of a timer.
 */
const NO_LIMIT_MS = 2 ** 31 - 1

/**
 * A class of client whose operations and transactions are counted, so that `close` can wait for them: one operation may
 * take a connection several times. Once the intake is closed, new operations are rejected, and running ones continue.
 * Not a client extension, which would slow down every query, and lacks `$on`.
 */
export function countedClient(Base: typeof PrismaClient, operations: Operations, intake: Intake): typeof PrismaClient {
  const { isPart, refusal, onLostRace, onRaced, bulk } = intake
  const { _executeRequest: execute, _request: request, $transaction: transaction } = workOf(Base)
  const lostInBatch = new WeakSet<Error>()
  const isRefused = (): boolean => operations.isClosed && !isPart()
  const executed = (client: Client, call: ClientCall): Promise<unknown> => {
    try {
      // Before Prisma sends the calls of a `$transaction([...])`, all together: if one is rejected, none is sent.
      refuseChangedValues(call, () => dataModelOf(client))
    } catch (error) {
      return Promise.reject(error)
    }
    return bulk.run(client, call, (own) => execute.call(client, own))
  }
  const requested = (client: Client, call: ClientCall): Promise<unknown> => {
    const { transaction: within } = call
    if (!mayRace(call)) return operations.run(() => request.call(client, call))
    const isLost = (error: unknown): boolean => isLostRace(error, call, dataModelOf(client))
    if (!within) {
      const onRetry = (attempt: number): void => onRaced('upsert', attempt)
      return operations.run(() => retryLostRaces(() => request.call(client, call), isLost, onRetry))
    }
    // The failure has ended the transaction: its caller may retry it.
    return operations
      .run(() => request.call(client, call))
      .catch((error: Error) => {
        if (isLost(error)) within.kind === 'batch' ? lostInBatch.add(error) : onLostRace()
        throw error
      })
  }
  const counted: ClientWork = {
    _executeRequest(this: Client, call: OwnCall) {
      const { compiled } = intake
      if (!compiled || call[LEFT_TO_PRISMA]) return executed(this, call)
      return compiled.run(this, call, (left) => executed(this, left))
    },
    _request(this: Client, call) {
      const { transaction: within } = call
      if (!within && isRefused()) return Promise.reject(refusal())
      if (hasStrategy(call)) return cachedRead(this, call, (given) => counted._request.call(this, given))
      const { compiled } = intake
      // If something wraps the call, it arrives at `_executeRequest`: extensions and their spans are handled by Prisma.
      if (!compiled || within || !this._extensions.isEmpty() || this._tracingHelper.isEnabled())
        return requested(this, call)
      const left = (given: ClientCall): OwnCall => ({ ...given, [LEFT_TO_PRISMA]: true })
      return operations.run(() => compiled.run(this, call, (given) => requested(this, left(given))))
    },
    $transaction(this: Client & { readonly $extends?: unknown; readonly [BELONGS_TO]?: unknown }, ...args) {
      // The client of a transaction has no `$extends`: transactions nested in a running one continue with it.
      const isNested = !this.$extends
      if (!isNested && isRefused()) return Promise.reject(refusal())
      const problem = Array.isArray(args[0]) && problemOfBatch(args[0], this[BELONGS_TO], isNested)
      if (problem) return Promise.reject(new PostgresError(problem))
      const refused = Array.isArray(args[0]) ? refuseInBatch(this, args[0]) : undefined
      if (refused) return refused
      return operations.run(async () => {
        assertIsolation(
          'isolationLevel',
          (args[1] as { readonly isolationLevel?: unknown } | undefined)?.isolationLevel,
        )
        if (!Array.isArray(args[0])) return transaction.apply(this, args)
        const limited = [args[0], { timeout: NO_LIMIT_MS, ...Object(args[1]) }]
        return retryLostRaces(
          () => transaction.apply(this, limited),
          (error) => lostInBatch.has(error as Error),
          (attempt) => onRaced('transaction', attempt),
        )
      })
    },
  }
  class CountedClient extends Base {}
  Object.assign(CountedClient.prototype, followedClient(counted, intake))
  return CountedClient as typeof PrismaClient
}

/**
 * Prisma would run the operations of one batch in as many transactions as there are owners, and outside the one it is
 * called in.
 */
function problemOfBatch(batch: readonly unknown[], owner: unknown, isNested: boolean) {
  if (isNested) return 'postgres.transaction_nested'
  const isMixed = batch.some(
    (operation) => (operation as { readonly [BELONGS_TO]?: unknown } | undefined)?.[BELONGS_TO] !== owner,
  )
  return isMixed ? 'postgres.identity.mixed' : undefined
}
