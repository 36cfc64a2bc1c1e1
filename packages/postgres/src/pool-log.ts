import type { Logger, MiyabiError } from '@miyabi/core'
import type { Outage } from './connector.js'
import type { PoolStats } from './pool-stats.js'

/** A wait worth a line. */
const SLOW_ACQUIRE_MS = 1000

/** How a pool came to its end. */
export interface PoolClosed {
  /** Whether all work in flight ended within the grace period. */
  readonly drained: boolean
  /** Connections that were cut because it did not. */
  readonly destroyed: number
}

/** All that a pool says of itself. What lasts is said once when it begins and once when it ends, never once an attempt. */
export class PoolLog {
  readonly #pool: string
  readonly #logger: Logger
  readonly #stats: () => PoolStats

  constructor(pool: string, logger: Logger, stats: () => PoolStats) {
    this.#pool = pool
    this.#logger = logger
    this.#stats = stats
  }

  connectFailing(error: MiyabiError): void {
    this.#say('warn', 'connect_failing', 'no connection can be opened: trying again until one can', {
      error,
      ...this.#stats(),
    })
  }

  connectRecovered({ since, failures }: Outage): void {
    this.#say('info', 'connect_recovered', 'connections can be opened again', {
      failures,
      downMs: Math.round(performance.now() - since),
      ...this.#stats(),
    })
  }

  connectionLost(error: MiyabiError): void {
    this.#say('warn', 'connection_lost', 'an idle connection was lost', { error })
  }

  testFailed(error: Error): void {
    this.#say('info', 'test_failed', 'a dead connection was replaced', { error })
  }

  /** @param since when the caller began to wait, by `performance.now()`. */
  acquired(since: number): void {
    const waitedMs = performance.now() - since
    if (waitedMs < SLOW_ACQUIRE_MS) return
    this.#say('info', 'slow_acquire', 'a caller waited long for a connection', {
      waitedMs: Math.round(waitedMs),
      ...this.#stats(),
    })
  }

  leakSuspected(heldMs: number, stack: string): void {
    this.#say('warn', 'leak_suspected', 'a connection is held for long; the stack tells who took it', {
      heldMs: Math.round(heldMs),
      stack,
      ...this.#stats(),
    })
  }

  leakRecovered(heldMs: number, stack: string): void {
    this.#say('info', 'leak_recovered', 'a connection that was taken for leaked came back', {
      heldMs: Math.round(heldMs),
      stack,
      ...this.#stats(),
    })
  }

  closed({ drained, destroyed }: PoolClosed): void {
    this.#say('info', 'closed', 'the pool is closed', { drained, destroyed })
  }

  #say(level: 'info' | 'warn', event: string, message: string, fields: object): void {
    this.#logger[level]({ event: `postgres.pool.${event}`, pool: this.#pool, ...fields }, message)
  }
}
