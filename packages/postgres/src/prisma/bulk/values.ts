import { Prisma } from '../../schema/prisma.js'
import type { Field } from '../data-model.js'
import { earlyDateText } from '../early-dates.js'

/** How the values of one field are sent: each as a text that the server parses. */
export interface Values {
  /** Whether Prisma accepts this value for the field, and its text is known. */
  takes(value: unknown): boolean
  /** The text of an accepted value; null is the server's NULL. */
  text(value: unknown): string | null
}

/** The encoding of a field's values; undefined if they are left to Prisma. */
export function valuesOf(field: Field): Values | undefined {
  const values = field.kind === 'enum' ? enumValues(field.values) : SCALARS[field.type]
  if (!values || field.modifier === undefined) return undefined
  if (field.modifier === '[]') return listOf(values)
  return field.modifier === '?' ? orNull(values, field.type === 'Json') : values
}

const isInteger = (value: unknown): value is number => Number.isInteger(value)
const text = (value: unknown): string => String(value)

const SCALARS: Readonly<Record<string, Values>> = {
  String: { takes: (value) => typeof value === 'string', text },
  Boolean: { takes: (value) => typeof value === 'boolean', text },
  Int: { takes: isInteger, text },
  BigInt: { takes: (value) => typeof value === 'bigint' || isInteger(value), text },
  Float: { takes: (value) => Number.isFinite(value), text },
  Decimal: {
    takes: (value) =>
      Number.isFinite(value) ||
      (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) ||
      (Prisma.Decimal.isDecimal(value) && value.isFinite()),
    text: (value) => (Prisma.Decimal.isDecimal(value) ? value.toFixed() : String(value)),
  },
  DateTime: {
    takes: (value) =>
      value instanceof Date ? !Number.isNaN(value.getTime()) : typeof value === 'string' && isMoment(value),
    text: (value) => momentText(value instanceof Date ? value : new Date(value as string)),
  },
  Bytes: { takes: (value) => value instanceof Uint8Array, text: (value) => bytesText(value as Uint8Array) },
  Json: {
    takes: (value) => isNull(value, 'JsonNull') || (value !== null && isPlainJson(value)),
    text: (value) => (isNull(value, 'JsonNull') ? 'null' : JSON.stringify(value)),
  },
}

function enumValues(names: ReadonlyMap<string, string> | undefined): Values | undefined {
  if (!names) return undefined
  return {
    takes: (value) => typeof value === 'string' && names.has(value),
    text: (value) => names.get(value as string) ?? null,
  }
}

/** Adds NULL to the accepted values: null or, for a JSON column, `Prisma.DbNull`. */
function orNull({ takes, text }: Values, isJson: boolean): Values {
  const isNothing = (value: unknown): boolean => (isJson ? isNull(value, 'DbNull') : value === null)
  return {
    takes: (value) => isNothing(value) || takes(value),
    text: (value) => (isNothing(value) ? null : text(value)),
  }
}

/** Whether it is one of the two nulls of a JSON column, of whichever copy of Prisma's runtime. */
function isNull(value: unknown, name: 'DbNull' | 'JsonNull'): boolean {
  if (value === Prisma[name]) return true
  if (typeof value !== 'object' || value === null || isRecord(value)) return false
  const { _getName: getName } = value as { readonly _getName?: unknown }
  return typeof getName === 'function' && getName.call(value) === name
}

function listOf({ takes, text }: Values): Values {
  return {
    takes: (value) => Array.isArray(value) && Object.keys(value).length === value.length && value.every(takes),
    text: (value) => arrayText((value as readonly unknown[]).map(text)),
  }
}

/** The server's text of an array. */
export function arrayText(items: readonly (string | null)[]): string {
  return `{${items.map((item) => (item === null ? 'NULL' : `"${item.replace(/["\\]/g, '\\$&')}"`)).join()}}`
}

/** Any other is left to Prisma: it accepts more forms than this one, and rejects days that do not exist. */
const isMoment = (value: string): boolean => {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value)) return false
  const at = new Date(value)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(value.slice(0, 19))
}

/** A moment in a form that the server accepts for any type of date and time, in UTC, like every session. */
export function momentText(at: Date): string {
  const year = at.getUTCFullYear()
  if (year < 1 || year > 9999) return earlyDateText(at)
  const iso = at.toISOString()
  return `${iso.slice(0, 10)} ${iso.slice(11, -1)}`
}

export const bytesText = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  `\\x${Buffer.from(buffer, byteOffset, byteLength).toString('hex')}`

/** Whether it is plain JSON: it contains nothing with a special meaning for Prisma. */
function isPlainJson(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value)
    case 'object': {
      if (value === null) return true
      if (Array.isArray(value)) return Object.keys(value).length === value.length && value.every(isPlainJson)
      if (!isRecord(value)) return false
      for (const name in value) {
        const item = value[name]
        if (name === '$type' || name === '__proto__' || (item !== undefined && !isPlainJson(item))) return false
      }
      return true
    }
    default:
      return false
  }
}

/** An object of no class. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
