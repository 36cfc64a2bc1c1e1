import { types } from 'node:util'
import { OutboxError } from '../errors/outbox-error.js'

/** Members that represent what JSON does not have: the only member of their object, with these names. */
type Tag = '$bigint' | '$bytes' | '$set' | '$object'

const tagged = (tag: Tag, value: unknown): Readonly<Record<string, unknown>> => ({ [tag]: value })

/**
 * A payload as the outbox stores it: JSON, with bigints, bytes and sets, which DynamoDB has, under special names.
 * Values that JSON would silently change are refused.
 * @throws {OutboxError} `db.outbox.invalid`, `db.outbox.payload_too_large`
 */
export function payloadToText(payload: unknown, topic: string): string {
  const text = JSON.stringify(encoded(payload, 'payload', topic, 0))
  if (Buffer.byteLength(text) > 65_536)
    throw new OutboxError('db.outbox.payload_too_large', undefined, { details: { topic } })
  return text
}

/**
 * The payload in the result of `payloadToText`.
 * @throws {SyntaxError} if it is not JSON.
 */
export const payloadFromText = (text: string): unknown => fromJson(JSON.parse(text))

function fromJson(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map(fromJson)
  const entries = Object.entries(json)
  const [only] = entries
  if (entries.length === 1 && only?.[0].startsWith('$')) return untagged(only[0], only[1])
  return fromEntries(entries)
}

const fromEntries = (entries: readonly (readonly [string, unknown])[]): Record<string, unknown> =>
  Object.fromEntries(entries.map(([name, member]) => [name, fromJson(member)]))

/** A row may be written by anyone with the right to: an object not of this form is left unchanged. */
function untagged(tag: string, value: unknown): unknown {
  if (tag === '$bigint' && typeof value === 'string' && /^-?\d{1,200}$/.test(value)) return BigInt(value)
  if (tag === '$bytes' && typeof value === 'string') return Uint8Array.from(Buffer.from(value, 'base64'))
  if (tag === '$set' && Array.isArray(value)) return new Set(value.map(fromJson))
  if (tag === '$object' && typeof value === 'object' && value !== null) return fromEntries(Object.entries(value))
  return fromEntries([[tag, value]])
}

const MAX_DEPTH = 60

function encoded(value: unknown, path: string, topic: string, depth: number): unknown {
  const refuse = (problem: string): never => {
    throw new OutboxError('db.outbox.invalid', `${topic}: ${path} ${problem}`, { details: { topic, argument: path } })
  }
  if (depth > MAX_DEPTH) refuse(`is nested more than ${MAX_DEPTH} levels deep`)
  switch (typeof value) {
    case 'string':
      return /\p{Surrogate}/u.test(value) ? refuse('holds half of a character (a lone surrogate)') : value
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : refuse('is a number that JSON does not have')
    case 'bigint':
      return tagged('$bigint', String(value))
    case 'object':
      break
    default:
      return refuse(value === undefined ? 'is undefined' : `is a ${typeof value}`)
  }
  if (value === null) return null
  if (types.isUint8Array(value)) return tagged('$bytes', Buffer.from(value).toString('base64'))
  if (types.isSet(value)) {
    return tagged(
      '$set',
      Array.from(value, (member) => encoded(member, `${path}{}`, topic, depth + 1)),
    )
  }
  if (Array.isArray(value)) {
    return Array.from(value, (member, index) => encoded(member, `${path}[${index}]`, topic, depth + 1))
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    refuse('is an instance of a class, which JSON does not keep')
  const copy: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    if (name === '__proto__') refuse('has a member named __proto__')
    if (/\p{Surrogate}/u.test(name)) refuse('has a name that holds half of a character (a lone surrogate)')
    if (member !== undefined) copy[name] = encoded(member, `${path}.${name}`, topic, depth + 1)
  }
  const names = Object.keys(copy)
  return names.length === 1 && names[0]?.startsWith('$') ? tagged('$object', copy) : copy
}
