import { isMiyabiError, redactText } from '@miyabi/db'

/**
 * An error as a user should see it: an expected one by its code and its message, which includes the remedy, any other
 * with its stack.
 */
export function describeError(error: unknown): string {
  if (isMiyabiError(error)) return `\nerror ${error.code}\n${redactText(error.message)}`
  return `\nerror ${redactText(error instanceof Error ? (error.stack ?? error.message) : String(error))}`
}
