import { z } from 'zod'
import { encodingProblem } from './url-encoding.js'

/** What people need to know about one setting; `.env.example` and the reference page are made from it. */
export interface SettingInfo {
  /** One or two sentences: what it does, and the symptom that calls for changing it. */
  readonly doc: string
  /** `seconds`, `ms`, `connections` ... Omitted where there is none. */
  readonly unit?: string
  /** The default as a person would write it into `.env`, or a phrase such as `none`. */
  readonly defaultText: string
  /** Which values are accepted, in words. */
  readonly expected: string
  /** A value to show in `.env.example`. Defaults to `defaultText`. */
  readonly example?: string
  /** True where the value must never be printed. */
  readonly secret: boolean
}

/** One setting: the variable's text in, a typed value out. A blank text counts as unset. */
export interface Setting<T> {
  readonly schema: z.ZodType<T, string | undefined>
  readonly info: SettingInfo
}

interface Described {
  readonly doc: string
  readonly example?: string
}

/** Treats a blank string as unset and trims the rest. */
const text = z
  .string()
  .optional()
  .transform((value) => (value?.trim() ? value.trim() : undefined))

function decimal(value: string, context: z.RefinementCtx, wanted: (n: number) => boolean): number {
  const number = /^[+-]?\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
  if (wanted(number)) return number
  context.addIssue({ code: 'custom', message: Number.isNaN(number) ? 'is not a number' : 'is out of range' })
  return z.NEVER
}

/** A whole number. */
export function integer(
  options: Described & { readonly default: number; readonly min: number; readonly max: number; readonly unit?: string },
): Setting<number> {
  const { min, max } = options
  return {
    schema: text.transform((value, context) =>
      value === undefined
        ? options.default
        : decimal(value, context, (n) => Number.isInteger(n) && n >= min && n <= max),
    ),
    info: {
      ...describe(options),
      ...(options.unit ? { unit: options.unit } : {}),
      defaultText: String(options.default),
      expected: `a whole number from ${min} to ${max}`,
      secret: false,
    },
  }
}

/** A duration written in seconds, decimals allowed; the value is in milliseconds. */
export function seconds(
  options: Described & { readonly default: number; readonly min: number; readonly max: number },
): Setting<number> {
  const { min, max } = options
  return {
    schema: text.transform((value, context) =>
      value === undefined
        ? options.default * 1000
        : Math.round(decimal(value, context, (n) => n >= min && n <= max) * 1000),
    ),
    info: {
      ...describe(options),
      unit: 'seconds',
      defaultText: String(options.default),
      expected: `seconds as a plain number from ${min} to ${max}, such as ${options.default}`,
      secret: false,
    },
  }
}

/** `true`, `false`, and the usual words for them. */
export function boolean(options: Described & { readonly default: boolean }): Setting<boolean> {
  const words: Record<string, boolean> = {
    true: true,
    false: false,
    '1': true,
    '0': false,
    yes: true,
    no: false,
    on: true,
    off: false,
  }
  return {
    schema: text.transform((value, context) => {
      if (value === undefined) return options.default
      const known = words[value.toLowerCase()]
      if (known !== undefined) return known
      context.addIssue({ code: 'custom', message: 'is not a boolean' })
      return z.NEVER
    }),
    info: { ...describe(options), defaultText: String(options.default), expected: 'true or false', secret: false },
  }
}

/** One word of a list. */
export function oneOf<const T extends string>(
  options: Described & { readonly values: readonly T[]; readonly default: T },
): Setting<T> {
  return {
    schema: text.transform((value, context) => {
      if (value === undefined) return options.default
      const known = options.values.find((candidate) => candidate === value)
      if (known !== undefined) return known
      context.addIssue({ code: 'custom', message: 'is not one of them' })
      return z.NEVER
    }),
    info: {
      ...describe(options),
      defaultText: options.default,
      expected: `one of ${options.values.join(', ')}`,
      secret: false,
    },
  }
}

/** Text that must match a pattern; unset gives the default. */
export function pattern(
  options: Described & { readonly default: string; readonly matches: RegExp; readonly expected: string },
): Setting<string> {
  return {
    schema: text.transform((value, context) => {
      if (value === undefined) return options.default
      if (options.matches.test(value)) return value
      context.addIssue({ code: 'custom', message: 'does not have that form' })
      return z.NEVER
    }),
    info: { ...describe(options), defaultText: options.default || 'none', expected: options.expected, secret: false },
  }
}

/** A URL of one of `protocols`. Taken for a secret as a whole, because it can carry a password. */
export function url(
  options: Described & {
    readonly protocols: readonly string[]
    readonly defaultText: string
    readonly example: string
    /** More that must hold; returns what is wrong in words without repeating the value. */
    readonly check?: (url: URL) => string | undefined
  },
): Setting<string | undefined> {
  const expected = `a URL such as ${options.example}`
  return {
    schema: text.transform((value, context) => {
      if (value === undefined) return undefined
      const problem = urlProblem(value, options.protocols) ?? options.check?.(new URL(value))
      if (problem === undefined) return value
      context.addIssue({ code: 'custom', message: problem })
      return z.NEVER
    }),
    info: { ...describe(options), defaultText: options.defaultText, expected, secret: true },
  }
}

/**
 * The same setting without a default: unset gives undefined, and `defaultText` says in words what follows from that.
 */
export function optional<T>(setting: Setting<T>, defaultText: string): Setting<T | undefined> {
  return {
    schema: text.transform((value, context) => {
      if (value === undefined) return undefined
      const result = setting.schema.safeParse(value)
      if (result.success) return result.data
      context.addIssue({ code: 'custom', message: result.error.issues[0]?.message ?? 'is not valid' })
      return z.NEVER
    }),
    info: { ...setting.info, defaultText },
  }
}

function urlProblem(value: string, protocols: readonly string[]): string | undefined {
  // Others carry no password.
  const problem = protocols.some((protocol) => protocol.startsWith('postgres')) ? encodingProblem(value) : undefined
  if (problem !== undefined) return problem
  let parsed: URL
  try {
    parsed = new URL(value)
  } catch {
    return 'is not a URL (a special character in the password must be percent-encoded: @ is %40, / is %2F, # is %23)'
  }
  if (!protocols.includes(parsed.protocol.slice(0, -1))) {
    return `does not begin with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`
  }
  return parsed.hostname === '' ? 'names no host' : undefined
}

function describe(options: Described): Pick<SettingInfo, 'doc' | 'example'> {
  return { doc: options.doc, ...(options.example === undefined ? {} : { example: options.example }) }
}
