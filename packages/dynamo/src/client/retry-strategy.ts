import { fullJitter, type RetryBudget } from '@miyabi/core'
import type { RetryErrorInfo, RetryStrategyV2, RetryToken } from '@smithy/types'
import type { DynamoErrorDetails } from '../errors/errors.js'
import { isPassingCancellation, isPassingConnectFailure } from '../errors/map-error.js'
import type { DynamoSettings } from '../settings/config.js'

/** The longest server `retry-after` that is obeyed beyond our own backoff, in milliseconds. */
const MAX_RETRY_AFTER_MS = 5_000

/**
 * Decides when the SDK retries: after transient failures, throttled or not, with the attempts and waits of the
 * settings, as long as the budget allows. Unlike the SDK's own strategy it retries a transaction that conflicted with
 * another or was throttled: under the same token, so an attempt whose response was lost is not applied twice.
 */
export class RetryStrategy implements RetryStrategyV2 {
  readonly #settings: Pick<DynamoSettings, 'maxAttempts' | 'initialBackoffMs' | 'maxBackoffMs'>
  readonly #budget: RetryBudget

  constructor(
    settings: Pick<DynamoSettings, 'maxAttempts' | 'initialBackoffMs' | 'maxBackoffMs'>,
    budget: RetryBudget,
  ) {
    this.#settings = settings
    this.#budget = budget
  }

  async acquireInitialRetryToken(): Promise<RetryToken> {
    return token(0, 0)
  }

  /** Rejects when no further attempt is due; the SDK then throws the error of the last one. */
  async refreshRetryTokenForRetry(before: RetryToken, failure: RetryErrorInfo): Promise<RetryToken> {
    const retry = before.getRetryCount()
    if (!passes(failure) || retry + 1 >= this.#settings.maxAttempts) throw new Error('no further attempt is due')
    if (!this.#budget.take()) {
      if (failure.error) Object.assign(failure.error, { gaveUp: 'budget' satisfies DynamoErrorDetails['gaveUp'] })
      throw new Error('the retry budget is spent')
    }
    const { initialBackoffMs: initialMs, maxBackoffMs: maxMs } = this.#settings
    return token(retry + 1, delay(fullJitter(retry, { initialMs, maxMs }), failure.retryAfterHint))
  }

  recordSuccess(): void {
    // The budget refills over time.
  }
}

function passes({ errorType, error }: RetryErrorInfo): boolean {
  if (errorType === 'THROTTLING' || errorType === 'TRANSIENT') return true
  return isPassingCancellation(error) || isPassingConnectFailure(error)
}

function delay(ownMs: number, hint: Date | undefined): number {
  if (hint === undefined) return ownMs
  return Math.max(ownMs, Math.min(hint.getTime() - Date.now(), ownMs + MAX_RETRY_AFTER_MS))
}

/** The SDK waits for the delay itself, and stops waiting when the call is over. */
const token = (retries: number, delayMs: number): RetryToken => ({
  getRetryCount: () => retries,
  getRetryDelay: () => delayMs,
})
