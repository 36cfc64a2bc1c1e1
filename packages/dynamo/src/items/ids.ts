import { createHash, randomBytes, randomInt } from 'node:crypto'
import { types } from 'node:util'
import { DynamoInputError } from '../errors/errors.js'
import { type Clock, checkedClock } from './clock.js'
import { isTime } from './time.js'

/** How far ids may run ahead of a clock that was set back, to stay in order. A clock set back further is followed. */
const MAX_AHEAD_OF_CLOCK_MS = 60_000

/** What follows the time in an id. */
const TAIL_BYTES = 10

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Makes ids in call order. */
export interface IdSource {
  /**
   * Returns the next id: later in order than every id returned before, also within one millisecond and when the clock
   * was set back by up to a minute. When a clock that was further ahead is corrected, the ids follow it: ids that
   * continued from a wrong time would be wrong for just as long.
   *
   * @throws {DynamoInputError} when the clock does not return whole milliseconds.
   */
  next(): string
}

/**
 * Returns a source of UUIDv7 ids (RFC 9562) that are in order within the process: 48 bits of time, then a counter of 32
 * bits that starts at random in each millisecond, then 42 random bits that distinguish processes. Time alone is not
 * enough: many ids are made in one millisecond.
 */
export function createIdSource(now: Clock = Date.now): IdSource {
  const clock = checkedClock(now)
  const random = createRandomTails()
  let lastMs = -1
  let counter = 0
  return {
    next() {
      const ms = clock()
      if (ms > lastMs || ms < lastMs - MAX_AHEAD_OF_CLOCK_MS) {
        lastMs = ms
        counter = randomInt(2 ** 31)
      } else if (counter === 0xffff_ffff) {
        lastMs += 1
        counter = 0
      } else {
        counter += 1
      }
      const tail = random.next()
      tail.writeUInt16BE(counter >>> 20, 0)
      // 20 bits of the counter after the two variant bits, then random.
      tail.writeUInt32BE((((counter & 0xf_ffff) << 10) | (tail.readUInt32BE(2) & 0x3ff)) >>> 0, 2)
      return format(lastMs, tail)
    },
  }
}

/**
 * Returns ten random bytes at a time, taken from the system in larger portions: a system call for each would cost more
 * than everything else.
 */
function createRandomTails(): { next(): Buffer } {
  let pool = Buffer.alloc(0)
  let used = 0
  return {
    next() {
      if (used === pool.length) {
        pool = randomBytes(TAIL_BYTES * 400)
        used = 0
      }
      used += TAIL_BYTES
      return pool.subarray(used - TAIL_BYTES, used)
    },
  }
}

/**
 * Returns a UUIDv7 of a given time with random bits: for events whose time is given, many of which may share a
 * millisecond.
 */
export function randomIdAt(ms: number): string {
  return format(assertTime(ms, 'time'), randomBytes(TAIL_BYTES))
}

/**
 * Returns a UUIDv7 that is a pure function of its arguments: repeating them gives the same id. `scope` separates equal
 * keys of different kinds.
 */
export function keyedId(ms: number, scope: string, key: string): string {
  // The length makes the pair unambiguous: ("ab", "c") is not ("a", "bc").
  const digest = createHash('sha256')
    .update(`${Buffer.byteLength(scope)}:${scope}${key}`)
    .digest()
  return format(assertTime(ms, 'time'), digest.subarray(0, TAIL_BYTES))
}

/** The time an id carries, in milliseconds since 1970. */
export function idTime(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

/** The lowest id of a millisecond. */
export const idFloor = (ms: number): string => `${time(ms)}-7000-8000-000000000000`

/** The highest id of a millisecond. */
export const idCeiling = (ms: number): string => `${time(ms)}-7fff-bfff-ffffffffffff`

/** The bytes of an id in hexadecimal: ids are in order as texts, as bytes and as numbers. */
export const idToHex = (id: string): string => id.replaceAll('-', '')

export const ID_BYTES = 16

export const idFromHex = (hex: string): string =>
  [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')

/** @throws {DynamoInputError} when `id` is not one of our ids. */
export function assertId(id: string, name: string): string {
  if (!UUID_V7.test(id)) throw new DynamoInputError(name, 'is not a UUIDv7 in lower case')
  return id
}

/** @throws {DynamoInputError} when `ms` is not a time between 1970 and 9999. */
export function assertTime(ms: number, name: string): number {
  if (isTime(ms)) return ms
  throw new DynamoInputError(name, 'is not a valid time between 1970 and 9999')
}

/**
 * Returns the milliseconds of a date. @throws {DynamoInputError} when it is not a Date, such as a string from JSON, or
 * not between 1970 and 9999.
 */
export function timeOf(date: Date, name: string): number {
  if (!types.isDate(date)) throw new DynamoInputError(name, 'is not a Date')
  return assertTime(date.getTime(), name)
}

function time(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

/** Version and variant replace 4 and 2 bits of `tail`. */
function format(ms: number, tail: Buffer): string {
  const bytes = Buffer.from(tail)
  bytes[0] = ((bytes[0] ?? 0) & 0x0f) | 0x70
  bytes[2] = ((bytes[2] ?? 0) & 0x3f) | 0x80
  return idFromHex(ms.toString(16).padStart(12, '0') + bytes.toString('hex'))
}
