import { isMiyabiError, redactText } from '@miyabi/core'
import { dim, style } from './style.js'

/**
 * Describes an error as text: one of ours by its code, its message, which states what to do, and its cause; one of the
 * system by its message; any other with its stack, because it is a bug.
 */
export function describeError(error: unknown): string {
  const mark = style('red', 'error')
  if (isMiyabiError(error)) {
    const { code, message, cause } = error
    const why = cause instanceof Error && cause.message ? `\n${dim(`cause: ${redactText(cause.message)}`)}` : ''
    return `${mark} ${dim(code)}\n${redactText(message)}${why}`
  }
  if (error instanceof Error && 'syscall' in error) return `${mark} ${redactText(error.message)}`
  if (error instanceof Error) return `${mark} ${redactText(error.stack ?? error.message)}`
  return `${mark} ${redactText(String(error))}`
}
