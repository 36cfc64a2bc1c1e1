/**
 * How often a call that lost a race is retried. Once is enough, unless the row is deleted and recreated in the
 * meantime.
 */
const MAX_RETRIES = 3

/**
 * Makes attempts, and retries immediately if one lost its race for a row: it was rolled back, and the winner has
 * committed, so the next attempt finds the row. Unlike other retries it needs no pause and no budget, and may be made
 * while callers wait: it is not a sign of load.
 * @param onRetry called with the number of attempts.
 */
export async function retryLostRaces<T>(
  attempt: () => Promise<T>,
  isLost: (error: unknown) => boolean,
  onRetry: (attempt: number) => void,
): Promise<T> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (retries === MAX_RETRIES || !isLost(error)) throw error
      onRetry(retries + 1)
    }
  }
}
