import type { Hook } from '@miyabi/core'
import type { RetryFacts } from './facts.js'

/** Reports the outcome of failures that can be retried. */
export class RetryTelling {
  readonly #pool: string
  readonly #hook: Hook<RetryFacts>

  constructor(pool: string, hook: Hook<RetryFacts>) {
    this.#pool = pool
    this.#hook = hook
  }

  tell(facts: Omit<RetryFacts, 'store' | 'pool'>): void {
    if (this.#hook.isHeard) this.#hook.tell({ store: 'postgresql', pool: this.#pool, ...facts })
  }
}
