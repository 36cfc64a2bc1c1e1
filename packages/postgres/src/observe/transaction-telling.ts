import type { Hook } from '@miyabi/core'
import type { TransactionFacts } from './facts.js'

/** Reports transactions at their end. */
export class TransactionTelling {
  readonly #pool: string
  readonly #hook: Hook<TransactionFacts>

  constructor(pool: string, hook: Hook<TransactionFacts>) {
    this.#pool = pool
    this.#hook = hook
  }

  tell(outcome: TransactionFacts['outcome'], startedAt: number): void {
    if (!this.#hook.isHeard) return
    const durationMs = performance.now() - startedAt
    this.#hook.tell({ store: 'postgresql', pool: this.#pool, outcome, startedAt, durationMs })
  }
}
