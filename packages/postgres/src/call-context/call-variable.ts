import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * What a call takes along, from the object on which it was made to the pool below, past Prisma and pg, which pass
 * nothing of ours on. There are three such things, each of one pool or one PostgreSQL object, so that none is seen by
 * calls to another:
 *
 * | variable | set by | for | read by |
 * | --- | --- | --- | --- |
 * | `Scopes` (identity/scope.ts) | the Prisma client of `as()` and `asService()`, around each call of its engine | that one call; a client without identity sets none, wherever it is called | the adapter, for each statement and each transaction |
 * | `Attempts` (transaction/attempt.ts) | `transaction()`, around each run of the work | all that the work awaits, until the attempt is over | the adapter, where a transaction begins |
 * | `CancelScopes` (pool/cancel-scope.ts) | `read()`, around each run of the work | all that the work awaits; what it does for others (a connection that it gives back serves the next in line) runs in theirs | the pool, when a connection is taken |
 *
 * All of them share one AsyncLocalStorage: each that is in use makes every promise of the process dearer, the
 * application's too. On Node 20 a call of a score of promises takes 2.8 µs with one and 6.8 µs with six, as many as a
 * context with two pools would have.
 */
export class CallVariable<Value extends object> {
  /** What the code that runs now has it set to. */
  get current(): Value | undefined {
    const frame = storage.getStore()
    if (frame === undefined) return undefined
    for (const { variable, value } of frame) if (variable === this) return value as Value
    return undefined
  }

  /**
   * Calls `work` with it set to `value`, or unset; what `work` awaits goes on with it, and so does whatever that calls.
   */
  run<T>(value: Value | undefined, work: () => T): T {
    const before = storage.getStore()
    if (value === undefined && before === undefined) return work()
    const others = before === undefined ? [] : before.filter(({ variable }) => variable !== this)
    if (value !== undefined) others.push({ variable: this, value })
    return storage.run(others, work)
  }
}

/** What is set, of all variables; each at most once. */
type Frame = { readonly variable: CallVariable<object>; readonly value: object }[]

const storage = new AsyncLocalStorage<Frame>()
