import { safeCause } from '@miyabi/core'
import type { Target } from '@miyabi/migrate'
import pg from 'pg'
import { BackupError } from '../errors/errors.js'
import { assertDriver } from '../internals/pg.js'

/**
 * Settings that make rows look the same on every server, and let a transaction stay open for as long as a backup takes.
 * A setting that this server does not have is skipped.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  search_path: '',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  transaction_timeout: '0',
  synchronize_seqscans: 'off',
}

export interface ConnectOptions {
  readonly signal?: AbortSignal | undefined
  /** How long it waits for a lock, in milliseconds. Default 10,000. */
  readonly lockTimeoutMs?: number | undefined
}

/**
 * Opens a connection whose rows are written in one form. An abort closes it.
 * @throws {BackupError} `backup.database_unreachable`, `backup.internals_missing`, and the signal's reason
 */
export async function connect(
  target: Target,
  { signal, lockTimeoutMs = 10_000 }: ConnectOptions = {},
): Promise<pg.Client> {
  signal?.throwIfAborted()
  assertDriver()
  const client = new pg.Client({ ...target.config, application_name: 'miyabi backup' })
  client.on('error', () => {}) // a connection that breaks fails its query; without a listener it would end the process
  const cut = (): void => void client.end().catch(() => {})
  try {
    await client.connect()
    signal?.throwIfAborted()
    signal?.addEventListener('abort', cut, { once: true })
    client.once('end', () => signal?.removeEventListener('abort', cut))
    const settings = { ...SETTINGS, lock_timeout: String(lockTimeoutMs) }
    await client.query(
      `SELECT set_config(s.name, s.value, false) FROM unnest($1::text[], $2::text[]) AS s(name, value)
        WHERE current_setting(s.name, true) IS NOT NULL`,
      [Object.keys(settings), Object.values(settings)],
    )
    return client
  } catch (error) {
    cut()
    signal?.throwIfAborted()
    const { host, port, database } = target
    const cause = safeCause(error)
    throw new BackupError(
      'backup.database_unreachable',
      `PostgreSQL at ${host}:${port}/${database} cannot be reached: ${cause.message}`,
      {
        details: { host, port, database },
        cause,
        remedy: 'check DIRECT_DATABASE_URL',
      },
    )
  }
}
