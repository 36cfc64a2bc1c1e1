import type { Arguments, Options } from './declaration.js'
import type { UsageFault } from './faults.js'
import { nearest } from './suggest.js'
import type { ValueKind } from './values.js'

/** The values of a command line, and all of its faults. */
export interface ParsedLine {
  readonly values: Readonly<Record<string, unknown>>
  readonly faults: readonly UsageFault[]
}

interface Declared {
  readonly arguments: Arguments
  readonly options: Options
}

/** Reads the arguments of a command. */
export function parseLine(declared: Declared, args: readonly string[]): ParsedLine {
  const faults: UsageFault[] = []
  const values: Record<string, unknown> = {}
  const expected = Object.entries(declared.arguments)
  let passed = 0
  for (const [name, { type, ...option }] of Object.entries(declared.options)) {
    if (type === 'flag') values[name] = false
    else if ('default' in option) values[name] = type.read(String(option.default))
  }

  const read = (label: string, name: string, type: ValueKind<unknown>, value: string): void => {
    values[name] = type.read(value)
    if (values[name] === undefined) faults.push(invalid(label, type, value))
  }
  for (const part of partsOf(declared.options, args)) {
    if (part.kind === 'argument') {
      const [name, argument] = expected[passed] ?? []
      passed += 1
      if (name !== undefined && argument) read(labelOf(name), name, argument.type, part.value)
      else
        faults.push({ kind: 'unexpected_argument', name: part.value, problem: `Unexpected argument "${part.value}"` })
      continue
    }
    const { name, raw, value } = part
    const option = Object.hasOwn(declared.options, name) ? declared.options[name] : undefined
    if (option === undefined) faults.push(unknownOption(raw, declared.options))
    else if (option.type === 'flag') {
      values[name] = true
      if (value !== undefined) {
        faults.push({ kind: 'unexpected_value', name: raw, problem: `Option ${raw} takes no value (got "${value}")` })
      }
    } else if (value === undefined || value === '') {
      faults.push({
        kind: 'missing_value',
        name: raw,
        problem: `Option ${raw} requires a value: ${option.type.expected}`,
      })
    } else read(`option ${raw}`, name, option.type, value)
  }
  for (const [name, { type }] of expected.slice(passed)) {
    const problem = `Missing argument ${labelOf(name)}: ${type.expected}`
    faults.push({ kind: 'missing_argument', name: labelOf(name), problem })
  }
  return { values, faults }
}

/** Returns the name of an argument in texts. */
export const labelOf = (name: string): string => name.toUpperCase()

type Part =
  | { readonly kind: 'option'; readonly name: string; readonly raw: string; readonly value: string | undefined }
  | { readonly kind: 'argument'; readonly value: string }

/** Splits a line. An argument that begins with `--` is never the value of the preceding option. */
function partsOf(options: Options, args: readonly string[]): readonly Part[] {
  const parts: Part[] = []
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') return [...parts, ...rest.map((value) => ({ kind: 'argument', value }) as const)]
    if (!arg.startsWith('-') || arg === '-') {
      parts.push({ kind: 'argument', value: arg })
      continue
    }
    const equals = arg.startsWith('--') ? arg.indexOf('=') : -1
    const raw = equals < 0 ? arg : arg.slice(0, equals)
    const isNextValue = equals < 0 && takesValue(arg, options) && rest[0] !== undefined && !rest[0].startsWith('--')
    const value = equals >= 0 ? arg.slice(equals + 1) : isNextValue ? rest.shift() : undefined
    parts.push({ kind: 'option', name: raw.replace(/^--/, ''), raw, value })
  }
  return parts
}

/** Includes misspelled options, so that their value is not reported as an unexpected argument. */
function takesValue(raw: string, options: Options): boolean {
  const name = Object.hasOwn(options, raw.slice(2)) ? raw : nearest(raw, dashed(options))
  const option = name === undefined ? undefined : options[name.slice(2)]
  return raw.startsWith('--') && option !== undefined && option.type !== 'flag'
}

const dashed = (options: Options): readonly string[] => Object.keys(options).map((name) => `--${name}`)

function unknownOption(raw: string, options: Options): UsageFault {
  const suggestion = nearest(raw.replace(/^-(?=[^-]{2})/, '--'), [...dashed(options), '--help'])
  const fault = { kind: 'unknown_option', name: raw, problem: `Unknown option ${raw}` } as const
  return suggestion === undefined ? fault : { ...fault, suggestion }
}

function invalid(label: string, { expected, choices }: ValueKind<unknown>, value: string): UsageFault {
  const suggestion = choices && nearest(value, choices)
  const problem = `Invalid value "${value}" of ${label}; expected ${expected}`
  const fault = { kind: 'invalid_value', name: label.replace(/^option /, ''), problem } as const
  return suggestion === undefined ? fault : { ...fault, suggestion }
}
