/** How our commands end. `miyabi prisma` ends as Prisma does. */
export const exitCode = {
  /** Done, and nothing found wrong. */
  clean: 0,
  /** Could not be done, or could not tell. */
  failed: 1,
  /** Done, and something was found. */
  findings: 2,
} as const
