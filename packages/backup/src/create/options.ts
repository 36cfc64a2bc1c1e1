import type { KeyObject } from 'node:crypto'
import type { DynamoSettings } from '@miyabi/dynamo'
import type { DatabaseLocation } from '@miyabi/migrate'
import { BackupError } from '../errors/errors.js'
import type { Passed } from '../format/flow.js'
import type { BackupTarget } from '../target/target.js'

/** Progress for display. */
export type CreateProgress =
  | { readonly step: 'begun'; readonly id: string; readonly cut: Date }
  /** Waiting for DynamoDB's writes up to the cut to arrive. PostgreSQL's rows are read meanwhile. */
  | { readonly step: 'waiting'; readonly ms: number }
  | ({ readonly step: 'reading' } & Passed)
  | { readonly step: 'finishing' }

export interface CreateOptions {
  /** PostgreSQL, with the login that owns the tables. */
  readonly database: DatabaseLocation
  readonly dynamodb: DynamoSettings
  readonly target: BackupTarget
  /** Without it the backup is not encrypted. */
  readonly key?: KeyObject | undefined
  /** Whether a store that others operate may hold it without encryption. Default false. */
  readonly plain?: boolean | undefined
  /**
   * How far the clocks of DynamoDB's writers may differ from PostgreSQL's, in milliseconds. Default 1,000. A writer
   * whose clock is further ahead loses its last writes; one whose clock is further behind includes later writes.
   */
  readonly clockSkewMs?: number | undefined
  /**
   * How long a write to DynamoDB may be in flight, in milliseconds. Default: DYNAMODB_TIMEOUT plus one attempt. Set it
   * if writers have a longer timeout than this process.
   */
  readonly writeTimeoutMs?: number | undefined
  /** How long to wait for the locks of a migration, in milliseconds. Default 10,000. */
  readonly lockTimeoutMs?: number | undefined
  /** Connections to PostgreSQL that read, besides the snapshot's. 1 to 8; default 2. */
  readonly connections?: number | undefined
  /** Segments of a DynamoDB table that are read concurrently. 1 to 64; default 2. */
  readonly segments?: number | undefined
  /** Bytes read per second, over both stores, before compression. Default: no limit. */
  readonly bytesPerSecond?: number | undefined
  /** Stops it: nothing is left that could pass for a backup. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: CreateProgress) => void) | undefined
}

export interface CheckedCreateOptions extends CreateOptions {
  readonly clockSkewMs: number
  readonly writeTimeoutMs: number
  readonly lockTimeoutMs: number
  readonly connections: number
  readonly segments: number
}

/** @throws {BackupError} `backup.option_invalid`, `backup.plain_refused` */
export function checkedOptions(options: CreateOptions): CheckedCreateOptions {
  const { target, key, plain = false, bytesPerSecond, dynamodb } = options
  // A call ends by then, and what its last attempt left on the wire has arrived or never will.
  const usualTimeoutMs = dynamodb.timeoutMs + dynamodb.attemptTimeoutMs
  if (target.isRemote && key === undefined && !plain) {
    throw new BackupError('backup.plain_refused', `Without a key, ${target.name} would receive all data unencrypted`, {
      details: { backup: undefined },
      remedy: 'set BACKUP_KEY_FILE, or add --plain',
    })
  }
  if (bytesPerSecond !== undefined && !(bytesPerSecond >= 1000)) {
    throw invalid('bytesPerSecond', 'is not a number of at least 1000')
  }
  return {
    ...options,
    clockSkewMs: whole('clockSkewMs', options.clockSkewMs ?? 1000, 0, 600_000),
    writeTimeoutMs: whole('writeTimeoutMs', options.writeTimeoutMs ?? usualTimeoutMs, 0, 86_400_000),
    lockTimeoutMs: whole('lockTimeoutMs', options.lockTimeoutMs ?? 10_000, 1, 86_400_000),
    connections: whole('connections', options.connections ?? 2, 1, 8),
    segments: whole('segments', options.segments ?? 2, 1, 64),
  }
}

function whole(option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw invalid(option, `is not a whole number from ${min} to ${max}`)
}

const invalid = (option: string, problem: string): BackupError<'backup.option_invalid'> =>
  new BackupError('backup.option_invalid', `${option} ${problem}`, { details: { option } })
