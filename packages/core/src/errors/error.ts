/** What is known about the work that failed: `none` happened, or it is `unknown` whether it did (a COMMIT lost on the wire). */
export type Effect = 'none' | 'unknown'

export interface MiyabiErrorOptions<Details extends object> {
  /** Facts a program can act on. Never a row's value, an SQL parameter, a password or a whole URL. */
  readonly details?: Details
  readonly cause?: unknown
  /** Whether the same call may succeed when made again. Default false. */
  readonly retryable?: boolean
  /** Default `none`. */
  readonly effect?: Effect
}

/**
 * The base of every error this data layer throws.
 *
 * `code` is literal and dotted (`postgres.pool.acquire_timeout`), `details` are typed facts, and a retry helper reads
 * `retryable` and `effect`, nothing else.
 */
export class MiyabiError<Code extends string = string, Details extends object = object> extends Error {
  override readonly name: string = 'MiyabiError'
  readonly code: Code
  readonly details: Details
  readonly retryable: boolean
  readonly effect: Effect

  constructor(code: Code, message: string, options: MiyabiErrorOptions<Details> = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? ({} as Details)
    this.retryable = options.retryable ?? false
    this.effect = options.effect ?? 'none'
  }
}

/** Whether `error` is one of ours, and with `code` given, whether it is that one. */
export function isMiyabiError<Code extends string = string>(error: unknown, code?: Code): error is MiyabiError<Code> {
  return error instanceof MiyabiError && (code === undefined || error.code === code)
}
