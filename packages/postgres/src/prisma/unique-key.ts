import { isWellFormed } from '../statement/well-formed.js'
import type { DataModel, Field, Model } from './data-model.js'

/** A value in the form of Prisma's protocol. */
type Value = unknown
type Where = Record<string, Value>

const CANONICAL_UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){4}[0-9a-f]{8}$/
/** PostgreSQL accepts a UUID in capitals, in braces, and with a hyphen behind any four digits or none. */
const UUID = /^(\{?)([0-9a-f]{4}(?:-?[0-9a-f]{4}){7})(\}?)$/i
const INT8 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }

/** Returns a UUID in the form that the server returns; undefined if the server would reject it. */
export function canonicalUuid(text: string): string | undefined {
  if (CANONICAL_UUID.test(text)) return text
  const [, open, digits, close] = UUID.exec(text) ?? []
  if (digits === undefined || (open === '') !== (close === '')) return undefined
  const hex = digits.replaceAll('-', '').toLowerCase()
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/**
 * Converts the values of `where` to the form that the server returns, so that comparing them with a row's values gives
 * the server's result; otherwise a UUID in capitals would not be equal.
 *
 * @returns whether it is exactly one unique key whose values the server accepts, of types whose values are equal to the
 *   server if and only if they are equal here. Others (citext, which the server compares case-insensitively; a
 *   malformed UUID, which it rejects; an additional filter) must be queried alone.
 */
export function canonicalizeKey(where: Where, model: Model): boolean {
  const names = Object.keys(where)
  const [name = ''] = names
  const compound = names.length === 1 && !model.has(name) ? where[name] : undefined
  if (isRecord(compound)) return canonicalize(compound, model)
  return canonicalize(where, model) && names.length === 1
}

/** A selection with its arguments, in the form of Prisma's protocol. */
interface Selecting {
  readonly arguments?: Readonly<Record<string, unknown>>
  readonly selection?: unknown
}

/**
 * Does the same with the cursors of a query and all its selections: Prisma searches for cursors of relations among the
 * rows it has read.
 */
export function canonicalizeCursors(query: Selecting, model: Model, models: DataModel): void {
  const cursor = query.arguments?.['cursor']
  if (isRecord(cursor)) canonicalizeKey(cursor, model)
  if (!isRecord(query.selection)) return
  for (const [name, nested] of Object.entries(query.selection)) {
    const related = isRecord(nested) ? models.get(model.get(name)?.type ?? '') : undefined
    if (related) canonicalizeCursors(nested as Selecting, related, models)
  }
}

function canonicalize(values: Where, model: Model): boolean {
  let isExact = true
  for (const [name, value] of Object.entries(values)) {
    const field = model.get(name)
    const canonical = field && canonicalValue(value, field)
    if (canonical === undefined) isExact = false
    else values[name] = canonical
  }
  return isExact
}

/**
 * Returns the value in its canonical form; undefined if it has none, or if the server may treat other values as equal.
 */
function canonicalValue(value: Value, { type, native }: Field): Value {
  if (type === 'String' && typeof value === 'string') {
    if (native === 'Uuid') return canonicalUuid(value)
    return isPlainText(native) && isStorable(value) ? value : undefined
  }
  if (type === 'Int') return Number.isInteger(value) ? value : undefined
  if (type !== 'BigInt') return undefined
  if (typeof value === 'number') return Number.isSafeInteger(value) ? bigInt(BigInt(value)) : undefined
  return isRecord(value) && value['$type'] === 'BigInt' ? bigInt(BigInt(String(value['value']))) : undefined
}

const bigInt = (value: bigint): Value =>
  value < INT8.min || value > INT8.max ? undefined : { $type: 'BigInt', value: String(value) }

/**
 * Text types in which different spellings are never equal: not citext, and not char(n), whose trailing spaces do not
 * count.
 */
const isPlainText = (native: string | undefined): boolean =>
  native === undefined || native === 'Text' || native === 'VarChar'

/** The server rejects text with a NUL; half of a surrogate pair becomes another character in transit. */
const isStorable = (text: string): boolean => !text.includes('\0') && isWellFormed(text)

const isRecord = (value: Value): value is Where => typeof value === 'object' && value !== null && !Array.isArray(value)
