/** The exit codes of all commands except `miyabi prisma`, which returns that of Prisma. */
export const exitCode = {
  /** Done, without findings. */
  clean: 0,
  /** Failed, was interrupted, or could not determine the answer. */
  failed: 1,
  /** Done, with findings. */
  findings: 2,
} as const
