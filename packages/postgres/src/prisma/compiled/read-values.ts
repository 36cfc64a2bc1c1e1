import pg from 'pg'
import type { Prisma } from '../../schema/prisma.js'
import { Unexpected } from './unexpected.js'

/**
 * Converts values to Prisma's results, in two ways that agree: directly from the server's text, if that is sufficient,
 * or from the adapter's conversion of that text. Both do what Prisma's data mapper and then its client do; if those
 * would throw, the call is left to Prisma.
 */

/** The parsers of rows. */
export interface Reading {
  /** The adapter's parsers. */
  readonly types: pg.CustomTypesConfig
  /** The Decimal class of the client's own copy of Prisma's runtime. */
  readonly Decimal: typeof Prisma.Decimal
}

/** What generated code calls. */
export const helpersOf = ({ Decimal }: Reading) => ({
  bad,
  string: (value: unknown): string => (typeof value === 'string' ? value : bad()),
  int,
  bigint: (value: unknown): bigint => (typeof value === 'string' || typeof value === 'number' ? BigInt(value) : bad()),
  float,
  boolean: (value: unknown): boolean => (typeof value === 'boolean' ? value : bad()),
  decimal: (value: unknown): Prisma.Decimal =>
    typeof value === 'string' || typeof value === 'number' ? new Decimal(value) : bad(),
  datetime: (value: unknown): Date => (typeof value === 'string' ? moment(value) : bad()),
  json: (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : bad()),
  bytes: (value: unknown): Uint8Array => (value instanceof Uint8Array ? new Uint8Array(value) : bad()),
  enum: (values: Readonly<Record<string, string>>, value: unknown): string => {
    const name = String(value)
    return (Object.hasOwn(values, name) ? values[name] : undefined) ?? bad()
  },
  list: (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : bad()),
  momentOfText,
})

/** The known types of fields, by the helper that parses them. */
export const FIELD_TYPES: ReadonlySet<string> = new Set([
  ...['string', 'int', 'bigint', 'float', 'boolean', 'decimal', 'datetime', 'json', 'bytes', 'enum'],
])

type Parser = (text: string) => unknown

const driversParser = (oid: number): Parser => (pg.types as pg.CustomTypesConfig).getTypeParser(oid, 'text')
const OF_TEXT = driversParser(25)
/** Whether a parser returns its text unchanged. */
export const isOfText = (parser: Parser): boolean => parser === OF_TEXT
const OF_INT = driversParser(23)
const OF_BIGINT = driversParser(20)
const OF_BOOLEAN = driversParser(16)

/**
 * The JavaScript expression that parses a column's text directly, with `text` for it; undefined if the adapter's parser
 * must be used, as for a type for which the application has set its own parser.
 */
export function directly(fieldType: string, oid: number, parser: Parser, text: string): string | undefined {
  switch (fieldType) {
    case 'string':
      return isOfText(parser) ? text : undefined
    case 'int':
      return (oid === 23 || oid === 21) && parser === OF_INT ? `+${text}` : undefined
    case 'bigint':
      return oid === 20 && parser === OF_BIGINT ? `BigInt(${text})` : undefined
    case 'boolean':
      return oid === 16 && parser === OF_BOOLEAN ? `${text}==='t'` : undefined
    case 'datetime':
      return oid === 1184 || oid === 1114 ? `H.momentOfText(${text},P_)` : undefined
    default:
      return undefined
  }
}

/** Leaves the call to Prisma, which reports the error in its own words. */
function bad(): never {
  throw new Unexpected('a value that does not match its type')
}

function int(value: unknown): number {
  if (typeof value === 'number') return Math.trunc(value)
  const number = typeof value === 'string' ? Math.trunc(Number(value)) : Number.NaN
  return Number.isSafeInteger(number) ? number : bad()
}

function float(value: unknown): number {
  if (typeof value === 'number') return value
  const number = typeof value === 'string' ? Number(value) : bad()
  return Number.isNaN(number) && !/^[-+]?nan$/i.test(String(value)) ? bad() : number
}

/** A timestamp in the server's usual form; any other through its parser. */
function momentOfText(text: string, parser: Parser): Date {
  return usualMoment(text, 32) ?? moment(parser(text) as string)
}

/** The adapter's value for a column of moments, dates or times. */
function moment(text: string): Date {
  return usualMoment(text, 84) ?? new Date(normalized(text))
}

/**
 * `2026-11-29 08:15:30.123456+00`, or with a T: anything not in exactly this form, in UTC and with years that Date.UTC
 * interprets literally, is left to `Date` itself.
 */
function usualMoment(text: string, separator: number): Date | undefined {
  const { length } = text
  if (length < 19 || text.charCodeAt(4) !== 45 || text.charCodeAt(10) !== separator) return undefined
  let at = 19
  let ms = 0
  if (text.charCodeAt(19) === 46) {
    let unit = 100
    for (at = 20; at < length; at += 1) {
      const digit = text.charCodeAt(at) - 48
      if (digit < 0 || digit > 9) break
      if (unit >= 1) ms += digit * unit
      unit /= 10
    }
  }
  if (at !== length && text.slice(at) !== '+00' && text.slice(at) !== '+00:00') return undefined
  const year = two(text, 0) * 100 + two(text, 2)
  if (!(year >= 100)) return undefined
  return new Date(Date.UTC(year, two(text, 5) - 1, two(text, 8), two(text, 11), two(text, 14), two(text, 17), ms))
}

const two = (text: string, at: number): number => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48

const TIME = /\d{2}:\d{2}:\d{2}(?:\.\d+)?(Z|[+-]\d{2}(:?\d{2})?)?$/

/** A text that `Date` parses as the moment in UTC, as Prisma writes it: a date has no time, and a time no date. */
function normalized(text: string): string {
  const found = TIME.exec(text)
  if (found === null) return `${text}T00:00:00Z`
  const [time, zone, minutes] = found
  const zoned = zone === undefined ? `${text}Z` : zone !== 'Z' && minutes === undefined ? `${text}:00` : text
  if (time.length === text.length) return `1970-01-01T${zoned}`
  const at = found.index - 1
  return zoned[at] === ' ' ? `${zoned.slice(0, at)}T${zoned.slice(at + 1)}` : zoned
}
