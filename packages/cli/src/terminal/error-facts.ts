import { type Effect, isMiyabiError, redactText, redactValue } from '@miyabi/core'

/** An error in JSON, without secrets. */
export interface ErrorFacts {
  /** Our code, that of the system (`ENOENT`), or `cli.unexpected` for a bug. */
  readonly code: string
  /** What happened. */
  readonly message: string
  readonly effect: Effect
  readonly retryable: boolean
  /** What to do, if there is a likely remedy. */
  readonly remedy?: string
  readonly cause?: string
  /** Facts that depend on the code. */
  readonly details: object
}

/** Returns what `--json` prints about an error, under `error`. */
export function errorFacts(error: unknown): ErrorFacts {
  if (isMiyabiError(error)) {
    const { code, reason, effect, retryable, remedy, cause, details } = error
    return {
      code,
      message: redactText(reason),
      effect,
      retryable,
      ...(remedy !== undefined && { remedy: redactText(remedy) }),
      ...(cause instanceof Error && cause.message !== '' && { cause: redactText(cause.message) }),
      details: redactValue(details) as object,
    }
  }
  const { message = String(error), code } = Object(error) as { readonly message?: string; readonly code?: unknown }
  const isOfSystem = error instanceof Error && 'syscall' in error && typeof code === 'string'
  return {
    code: isOfSystem ? code : 'cli.unexpected',
    message: redactText(message),
    effect: 'unknown',
    retryable: false,
    details: {},
  }
}
