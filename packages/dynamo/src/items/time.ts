/** The last moment whose UTC day has a four-digit year. */
export const MAX_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** Whether `ms` is a moment in whole milliseconds between 1970 and 9999. */
export const isTime = (ms: unknown): ms is number =>
  Number.isInteger(ms) && Number(ms) >= 0 && Number(ms) <= MAX_TIME_MS
