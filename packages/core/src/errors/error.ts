import { asTyped } from '../project/as-typed.js'

/** The known effect of the failed work: `none`, or `unknown` if it may have happened (a COMMIT lost on the wire). */
export type Effect = 'none' | 'unknown'

export interface MiyabiErrorOptions<Details extends object> {
  /** Facts that a program can act on. Never contains a row's value, an SQL parameter, a password or a whole URL. */
  readonly details?: Details
  readonly cause?: unknown
  /** What to do about it, as a clause that can follow the reason. Commands in it are rewritten by {@link asTyped}. */
  readonly remedy?: string | undefined
  /** Whether the same call may succeed when retried. Default false. */
  readonly retryable?: boolean
  /** Default `none`. */
  readonly effect?: Effect
}

/** The same in every copy of this package. */
const BRAND = Symbol.for('@miyabi/core/error')

/**
 * The base of every error this data layer throws.
 *
 * `code` is literal and dotted (`postgres.pool.acquire_timeout`), `details` are typed facts, and a retry helper reads
 * `retryable` and `effect`, nothing else. For people, `message` consists of what happened (`reason`) and what to do
 * about it (`remedy`).
 */
export class MiyabiError<Code extends string = string, Details extends object = object> extends Error {
  override readonly name: string = 'MiyabiError'
  readonly code: Code
  readonly details: Details
  readonly retryable: boolean
  readonly effect: Effect
  /** What to do about it, if there is one likely remedy. Also the end of the message. */
  declare readonly remedy?: string
  readonly #reason: string

  /** @param reason what happened. */
  constructor(code: Code, reason: string, options: MiyabiErrorOptions<Details> = {}) {
    const { cause } = options
    const remedy = options.remedy && asTyped(options.remedy)
    super(messageOf(reason, remedy), cause === undefined ? undefined : { cause })
    this.#reason = reason
    if (remedy !== undefined) this.remedy = remedy
    this.code = code
    this.details = options.details ?? ({} as Details)
    this.retryable = options.retryable ?? false
    this.effect = options.effect ?? 'none'
  }

  /** What happened: the message without the remedy. */
  get reason(): string {
    return this.#reason
  }

  /** The mark by which `isMiyabiError` recognizes it. */
  get [BRAND](): true {
    return true
  }
}

/** The remedy is on a separate line after a reason of several lines. */
function messageOf(reason: string, remedy: string | undefined): string {
  if (remedy === undefined) return reason
  return `${reason}${reason.includes('\n') ? '\n' : '; '}${remedy}`
}

/**
 * Returns whether `error` is one of ours and, if codes are passed, has one of them. Also recognizes errors that another
 * copy of this package created, which are not instances of the classes here.
 */
export function isMiyabiError<Code extends string = string>(
  error: unknown,
  ...codes: readonly Code[]
): error is MiyabiError<Code> {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false
  const { code } = error as MiyabiError<Code>
  return codes.length === 0 || codes.includes(code)
}

/** Narrows a union of errors to those that can have one of these codes. */
export type WithCode<Failure extends MiyabiError, Code extends string> =
  Failure extends MiyabiError<infer Own>
    ? [Extract<Own, Code>] extends [never]
      ? never
      : Failure & { readonly code: Extract<Own, Code> }
    : never
