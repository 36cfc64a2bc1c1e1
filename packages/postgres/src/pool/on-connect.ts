import { safeCause, withDeadline } from '@miyabi/core'
import type pg from 'pg'
import { meaningOf } from '../errors/codes.js'
import { PostgresError } from '../errors/errors.js'
import { isDatabaseError } from '../errors/map-error.js'

/** Checks or prepares a new connection before any caller gets it. */
export type ConnectHook = (client: pg.ClientBase) => void | Promise<void>

/** An error that such a hook threw itself. Callers get that error unchanged; observers of the pool get this one. */
export class HookFailure extends PostgresError<'postgres.pool.hook_failed'> {
  readonly #thrown: unknown

  constructor(thrown: unknown) {
    const { reason } = meaningOf('postgres.pool.hook_failed')
    const cause = safeCause(thrown)
    super('postgres.pool.hook_failed', `${reason} (${cause.name})`, { cause })
    this.#thrown = thrown
  }

  /** Not printed with the error. */
  get thrown(): unknown {
    return this.#thrown
  }
}

/**
 * Runs a hook on a new connection, within the limit for opening one.
 * @throws {HookFailure} if it throws its own error; database errors are mapped as usual.
 */
export async function runHook(hook: ConnectHook | undefined, client: pg.ClientBase, ms: number): Promise<void> {
  if (!hook) return
  const onTimeout = (): Error =>
    new PostgresError(
      'postgres.connect_timeout',
      `The onConnect of the pool did not end within ${ms} ms (DB_CONNECT_TIMEOUT), so the connection was closed`,
      { remedy: 'shorten it, or raise DB_CONNECT_TIMEOUT' },
    )
  try {
    await withDeadline({ ms, onTimeout }, async () => hook(client))
  } catch (error) {
    throw isDatabaseError(error) ? error : new HookFailure(error)
  }
}
