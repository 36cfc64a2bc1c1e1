import { withDeadline } from '@miyabi/core'
import type pg from 'pg'
import { PostgresError } from '../errors/errors.js'
import { mapConnectError } from '../errors/map-error.js'
import { QUESTION_LIMIT_MS } from '../pool/own-connection.js'
import { PooledClient } from '../pool/pooled-client.js'
import { lsnOf } from '../position/position.js'
import { SharedQuestion } from '../position/shared-question.js'
import { toClientConfig } from '../settings/client-config.js'
import type { ResolvedSettings } from '../settings/resolve.js'

/** A replica's own report. */
export interface ReplicaState {
  readonly isStandby: boolean
  /** The cluster and timeline that it follows, as in a `Position`. */
  readonly history: string
  /** The replayed and the received position of the log; undefined if it does not report them. */
  readonly replayed: bigint
  readonly received: bigint | undefined
  /** When the server was started: after a restart it may be further behind. */
  readonly startedAt: string
  /** How long ago the last replayed transaction was committed, by both servers' clocks. In milliseconds. */
  readonly sinceCommitMs: number
}

/** The timeline is that of its durable log, which may lag behind a switch, and is never ahead of it. */
const STATE = `
  SELECT pg_is_in_recovery() AS "isStandby", coalesce(pg_last_wal_replay_lsn(), '0/0')::text AS replayed,
         pg_last_wal_receive_lsn()::text AS received, pg_postmaster_start_time()::text AS "startedAt",
         coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000, 0)::float8 AS "sinceCommitMs",
         (SELECT system_identifier::text FROM pg_control_system()) || '/' || upper(lpad(to_hex(greatest(
           (SELECT timeline_id FROM pg_control_checkpoint()),
           (SELECT min_recovery_end_timeline FROM pg_control_recovery()))), 8, '0')) AS history`

interface StateRow extends Omit<ReplicaState, 'replayed' | 'received'> {
  readonly replayed: string
  readonly received: string | null
}

/** When the server of a connection was started. */
export async function startOf(client: Pick<pg.ClientBase, 'query'>): Promise<string> {
  const { rows } = await client.query<{ at: string }>('SELECT pg_postmaster_start_time()::text AS at')
  return rows[0]?.at ?? ''
}

/** A connection for checking a replica, independent of its pool and its load. */
export class Watch {
  readonly #settings: ResolvedSettings
  #client: PooledClient | undefined
  readonly #question = new SharedQuestion(() => this.#ask())
  #isClosed = false

  constructor(settings: ResolvedSettings) {
    this.#settings = settings
  }

  /**
   * Checks it, opening the connection if there is none. Callers that arrive in the meantime share the next check.
   * @throws {PostgresError} why there was no answer within a second.
   */
  ask(): Promise<ReplicaState> {
    return this.#question.ask()
  }

  close(): void {
    this.#isClosed = true
    this.#cut()
  }

  async #ask(): Promise<ReplicaState> {
    if (this.#isClosed) throw new PostgresError('postgres.pool.closed')
    const onTimeout = (): Error => new PostgresError('postgres.connect_timeout')
    try {
      return await withDeadline({ ms: QUESTION_LIMIT_MS, onTimeout }, async () => {
        const client = await this.#connected()
        const { rows } = await client.query<StateRow>(STATE)
        const [row] = rows as [StateRow]
        const received = row.received === null ? undefined : lsnOf(row.received)
        return { ...row, replayed: lsnOf(row.replayed), received }
      })
    } catch (error) {
      this.#cut()
      throw mapConnectError(error, this.#settings.target)
    }
  }

  async #connected(): Promise<PooledClient> {
    if (this.#client) return this.#client
    const settings = this.#settings
    const config = {
      ...toClientConfig(settings),
      connectTimeoutMs: 2 * QUESTION_LIMIT_MS,
      sockets: new Set<PooledClient>(),
    }
    const client = new PooledClient(config)
    this.#client = client
    client.once('end', () => {
      if (this.#client === client) this.#client = undefined
    })
    await client.connect()
    if (this.#isClosed) client.destroy()
    return client
  }

  #cut(): void {
    this.#client?.destroy()
    this.#client = undefined
  }
}
