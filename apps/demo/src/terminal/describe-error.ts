import { isMiyabiError, redactText } from '@miyabi/db'

/**
 * An error as a person should see it: an expected one by its code and its message, which says what to do, any other
 * with its stack.
 */
export function describeError(error: unknown): string {
  if (isMiyabiError(error)) return `\nerror ${error.code}\n${redactText(error.message)}`
  return `\nerror ${redactText(error instanceof Error ? (error.stack ?? error.message) : String(error))}`
}
