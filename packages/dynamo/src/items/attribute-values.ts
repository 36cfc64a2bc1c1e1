import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { convertToAttr, convertToNative } from '@aws-sdk/util-dynamodb'
import { DynamoValueError } from '../errors/errors.js'
import { toStorable } from './storable.js'

/** One attribute in DynamoDB's wire format: `{ S: 'text' }`. */
export type { AttributeValue }

/** An item in DynamoDB's wire format. */
export type AttributeItem = Record<string, AttributeValue>

/** The value read from an attribute of any kind. Numbers too large for a `number` are read as `bigint`. */
export type NativeValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Set<string>
  | Set<number | bigint>
  | Set<Uint8Array>
  | NativeValue[]
  | { [name: string]: NativeValue }

/** `{ S: value }`. */
export const toS = (value: string): AttributeValue.SMember => ({ S: value })

/**
 * Returns `{ N: '42' }`. A bigint keeps every digit.
 * @throws {DynamoValueError} for NaN, an infinity, or an integer beyond 2^53 - 1 that is not a bigint.
 */
export function toN(value: number | bigint): AttributeValue.NMember {
  toStorable(value, 'the number')
  return { N: numberText(value) }
}

export const toBool = (value: boolean): AttributeValue.BOOLMember => ({ BOOL: value })
export const toNull = (): AttributeValue.NULLMember => ({ NULL: true })
export const toB = (value: Uint8Array): AttributeValue.BMember => ({ B: value })

/**
 * Returns a map of plain values (not of attributes that these helpers made).
 * @throws {DynamoValueError} naming the member that cannot be stored.
 */
export const toM = (value: Readonly<Record<string, unknown>>): AttributeValue.MMember => ({ M: toItem(value) })

/** Returns a list of plain values. @throws {DynamoValueError} naming the member that cannot be stored. */
export const toL = (values: readonly unknown[]): AttributeValue.LMember => ({
  L: values.map((value, index) => toAttribute(value, `[${index}]`)),
})

/** Returns a set of strings. @throws {DynamoValueError} when empty: DynamoDB has no empty sets; omit the attribute. */
export function toSS(values: Iterable<string>): AttributeValue.SSMember {
  return { SS: nonEmpty(new Set(values)) }
}

/** Returns a set of numbers. @throws {DynamoValueError} when empty, or for a number that cannot be stored. */
export function toNS(values: Iterable<number | bigint>): AttributeValue.NSMember {
  return { NS: nonEmpty(new Set([...values].map((value) => toN(value).N))) }
}

/**
 * Returns a whole item from plain values. Members that are `undefined` are omitted, as in JSON.
 * @throws {DynamoValueError} naming the member that cannot be stored.
 */
export function toItem(value: Readonly<Record<string, unknown>>): AttributeItem {
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members.map(([name, member]) => [name, toAttribute(member, name)]))
}

/** @throws {DynamoValueError} when the attribute is missing or of another type. */
export const fromS = (attribute: AttributeValue | undefined): string => member(attribute, 'S')

/**
 * Returns a number of at most 2^53 - 1.
 * @throws {DynamoValueError} when the attribute is missing, of another type, or an integer that a `number` cannot hold
 * (then `fromBigInt`).
 */
export function fromN(attribute: AttributeValue | undefined): number {
  const text = member(attribute, 'N')
  const value = Number(text)
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new DynamoValueError('the number', 'is too large for a number without loss; read it with fromBigInt')
  }
  return value
}

/**
 * Returns a whole number of any size. @throws {DynamoValueError} when the attribute is missing, of another type, or not
 * a whole number.
 */
export function fromBigInt(attribute: AttributeValue | undefined): bigint {
  const text = member(attribute, 'N')
  if (!/^-?\d+$/.test(text)) throw new DynamoValueError('the number', 'is not a whole number')
  return BigInt(text)
}

export const fromBool = (attribute: AttributeValue | undefined): boolean => member(attribute, 'BOOL')
export const fromB = (attribute: AttributeValue | undefined): Uint8Array => member(attribute, 'B')
export const fromM = (attribute: AttributeValue | undefined): Record<string, NativeValue> =>
  fromItem(member(attribute, 'M'))
export const fromL = (attribute: AttributeValue | undefined): NativeValue[] => member(attribute, 'L').map(fromAttribute)
export const fromSS = (attribute: AttributeValue | undefined): Set<string> => new Set(member(attribute, 'SS'))
export const fromNS = (attribute: AttributeValue | undefined): Set<number> =>
  new Set(member(attribute, 'NS').map((text) => fromN({ N: text })))
export const isNull = (attribute: AttributeValue | undefined): boolean => attribute?.NULL === true

/** Returns a whole item as plain values. */
export function fromItem(item: Readonly<AttributeItem>): Record<string, NativeValue> {
  return Object.fromEntries(Object.entries(item).map(([name, attribute]) => [name, fromAttribute(attribute)]))
}

const fromAttribute = (attribute: AttributeValue): NativeValue => convertToNative(attribute) as NativeValue

function toAttribute(value: unknown, path: string): AttributeValue {
  toStorable(value, path)
  return convertToAttr(value, { removeUndefinedValues: true, convertClassInstanceToMap: true })
}

/** Without an exponent's plus sign and without losing a digit: DynamoDB accepts `1e-7` as well as `42`. */
const numberText = (value: number | bigint): string => (Object.is(value, -0) ? '0' : String(value))

function nonEmpty<T>(values: Set<T>): T[] {
  if (values.size === 0) {
    throw new DynamoValueError('the set', 'is empty, and DynamoDB has no empty sets; omit the attribute')
  }
  return [...values]
}

/** What each type letter holds on the wire. */
interface Wire {
  S: string
  N: string
  BOOL: boolean
  B: Uint8Array
  M: AttributeItem
  L: AttributeValue[]
  SS: string[]
  NS: string[]
}

function member<Type extends keyof Wire>(attribute: AttributeValue | undefined, type: Type): Wire[Type] {
  if (attribute === undefined) throw new DynamoValueError('the attribute', `is missing; expected type ${type}`)
  const value = (attribute as Partial<Wire>)[type]
  if (value === undefined) {
    throw new DynamoValueError('the attribute', `is of type ${Object.keys(attribute)[0]}; expected ${type}`)
  }
  return value
}
