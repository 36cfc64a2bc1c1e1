import { DynamoInputError } from '../errors/errors.js'

/** Options of every message queue. */
export interface MessageOptions {
  /** How far the newest message may be ahead of the oldest undelivered one before a queue is full. Default 10,000. */
  readonly maxQueued: number
  /** How long a lease lasts after its reader's last activity, in milliseconds. Default 30,000. */
  readonly leaseMs: number
}

export const defaultMessageOptions: MessageOptions = { maxQueued: 10_000, leaseMs: 30_000 }

/** A lease must outlast a round trip; the wait for a crashed reader's lease must be bounded. */
const LEASE_MS = { min: 100, max: 3_600_000 }

/** @throws {DynamoInputError} naming the invalid option. */
export function assertMessageOptions({ maxQueued, leaseMs }: MessageOptions): void {
  if (!Number.isSafeInteger(maxQueued) || maxQueued < 1 || maxQueued > 1e9) {
    throw new DynamoInputError('messages.maxQueued', 'is not a whole number from 1 to 1,000,000,000')
  }
  if (!Number.isInteger(leaseMs) || leaseMs < LEASE_MS.min || leaseMs > LEASE_MS.max) {
    throw new DynamoInputError('messages.leaseMs', `is not a whole number from ${LEASE_MS.min} to ${LEASE_MS.max}`)
  }
}
