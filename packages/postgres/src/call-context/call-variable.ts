import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * The context that a call carries from the object on which it was made to the pool, past Prisma and pg, which pass none
 * of our data on. There are three such variables, each belonging to one pool or one PostgreSQL object, so that calls to
 * another do not see it:
 *
 * | variable | set by | for | read by |
 * | --- | --- | --- | --- |
 * | `Scopes` (identity/scope.ts) | the Prisma client of `as()` and `asService()`, around each call of its engine | that one call; a client without an identity sets none, wherever it is called | the adapter, for each statement and each transaction |
 * | `Attempts` (transaction/attempt.ts) | `transaction()`, around each run of the work | all that the work awaits, until the attempt is over | the adapter, when a transaction begins |
 * | `CancelScopes` (pool/cancel-scope.ts) | `read()`, around each run of the work | all that the work awaits; work done for other callers (a returned connection serves the next waiter) runs in theirs | the pool, when a connection is taken |
 *
 * All of them share one AsyncLocalStorage: each one in use slows down every promise of the process, including the
 * application's. On Node 20 a call with some twenty promises takes 2.8 µs with one and 6.8 µs with six, as many as a
 * context with two pools would have.
 */
export class CallVariable<Value extends object> {
  /** The value set for the current code. */
  get current(): Value | undefined {
    const frame = storage.getStore()
    if (frame === undefined) return undefined
    for (const { variable, value } of frame) if (variable === this) return value as Value
    return undefined
  }

  /** Calls `work` with the variable set to `value`, or unset; everything that `work` awaits or calls inherits it. */
  run<T>(value: Value | undefined, work: () => T): T {
    const before = storage.getStore()
    if (value === undefined && before === undefined) return work()
    const others = before === undefined ? [] : before.filter(({ variable }) => variable !== this)
    if (value !== undefined) others.push({ variable: this, value })
    return storage.run(others, work)
  }
}

/** The current value of each variable; each at most once. */
type Frame = { readonly variable: CallVariable<object>; readonly value: object }[]

const storage = new AsyncLocalStorage<Frame>()
