import { DynamoInputError } from '../errors/errors.js'

/** How an event writer works. */
export interface EventWriterOptions {
  /** Events that may wait for their fate at a time; more are refused. 1 to 1,000,000; default 10,000. */
  readonly maxPending?: number | undefined
  /** Batches on their way at a time. 1 to 64; default 4. */
  readonly concurrency?: number | undefined
}

/** @throws {DynamoInputError} for a number that cannot be. */
export function checkedWriterOptions(options: EventWriterOptions): {
  readonly maxPending: number
  readonly concurrency: number
} {
  return {
    maxPending: assertCount(options.maxPending ?? 10_000, 'maxPending', 1_000_000),
    concurrency: assertCount(options.concurrency ?? 4, 'concurrency', 64),
  }
}

function assertCount(value: number, name: string, max: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= max) return value
  throw new DynamoInputError(name, `is not a whole number from 1 to ${max}`)
}
