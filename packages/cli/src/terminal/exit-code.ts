/** The exit codes of all commands but `miyabi prisma`, which ends as Prisma does. */
export const exitCode = {
  /** Done, and nothing found wrong. */
  clean: 0,
  /** Failed, was interrupted, or could not determine the answer. */
  failed: 1,
  /** Done, and something was found. */
  findings: 2,
} as const
