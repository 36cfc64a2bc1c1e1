import { DynamoInputError } from '../errors/errors.js'

/** Options of an event writer. */
export interface EventWriterOptions {
  /** The most events that may wait for their outcome; more are refused. 1 to 1,000,000; default 10,000. */
  readonly maxPending?: number | undefined
  /** The most batches in flight. 1 to 64; default 4. */
  readonly concurrency?: number | undefined
}

/** @throws {DynamoInputError} for an invalid number. */
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
