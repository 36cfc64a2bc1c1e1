import { types } from 'node:util'
import { DynamoInputError, DynamoValueError } from '../errors/errors.js'

/**
 * DynamoDB refuses maps and lists deeper than this in an attribute, which is at level 0; the embedded engine accepts an
 * empty one at one level more.
 */
const MAX_DEPTH = 30

/** DynamoDB refuses attribute names longer than this, at any depth; the embedded engine does not. */
const MAX_NAME_BYTES = 65_535

/** Limit of a whole number: DynamoDB's largest is 9.99...e125. */
const MAX_DIGITS = 126

/**
 * Returns an immutable copy of a value, as DynamoDB will return it. Members that are `undefined` are omitted.
 *
 * Values that DynamoDB could not return unchanged are refused: NaN, infinities, integers beyond 2^53 - 1 that are not
 * bigints, numbers outside its range, lone surrogates, functions, symbols, class instances (a Date too: store
 * `toISOString()` or the milliseconds), empty sets, `undefined` inside a list.
 *
 * @param path the name of the value in the error.
 * @throws {DynamoValueError} with the path of the first such value.
 */
export function toStorable(value: unknown, path: string, depth = 0): unknown {
  const refuse = (problem: string): never => {
    throw new DynamoValueError(path, problem)
  }
  switch (typeof value) {
    case 'boolean':
      return value
    case 'string':
      if (!isWellFormed(value)) refuse('holds half of a character (a lone surrogate), which UTF-8 cannot carry')
      return value
    case 'number':
      assertNumber(value, refuse)
      return value
    case 'bigint':
      assertBigInt(value, refuse)
      return value
    case 'object':
      if (value === null) return null
      if (types.isUint8Array(value)) return Uint8Array.from(value)
      if (depth > MAX_DEPTH) refuse(`is nested more than ${MAX_DEPTH} levels deep`)
      return toStorableObject(value, path, depth, refuse)
    default:
      return refuse(value === undefined ? 'is undefined; omit it or use null' : `is a ${typeof value}`)
  }
}

function assertNumber(value: number, refuse: (problem: string) => never): void {
  if (!Number.isFinite(value)) refuse('is not a finite number')
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    refuse('is beyond 2^53 - 1 and may have lost digits; use a bigint')
  if (value !== 0 && Math.abs(value) < 1e-130) refuse("is below DynamoDB's smallest number, 1e-130")
}

function assertBigInt(value: bigint, refuse: (problem: string) => never): void {
  const digits = String(value).replace('-', '')
  if (digits.length > MAX_DIGITS) refuse("is beyond DynamoDB's largest number, 9.99e125")
  // Trailing zeros are not significant.
  if (digits.replace(/0+$/, '').length > 38) refuse('has more than the 38 digits DynamoDB keeps')
}

function toStorableObject(
  value: object,
  path: string,
  depth: number,
  refuse: (problem: string) => never,
): ReadonlySet<unknown> | readonly unknown[] | Readonly<Record<string, unknown>> {
  if (types.isSet(value)) {
    if (value.size === 0) refuse('is an empty set, which DynamoDB does not have; omit it')
    const members = [...value]
    if (!isOfOneKind(members))
      refuse('is a set of mixed or unsupported members; expected strings alone, numbers alone or bytes alone')
    if (new Set(members.map(setMemberText)).size < members.length) refuse('is a set with the same member twice')
    return new Set(members.map((member) => toStorable(member, `${path}{}`, depth + 1)))
  }
  if (Array.isArray(value)) {
    // Not with `map`, which skips holes, which the SDK closes.
    return Array.from(value, (member, index) => toStorable(member, `${path}[${index}]`, depth + 1))
  }
  if (!isPlainObject(value)) {
    refuse(`is a ${value.constructor?.name || 'class instance'}; store a plain value instead`)
  }
  const copy: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    if (name === '__proto__') refuse('has a member named __proto__, which would become the prototype of what is read')
    if (name === '') refuse('has a member with an empty name')
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) refuse('has a member whose name is longer than 64 KB')
    if (!isWellFormed(name)) refuse('has a name that holds half of a character (a lone surrogate)')
    if (member !== undefined) copy[name] = toStorable(member, `${path}.${name}`, depth + 1)
  }
  return copy
}

/**
 * Whether an object is a literal's, of any realm: those of `node:vm` and of Jest's environment have their own
 * `Object.prototype`, at which their prototype chain ends too.
 */
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (typeof prototype !== 'object' || prototype === null) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty')
}

/** Whether members may be in one set: DynamoDB has sets of strings, of numbers and of bytes. */
function isOfOneKind(members: readonly unknown[]): boolean {
  const kinds = members.map((member) => {
    if (types.isUint8Array(member)) return 'bytes'
    return typeof member === 'bigint' ? 'number' : typeof member
  })
  return ['string', 'number', 'bytes'].some((kind) => kinds.every((other) => other === kind))
}

/** Equal for values that DynamoDB treats as the same, such as 1 and 1n. */
const setMemberText = (member: unknown): string =>
  types.isUint8Array(member) ? Buffer.from(member).toString('base64') : String(member)

/** A string that is the same for equal values, for anything that can be stored. */
export const canonicalText = (value: unknown): string =>
  JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'bigint') return { $bigint: String(member) }
    if (member instanceof Set) return { $set: [...member] }
    return member instanceof Uint8Array ? { $bytes: Buffer.from(member).toString('base64') } : member
  })

/**
 * Checks a string that becomes part of a key. Any character is allowed, and two different strings never make the same
 * key.
 * @throws {DynamoInputError} when it is empty, longer than `maxBytes` in UTF-8, or cannot be encoded in UTF-8.
 */
export function assertKeyPart(value: unknown, name: string, maxBytes = 1024): asserts value is string {
  if (typeof value !== 'string') throw new DynamoInputError(name, 'is not a string')
  if (value === '') throw new DynamoInputError(name, 'is empty; expected a string')
  if (!isWellFormed(value)) throw new DynamoInputError(name, 'holds half of a character (a lone surrogate)')
  const bytes = Buffer.byteLength(value)
  if (bytes > maxBytes) throw new DynamoInputError(name, `is ${bytes} bytes long; a key allows at most ${maxBytes}`)
}

/** Two different lone surrogates become the same replacement character on the wire, so two keys would collide. */
const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text)
