import { DynamoInputError } from '../errors/errors.js'
import { isTime } from './time.js'

/** A clock: milliseconds since 1970. */
export type Clock = () => number

/**
 * Returns the same clock, checked to give values that ids, versions and keys can be made of. A fraction of a
 * millisecond, as from `performance.timeOrigin + performance.now()`, would make ids that cannot be found again.
 *
 * @throws {DynamoInputError} when it gives anything but whole milliseconds between 1970 and 9999, each time it is read.
 */
export const checkedClock =
  (now: Clock): Clock =>
  () => {
    const ms = now()
    if (isTime(ms)) return ms
    throw new DynamoInputError(
      'now',
      'does not return whole milliseconds between 1970 and 9999; round it down, for example with Math.floor',
    )
  }
