import { safeCause, withDeadline } from '@miyabi/core'
import type { PostgresSettings } from '../settings/config.js'
import { currentMoment, longestSince, type Moment } from './moment.js'
import type { PooledClient } from './pooled-client.js'

/** A test that takes longer than this fails. */
const TEST_LIMIT_MS = 1000

/** Determines whether a connection may be handed out. */
export class Liveness {
  readonly #settings: Pick<PostgresSettings, 'testBeforeAcquire' | 'testBypassMs'>
  readonly #onDead: (error: Error) => void
  readonly #now: () => Moment
  /** Connections not used since this moment, by the monotonic clock, are dead without a test. */
  #silentSince = 0

  /** @param options.now the clocks; default: the machine's. */
  constructor(
    settings: Pick<PostgresSettings, 'testBeforeAcquire' | 'testBypassMs'>,
    options: { readonly onDead: (error: Error) => void; readonly now?: () => Moment },
  ) {
    this.#settings = settings
    this.#onDead = options.onDead
    this.#now = options.now ?? currentMoment
  }

  /** Whether the connection may be handed out without a test. Costs almost nothing. */
  isFresh(client: PooledClient, now: Moment = this.#now()): boolean {
    const { testBeforeAcquire, testBypassMs } = this.#settings
    if (!client.isSettled || !this.#isAcceptable(client)) return false
    return !testBeforeAcquire || longestSince(client.lastUsed, now) < testBypassMs
  }

  /**
   * Whether the connection may be handed out; tests it if it was idle for longer than the bypass window, or if its last
   * user left a request unanswered, which may have opened a transaction.
   */
  async isUsable(client: PooledClient): Promise<boolean> {
    if (!this.#isAcceptable(client)) return false
    if (this.isFresh(client)) return true
    const { monotonicMs: startedAt } = this.#now()
    const wasSettled = client.isSettled
    // A connection that does not answer at all indicates a network problem: each connection idle until now would cost a
    // caller the same wait.
    const onTimeout = (): Error => {
      if (wasSettled) this.#silentSince = startedAt
      return new Error(`no answer within ${TEST_LIMIT_MS} ms`)
    }
    try {
      await withDeadline({ ms: TEST_LIMIT_MS, onTimeout }, () => client.query('SELECT 1'))
      return client.isClean
    } catch (error) {
      this.#onDead(safeCause(error))
      return false
    }
  }

  #isAcceptable(client: PooledClient): boolean {
    return client.isClean && client.lastUsed.monotonicMs >= this.#silentSince
  }
}
