/** In milliseconds. */
export const DEFAULT_DEADLINE_MS = 10_000
