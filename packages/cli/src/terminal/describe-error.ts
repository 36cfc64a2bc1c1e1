import { isMiyabiError, redactText } from '@miyabi/core'
import { style } from './output.js'

/**
 * An error as a person should see it: an expected one by its code and message, which says what to do, and its cause;
 * the system's by its message; any other with its stack, because then we are the ones to mend something.
 */
export function describeError(error: unknown): string {
  const mark = style('red', 'error')
  if (isMiyabiError(error)) {
    const { code, message, cause } = error
    const why =
      cause instanceof Error && cause.message ? `\n${style('dim', `cause: ${redactText(cause.message)}`)}` : ''
    return `${mark} ${style('dim', code)}\n${redactText(message)}${why}`
  }
  if (error instanceof Error && 'syscall' in error) return `${mark} ${redactText(error.message)}`
  if (error instanceof Error) return `${mark} ${redactText(error.stack ?? error.message)}`
  return `${mark} ${redactText(String(error))}`
}
