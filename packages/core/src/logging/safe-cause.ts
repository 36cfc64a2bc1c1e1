import { redactText } from './redact.js'

/**
 * Returns a copy of an error that may be attached as `cause` or logged: name, code and redacted message, without the
 * driver's own fields (PostgreSQL's `detail` contains row values, the AWS SDK's `$response` whole requests).
 */
export function safeCause(error: unknown): Error {
  const source = error instanceof Error ? error : new Error(String(error))
  const copy = new Error(redactText(source.message)) as Error & { code?: string }
  copy.name = source.name
  const { code } = source as { code?: unknown }
  if (typeof code === 'string') copy.code = code
  if (source.stack) copy.stack = redactText(source.stack)
  return copy
}
