import type { Hook } from '@miyabi/core'
import type { PoolStats } from '../stats.js'
import type { PoolEvent, PoolEvents } from './pool-events.js'

/** Notifies the observers of a pool. Without observers, this costs one comparison. */
export class PoolTelling {
  readonly #pool: string
  readonly #stats: () => PoolStats
  readonly #hook: Hook<PoolEvent>

  constructor(pool: string, stats: () => PoolStats, hook: Hook<PoolEvent>) {
    this.#pool = pool
    this.#stats = stats
    this.#hook = hook
  }

  tell<Name extends keyof PoolEvents>(name: Name, facts: PoolEvents[Name]): void {
    if (!this.#hook.isHeard) return
    this.#hook.tell({ name, pool: this.#pool, stats: this.#stats(), ...facts } as PoolEvent)
  }
}
