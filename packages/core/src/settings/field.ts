import { defined } from '../json/defined.js'
import { encodingProblem } from './url-encoding.js'

/** The documentation of one setting; `.env.example` and the reference page are generated from it. */
export interface SettingInfo {
  /** One or two sentences: what it does, and the symptom that calls for changing it. */
  readonly doc: string
  /** `seconds`, `ms`, `connections` ... Omitted if there is none. */
  readonly unit?: string
  /** The default as written in `.env`, or a phrase such as `none`. */
  readonly defaultText: string
  /** Which values are accepted, in words. */
  readonly expected: string
  /** A value to show in `.env.example`. Defaults to `defaultText`. */
  readonly example?: string
  /** Whether the value must never be printed. */
  readonly secret: boolean
}

/** The result of reading a variable's text: a value, or the problem, in words that do not repeat the text. */
export type Parsed<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly problem: string }

/** Reads the text of one variable. */
export interface Schema<T> {
  /** Surrounding whitespace is ignored, and a blank text is unset. Never throws, whatever the input. */
  safeParse(text: unknown): Parsed<T>
}

/** One setting: turns the variable's text into a typed value. */
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

/** @param read receives the value that is set, without surrounding whitespace. */
function schemaOf<T>(unset: T, read: (text: string) => Parsed<T>): Schema<T> {
  return {
    safeParse(given) {
      // An environment without types may contain a number.
      if (given !== undefined && typeof given !== 'string') return refused('is not a string')
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

/** Reads a whole number. */
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

/** Reads a duration written in seconds, decimals allowed; the value is in milliseconds. */
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

/** Reads `true`, `false`, and their usual synonyms. */
export function boolean(options: Described & { readonly default: boolean }): Setting<boolean> {
  return {
    schema: schemaOf(options.default, (text) => {
      const value = words.get(text.toLowerCase())
      return value === undefined ? refused('is not a boolean') : parsed(value)
    }),
    info: { ...describe(options), defaultText: String(options.default), expected: 'true or false', secret: false },
  }
}

/** Reads one word of a list. */
export function oneOf<const T extends string>(
  options: Described & { readonly values: readonly T[]; readonly default: T },
): Setting<T> {
  return {
    schema: schemaOf(options.default, (text) => {
      const value = options.values.find((candidate) => candidate === text)
      return value === undefined ? refused('is not one of the accepted values') : parsed(value)
    }),
    info: {
      ...describe(options),
      defaultText: options.default,
      expected: `one of ${options.values.join(', ')}`,
      secret: false,
    },
  }
}

/** Reads text that must match a pattern; unset gives the default. */
export function pattern(
  options: Described & { readonly default: string; readonly matches: RegExp; readonly expected: string },
): Setting<string> {
  return {
    schema: schemaOf(options.default, (text) =>
      options.matches.test(text) ? parsed(text) : refused('does not match the accepted form'),
    ),
    info: { ...describe(options), defaultText: options.default || 'none', expected: options.expected, secret: false },
  }
}

/** Reads a URL with one of `protocols`. Treated as a secret as a whole, because it can contain a password. */
export function url(
  options: Described & {
    readonly protocols: readonly string[]
    readonly defaultText: string
    readonly example: string
    /** A further check; returns the problem in words that do not repeat the value. */
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

/** Reads a secret text of at least `minBytes` bytes. */
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

/** Reads up to `max` values of one kind, separated by commas; unset gives none. */
export function list(item: Setting<string | undefined>, max: number): Setting<readonly string[]> {
  const { expected } = item.info
  return {
    schema: schemaOf<readonly string[]>([], (text) => {
      const texts = text.split(',')
      if (texts.length > max) return refused(`contains ${texts.length} values`)
      const values: string[] = []
      for (const [index, one] of texts.entries()) {
        const read = item.schema.safeParse(one)
        const problem = read.success ? (read.data === undefined ? 'is empty' : undefined) : read.problem
        if (problem !== undefined) return refused(texts.length === 1 ? problem : `${problem} (value ${index + 1})`)
        if (read.success && read.data !== undefined) values.push(read.data)
      }
      return new Set(values).size < values.length ? refused('contains the same value twice') : parsed(values)
    }),
    info: { ...item.info, expected: `${expected}; up to ${max}, separated by commas` },
  }
}

/** The same setting without a default: unset gives undefined, and `defaultText` describes the consequence. */
export function optional<T>(setting: Setting<T>, defaultText: string): Setting<T | undefined> {
  return {
    schema: schemaOf<T | undefined>(undefined, (text) => setting.schema.safeParse(text)),
    info: { ...setting.info, defaultText },
  }
}

function urlProblem(value: string, protocols: readonly string[]): string | undefined {
  // Other URLs contain no password.
  const problem = protocols.some((protocol) => protocol.startsWith('postgres')) ? encodingProblem(value) : undefined
  if (problem !== undefined) return problem
  let parsed: URL
  try {
    parsed = new URL(value)
  } catch {
    return 'is not a URL (a special character in the password must be percent-encoded: @ is %40, / is %2F, # is %23)'
  }
  if (!protocols.includes(parsed.protocol.slice(0, -1))) {
    return `does not start with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`
  }
  return parsed.hostname === '' ? 'has no host' : undefined
}

function describe(options: Described): Pick<SettingInfo, 'doc' | 'example'> {
  return { doc: options.doc, ...(options.example === undefined ? {} : { example: options.example }) }
}
