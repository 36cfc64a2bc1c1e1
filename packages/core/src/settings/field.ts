import { defined } from '../json/defined.js'
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

/** What a variable's text was read as: a value, or what is wrong with the text, in words that do not repeat it. */
export type Parsed<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly problem: string }

/** Reads the text of one variable. */
export interface Schema<T> {
  /** Blanks around a text do not count, and a blank one is unset. Never throws, whatever it is given. */
  safeParse(text: unknown): Parsed<T>
}

/** One setting: the variable's text in, a typed value out. */
export interface Setting<T> {
  readonly schema: Schema<T>
  readonly info: SettingInfo
}

interface Described {
  readonly doc: string
  readonly example?: string
}

const parsed = <T>(data: T): Parsed<T> => ({ success: true, data })
const refused = (problem: string): Parsed<never> => ({ success: false, problem })

/** @param read gets what is set, without the blanks around it. */
function schemaOf<T>(unset: T, read: (text: string) => Parsed<T>): Schema<T> {
  return {
    safeParse(given) {
      // Whoever hands over an environment without types may have put a number into it.
      if (given !== undefined && typeof given !== 'string') return refused('is not a text')
      const text = given?.trim()
      return text ? read(text) : parsed(unset)
    },
  }
}

function decimal(text: string, isWanted: (n: number) => boolean): Parsed<number> {
  const number = /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (isWanted(number)) return parsed(number)
  return refused(Number.isNaN(number) ? 'is not a number' : 'is out of range')
}

/** A whole number. */
export function integer(
  options: Described & { readonly default: number; readonly min: number; readonly max: number; readonly unit?: string },
): Setting<number> {
  const { min, max } = options
  return {
    schema: schemaOf(options.default, (text) => decimal(text, (n) => Number.isInteger(n) && n >= min && n <= max)),
    info: {
      ...describe(options),
      ...defined({ unit: options.unit }),
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
    schema: schemaOf(options.default * 1000, (text) => {
      const number = decimal(text, (n) => n >= min && n <= max)
      return number.success ? parsed(Math.round(number.data * 1000)) : number
    }),
    info: {
      ...describe(options),
      unit: 'seconds',
      defaultText: String(options.default),
      expected: `seconds as a plain number from ${min} to ${max}, such as ${options.default}`,
      secret: false,
    },
  }
}

const words: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
  ['yes', true],
  ['no', false],
  ['on', true],
  ['off', false],
])

/** `true`, `false`, and the usual words for them. */
export function boolean(options: Described & { readonly default: boolean }): Setting<boolean> {
  return {
    schema: schemaOf(options.default, (text) => {
      const value = words.get(text.toLowerCase())
      return value === undefined ? refused('is not a boolean') : parsed(value)
    }),
    info: { ...describe(options), defaultText: String(options.default), expected: 'true or false', secret: false },
  }
}

/** One word of a list. */
export function oneOf<const T extends string>(
  options: Described & { readonly values: readonly T[]; readonly default: T },
): Setting<T> {
  return {
    schema: schemaOf(options.default, (text) => {
      const value = options.values.find((candidate) => candidate === text)
      return value === undefined ? refused('is not one of them') : parsed(value)
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
    schema: schemaOf(options.default, (text) =>
      options.matches.test(text) ? parsed(text) : refused('does not have that form'),
    ),
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
    schema: schemaOf<string | undefined>(undefined, (text) => {
      const problem = urlProblem(text, options.protocols) ?? options.check?.(new URL(text))
      return problem === undefined ? parsed(text) : refused(problem)
    }),
    info: { ...describe(options), defaultText: options.defaultText, expected, secret: true },
  }
}

/** Text that nobody may guess or see, of so many bytes at least. */
export function secret(
  options: Described & { readonly minBytes: number; readonly defaultText: string },
): Setting<string | undefined> {
  const { minBytes, defaultText } = options
  return {
    schema: schemaOf<string | undefined>(undefined, (text) =>
      Buffer.byteLength(text) < minBytes ? refused(`is shorter than ${minBytes} bytes`) : parsed(text),
    ),
    info: { ...describe(options), defaultText, expected: `${minBytes} bytes or more`, secret: true },
  }
}

/** Up to `max` values of one kind, separated by commas; unset gives none. */
export function list(item: Setting<string | undefined>, max: number): Setting<readonly string[]> {
  const { expected } = item.info
  return {
    schema: schemaOf<readonly string[]>([], (text) => {
      const texts = text.split(',')
      if (texts.length > max) return refused(`holds ${texts.length} values`)
      const values: string[] = []
      for (const [index, one] of texts.entries()) {
        const read = item.schema.safeParse(one)
        const problem = read.success ? (read.data === undefined ? 'is empty' : undefined) : read.problem
        if (problem !== undefined) return refused(texts.length === 1 ? problem : `${problem} (value ${index + 1})`)
        if (read.success && read.data !== undefined) values.push(read.data)
      }
      return new Set(values).size < values.length ? refused('holds the same twice') : parsed(values)
    }),
    info: { ...item.info, expected: `${expected}; up to ${max}, separated by commas` },
  }
}

/**
 * The same setting without a default: unset gives undefined, and `defaultText` says in words what follows from that.
 */
export function optional<T>(setting: Setting<T>, defaultText: string): Setting<T | undefined> {
  return {
    schema: schemaOf<T | undefined>(undefined, (text) => setting.schema.safeParse(text)),
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
