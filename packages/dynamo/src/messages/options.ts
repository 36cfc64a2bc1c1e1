import { DynamoInputError } from '../errors/errors.js'

/** What holds for every queue of messages. */
export interface MessageOptions {
  /** How far the newest message may be ahead of the oldest undelivered one before a queue is full. Default 10,000. */
  readonly maxQueued: number
  /** How long a lease lasts without a sign of its reader, in milliseconds. Default 30,000. */
  readonly leaseMs: number
}

export const defaultMessageOptions: MessageOptions = { maxQueued: 10_000, leaseMs: 30_000 }

/** A lease must outlast a round trip; whoever waits for a crashed reader's must not wait for ever. */
const LEASE_MS = { min: 100, max: 3_600_000 }

/** @throws {DynamoInputError} naming the option that cannot be. */
export function assertMessageOptions({ maxQueued, leaseMs }: MessageOptions): void {
  if (!Number.isSafeInteger(maxQueued) || maxQueued < 1 || maxQueued > 1e9) {
    throw new DynamoInputError('messages.maxQueued', 'is not a whole number from 1 to 1,000,000,000')
  }
  if (!Number.isInteger(leaseMs) || leaseMs < LEASE_MS.min || leaseMs > LEASE_MS.max) {
    throw new DynamoInputError('messages.leaseMs', `is not a whole number from ${LEASE_MS.min} to ${LEASE_MS.max}`)
  }
}
