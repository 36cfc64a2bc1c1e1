/** How often what lost a race is made again. Once is enough, unless the row goes and comes again meanwhile. */
const MAX_RETRIES = 3

/**
 * Makes attempts, the next at once where one lost its race for a row: what it did was rolled back, and who won has
 * committed, so that the next finds the row. Unlike other retries it needs no pause and no budget, and may be made
 * while callers wait: it is no sign of load.
 * @param onRetry is told how often it was tried.
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
