import { CallVariable } from '../call-context/call-variable.js'
import { sendCancelRequest } from './cancel-request.js'
import type { PooledClient } from './pooled-client.js'

/** How long a canceled statement may take to end before its connection is closed. */
const CUT_AFTER_MS = 500

/**
 * The connections that one piece of work holds. When its signal aborts, statements running on them are canceled on the
 * server, so that they occupy neither the server nor a slot of the pool.
 */
export class CancelScope {
  readonly signal: AbortSignal
  readonly #held = new Set<PooledClient>()

  constructor(signal: AbortSignal) {
    this.signal = signal
    signal.addEventListener('abort', () => this.#cancel(), { once: true })
  }

  /** Watches a connection until the returned function is called. */
  hold(client: PooledClient): () => void {
    this.#held.add(client)
    return () => void this.#held.delete(client)
  }

  /** A canceled connection is not reused: a late cancel request would end another caller's statement. */
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

/** The scopes of a pool, each accessible from within its own work. */
export class CancelScopes {
  readonly #variable = new CallVariable<CancelScope>()

  /** The scope of the calling work, if there is one. */
  get current(): CancelScope | undefined {
    return this.#variable.current
  }

  /**
   * Calls `callback` within a scope, or outside of all: a caller served by another's action must not enter that one's
   * scope.
   */
  within<T>(scope: CancelScope | undefined, callback: () => T): T {
    return scope === this.current ? callback() : this.#variable.run(scope, callback)
  }
}
