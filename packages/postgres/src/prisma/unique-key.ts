import { isWellFormed } from '../statement/well-formed.js'
import type { DataModel, Field, Model } from './data-model.js'

/** A value as Prisma's protocol carries it. */
type Value = unknown
type Where = Record<string, Value>

const CANONICAL_UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){4}[0-9a-f]{8}$/
/** PostgreSQL takes a UUID in capitals, in braces, and with a hyphen behind any four digits or none. */
const UUID = /^(\{?)([0-9a-f]{4}(?:-?[0-9a-f]{4}){7})(\}?)$/i
const INT8 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }

/** A UUID in the form in which the server gives it back; undefined where the server would refuse it. */
export function canonicalUuid(text: string): string | undefined {
  if (CANONICAL_UUID.test(text)) return text
  const [, open, digits, close] = UUID.exec(text) ?? []
  if (digits === undefined || (open === '') !== (close === '')) return undefined
  const hex = digits.replaceAll('-', '').toLowerCase()
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/**
 * Puts the values of `where` into the form in which the server gives them back, so that whoever compares them with what
 * a row holds finds them equal if and only if the server does; a UUID in capitals is not otherwise.
 *
 * @returns whether all of it is one unique key whose values the server takes, of types that are equal to the server
 *   when they are the same here. Others (citext, which the server compares without regard to case; a malformed UUID,
 *   which it refuses; a filter beside the key) must be asked for alone.
 */
export function canonicalizeKey(where: Where, model: Model): boolean {
  const names = Object.keys(where)
  const [name = ''] = names
  const compound = names.length === 1 && !model.has(name) ? where[name] : undefined
  if (isRecord(compound)) return canonicalize(compound, model)
  return canonicalize(where, model) && names.length === 1
}

/** A selection with its arguments, as Prisma's protocol carries it. */
interface Selecting {
  readonly arguments?: Readonly<Record<string, unknown>>
  readonly selection?: unknown
}

/**
 * Does the same with the cursors of a query and of all that it selects: those of relations Prisma looks for among the
 * rows that it has read.
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
 * The value in its one form; undefined where it has none, or where the server may hold other values for equal to it.
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

/** Text of which no two spellings are equal: not citext, and not char(n), whose trailing spaces do not count. */
const isPlainText = (native: string | undefined): boolean =>
  native === undefined || native === 'Text' || native === 'VarChar'

/** The server refuses text with a NUL; half a surrogate pair becomes another character on its way there. */
const isStorable = (text: string): boolean => !text.includes('\0') && isWellFormed(text)

const isRecord = (value: Value): value is Where => typeof value === 'object' && value !== null && !Array.isArray(value)
