import type { Logger } from '@miyabi/core'
import type { DatabaseHealth } from './health.js'

/** Logs the health of the stores. */
export class HealthLog {
  readonly #logger: Logger
  #lastStatus: DatabaseHealth['status'] = 'up'

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** A status is logged once, when it changes: a health endpoint is called every few seconds. */
  note(health: DatabaseHealth): void {
    if (health.status === this.#lastStatus) return
    this.#lastStatus = health.status
    const stores = { postgres: health.postgres, dynamodb: health.dynamodb }
    const down = Object.entries(stores).flatMap(([name, store]) =>
      store.status !== 'up' ? [`${name}: ${store.reason ?? 'no reason given'}`] : [],
    )
    if (health.status === 'up') this.#logger.info({ event: 'db.health_recovered' }, 'both stores are up again')
    else
      this.#logger.warn(
        { event: 'db.health_degraded', status: health.status, down },
        `database ${health.status}: ${down.join('; ')}`,
      )
  }
}
