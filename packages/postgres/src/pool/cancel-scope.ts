import { CallVariable } from '../call-context/call-variable.js'
import { sendCancelRequest } from './cancel-request.js'
import type { PooledClient } from './pooled-client.js'

/** How long a canceled statement has to end before its connection is cut. */
const CUT_AFTER_MS = 500

/**
 * The connections that one piece of work holds. When its signal aborts, what runs on them is canceled on the server, so
 * that it goes on neither there nor in a slot of the pool.
 */
export class CancelScope {
  readonly signal: AbortSignal
  readonly #held = new Set<PooledClient>()

  constructor(signal: AbortSignal) {
    this.signal = signal
    signal.addEventListener('abort', () => this.#cancel(), { once: true })
  }

  /** Watches over a connection until the function that it returns is called. */
  hold(client: PooledClient): () => void {
    this.#held.add(client)
    return () => void this.#held.delete(client)
  }

  /** Nobody has a canceled connection again: a request that arrives late would end the statement of a stranger. */
  #cancel(): void {
    for (const client of this.#held) {
      client.isSpent = true
      void sendCancelRequest(client)
    }
    setTimeout(() => {
      for (const client of this.#held) client.destroy()
    }, CUT_AFTER_MS).unref()
  }
}

/** The scopes of a pool, each found from within its own work. */
export class CancelScopes {
  readonly #variable = new CallVariable<CancelScope>()

  /** The scope of the work that makes this call, if it has one. */
  get current(): CancelScope | undefined {
    return this.#variable.current
  }

  /**
   * Calls `callback` from within a scope, or outside of all: who is served by what others do must not come into theirs.
   */
  within<T>(scope: CancelScope | undefined, callback: () => T): T {
    return scope === this.current ? callback() : this.#variable.run(scope, callback)
  }
}
