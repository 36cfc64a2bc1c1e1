import { DynamoInputError, DynamoValueError, PayloadTooLargeError } from './errors.js'

/** Beyond this depth DynamoDB refuses an item. */
const MAX_DEPTH = 32

/** DynamoDB refuses longer names of attributes, at any depth; the embedded engine does not. */
const MAX_NAME_BYTES = 65_535

/** DynamoDB refuses items above 400 KB (1,024-byte KB), names included; what is left beside a payload is for keys and the rest. */
const MAX_PAYLOAD_BYTES = 380 * 1024

/**
 * Refuses whatever DynamoDB could not give back as it was: NaN, infinities, integers beyond 2^53 - 1 that are no bigint, numbers outside
 * its range, lone surrogates, functions, symbols, class instances (a Date too: store `toISOString()` or the milliseconds),
 * empty sets, `undefined` inside a list.
 *
 * @param path how the value is called in the error.
 * @throws {DynamoValueError} with the path of the first such value.
 */
export function assertStorable(value: unknown, path: string, depth = 0): void {
  const refuse = (problem: string): never => {
    throw new DynamoValueError(path, problem)
  }
  if (depth > MAX_DEPTH) refuse(`is nested more than ${MAX_DEPTH} levels deep`)
  switch (typeof value) {
    case 'boolean':
      return
    case 'string':
      if (!isWellFormed(value)) refuse('holds half of a character (a lone surrogate), which UTF-8 cannot carry')
      return
    case 'number':
      assertNumber(value, refuse)
      return
    case 'bigint':
      // 38 significant digits; trailing zeros are not significant.
      if (String(value).replace(/^-|0+$/g, '').length > 38) refuse('has more than the 38 digits DynamoDB keeps')
      return
    case 'object':
      assertStorableObject(value, path, depth, refuse)
      return
    default:
      refuse(value === undefined ? 'is undefined; leave it out or use null' : `is a ${typeof value}`)
  }
}

function assertNumber(value: number, refuse: (problem: string) => never): void {
  if (!Number.isFinite(value)) refuse('is not a finite number')
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    refuse('is beyond 2^53 - 1 and may have lost digits; use a bigint')
  if (value !== 0 && Math.abs(value) < 1e-130) refuse("is below DynamoDB's smallest number, 1e-130")
}

function assertStorableObject(
  value: object | null,
  path: string,
  depth: number,
  refuse: (problem: string) => never,
): void {
  if (value === null || value instanceof Uint8Array) return
  if (value instanceof Set) {
    if (value.size === 0) refuse('is an empty set, which DynamoDB does not have; leave it out')
    if (!isOfOneKind([...value])) refuse('is a set of other things than texts alone, numbers alone or bytes alone')
    for (const member of value) assertStorable(member, `${path}{}`, depth + 1)
  } else if (Array.isArray(value)) {
    // By its entries, because forEach leaves out holes, which the SDK closes.
    for (const [index, member] of value.entries()) assertStorable(member, `${path}[${index}]`, depth + 1)
  } else {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) {
      refuse(`is a ${value.constructor?.name || 'class instance'}; store a plain value instead`)
    }
    for (const [name, member] of Object.entries(value)) {
      if (name === '__proto__') refuse('has a member named __proto__, which would become the prototype of what is read')
      if (name === '') refuse('has a member without a name')
      if (Buffer.byteLength(name) > MAX_NAME_BYTES) refuse('has a member whose name is longer than 64 KB')
      if (!isWellFormed(name)) refuse('has a name that holds half of a character (a lone surrogate)')
      if (member !== undefined) assertStorable(member, `${path}.${name}`, depth + 1)
    }
  }
}

/** Whether members may be in one set: DynamoDB has sets of texts, of numbers and of bytes. */
function isOfOneKind(members: readonly unknown[]): boolean {
  const kinds = members.map((member) => {
    if (member instanceof Uint8Array) return 'bytes'
    return typeof member === 'bigint' ? 'number' : typeof member
  })
  return ['string', 'number', 'bytes'].some((kind) => kinds.every((other) => other === kind))
}

/**
 * Checks what a caller gave as a payload, before the network: it can be stored without loss, and it fits.
 * @throws {DynamoValueError} naming the member.
 * @throws {PayloadTooLargeError}
 */
export function assertPayload(payload: unknown, name: string): void {
  if (payload === undefined) return
  assertStorable(payload, name)
  const bytes = storedBytes(payload)
  if (bytes > MAX_PAYLOAD_BYTES) throw new PayloadTooLargeError(name, bytes, MAX_PAYLOAD_BYTES)
}

/**
 * `assertPayload` for one that is to be a plain object, not a list, set or text.
 * @throws {DynamoInputError} naming the argument.
 */
export function assertPayloadObject(payload: unknown, name: string): void {
  if (payload === undefined) return
  const isObject = typeof payload === 'object' && payload !== null
  if (!isObject || Array.isArray(payload) || payload instanceof Set || payload instanceof Uint8Array) {
    throw new DynamoInputError(name, 'is not a plain object')
  }
  assertPayload(payload, name)
}

/** The size of a value as DynamoDB counts it. */
function storedBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  // At most: one byte for two digits, one for the sign and exponent.
  if (typeof value === 'number' || typeof value === 'bigint') return Math.ceil(String(value).length / 2) + 1
  if (value instanceof Uint8Array) return value.byteLength
  if (Array.isArray(value) || value instanceof Set) {
    return 3 + [...value].reduce<number>((sum, member) => sum + 1 + storedBytes(member), 0)
  }
  if (typeof value === 'object' && value !== null) {
    return (
      3 +
      Object.entries(value).reduce<number>(
        (sum, [name, member]) => (member === undefined ? sum : sum + 1 + Buffer.byteLength(name) + storedBytes(member)),
        0,
      )
    )
  }
  return 1
}

/**
 * Checks a text that becomes part of a key. Any character may be in it, and two texts never make the same key.
 * @throws {DynamoInputError} when it is empty, longer than `maxBytes` in UTF-8, or cannot be carried in UTF-8.
 */
export function assertKeyPart(value: unknown, name: string, maxBytes = 1024): asserts value is string {
  if (typeof value !== 'string') throw new DynamoInputError(name, 'is not a text')
  if (value === '') throw new DynamoInputError(name, 'is empty; expected a text')
  if (!isWellFormed(value)) throw new DynamoInputError(name, 'holds half of a character (a lone surrogate)')
  const bytes = Buffer.byteLength(value)
  if (bytes > maxBytes) throw new DynamoInputError(name, `is ${bytes} bytes long; a key holds at most ${maxBytes}`)
}

/** Two different lone surrogates become the same replacement character on the wire, so two keys would meet. */
const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text)
