import type { Logger, MiyabiError } from '@miyabi/core'
import type { PoolClosed, PoolEvents } from '../observe/pool-events.js'
import type { PoolTelling } from '../observe/pool-telling.js'
import type { PoolStats } from '../stats.js'
import type { Outage } from './connector.js'

/** A wait worth logging. */
const SLOW_ACQUIRE_MS = 1000

/**
 * Everything that a pool logs. Lasting states are logged once when they begin and once when they end, never per
 * attempt.
 */
export class PoolLog {
  readonly #pool: string
  readonly #logger: Logger
  readonly #stats: () => PoolStats
  readonly #telling: PoolTelling

  constructor(pool: string, logger: Logger, stats: () => PoolStats, telling: PoolTelling) {
    this.#pool = pool
    this.#logger = logger
    this.#stats = stats
    this.#telling = telling
  }

  connectFailing(error: MiyabiError): void {
    this.#say('warn', 'connect_failing', 'no connection can be opened: retrying until one can', { error })
  }

  connectRecovered({ since, failures }: Outage): void {
    const downMs = Math.round(performance.now() - since)
    this.#say('info', 'connect_recovered', 'connections can be opened again', { failures, downMs })
  }

  connectionLost(error: MiyabiError): void {
    this.#say('warn', 'connection_lost', 'an idle connection was lost', { error })
  }

  testFailed(error: Error): void {
    this.#say('info', 'test_failed', 'a dead connection was replaced', { error })
  }

  acquired(waitedMs: number): void {
    this.#telling.tell('acquired', { waitedMs })
    if (waitedMs < SLOW_ACQUIRE_MS) return
    this.#say('info', 'slow_acquire', 'a caller waited a long time for a connection', {
      waitedMs: Math.round(waitedMs),
    })
  }

  leakSuspected(heldMs: number, stack: string): void {
    const facts = { heldMs: Math.round(heldMs), stack }
    this.#say(
      'warn',
      'leak_suspected',
      'a connection has been held for a long time; the stack shows where it was taken',
      facts,
    )
  }

  leakRecovered(heldMs: number, stack: string): void {
    const facts = { heldMs: Math.round(heldMs), stack }
    this.#say('info', 'leak_recovered', 'a connection reported as leaked was returned', facts)
  }

  closed({ drained, destroyed }: PoolClosed): void {
    this.#say('info', 'closed', 'the pool is closed', { drained, destroyed })
  }

  #say<Name extends keyof PoolEvents>(
    level: 'info' | 'warn',
    name: Name,
    message: string,
    facts: PoolEvents[Name],
  ): void {
    this.#logger[level]({ event: `postgres.pool.${name}`, pool: this.#pool, ...facts, ...this.#stats() }, message)
    this.#telling.tell(name, facts)
  }
}
