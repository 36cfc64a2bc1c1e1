import { types } from 'node:util'
import { DynamoInputError, PayloadTooLargeError } from '../errors/errors.js'
import { toStorable } from './storable.js'

/**
 * DynamoDB refuses items above 400 KB (1,024-byte KB), names included; what a payload leaves is for keys and the other
 * attributes.
 */
const MAX_PAYLOAD_BYTES = 380 * 1024

/**
 * Returns a copy of a caller's payload, taken and checked before anything is sent: later changes to the caller's object
 * do not affect what is stored, also by a later request.
 *
 * @throws {DynamoInputError} when it is not a plain object, for example a list, a set or a string.
 * @throws {DynamoValueError} naming the member that cannot be stored without loss.
 * @throws {PayloadTooLargeError}
 */
export function toPayload(payload: object | undefined, name: string): Record<string, unknown> | undefined {
  if (payload === undefined) return undefined
  const isObject = typeof payload === 'object' && payload !== null
  if (!isObject || Array.isArray(payload) || types.isSet(payload) || types.isUint8Array(payload)) {
    throw new DynamoInputError(name, 'is not a plain object')
  }
  const copy = toStorable(payload, name) as Record<string, unknown>
  assertFits({ [name]: copy })
  return copy
}

/**
 * Checks that several payloads fit into one item together.
 * @throws {PayloadTooLargeError} naming them.
 */
export function assertFits(payloads: Readonly<Record<string, unknown>>): void {
  const bytes = Object.values(payloads).reduce<number>((sum, payload) => sum + storedBytes(payload), 0)
  if (bytes <= MAX_PAYLOAD_BYTES) return
  throw new PayloadTooLargeError(Object.keys(payloads).join(' with '), bytes, MAX_PAYLOAD_BYTES)
}

/** The size of a value as DynamoDB counts it. */
function storedBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  // At most: one byte for two digits, one for the sign and exponent.
  if (typeof value === 'number' || typeof value === 'bigint') return Math.ceil(String(value).length / 2) + 1
  if (types.isUint8Array(value)) return value.byteLength
  if (Array.isArray(value) || types.isSet(value)) {
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
