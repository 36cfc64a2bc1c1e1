import { type Logger, safeCause } from '@miyabi/core'
import { onOwnConnection } from '../pool/own-connection.js'
import { sessionSettings } from '../settings/client-config.js'
import type { ResolvedSettings } from '../settings/resolve.js'
import { adviseForServer } from './advise.js'

/**
 * Checks the server once, when a pool has reached it, and warns of later problems: pools that do not fit into it, or,
 * behind a pooler, sessions that lack the settings that only the role can set. Never rejects.
 */
export async function checkStart(settings: ResolvedSettings, logger: Logger, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const check = settings.pooler === 'none' ? checkSize : checkSession
  try {
    await check(settings, logger, signal)
    logger.debug({ event: 'postgres.start_checked' }, 'the server was checked')
  } catch (error) {
    if (signal.aborted) return
    logger.debug({ event: 'postgres.start_check_failed', error: safeCause(error) }, 'the server could not be checked')
  }
}

async function checkSize(settings: ResolvedSettings, logger: Logger, signal: AbortSignal): Promise<void> {
  const { fits, advice, needed, available } = await adviseForServer(settings, { signal })
  if (!fits) logger.warn({ event: 'postgres.pool.too_large', needed, available }, `The pools do not fit: ${advice}`)
}

/** In milliseconds, regardless of the server's display unit. */
const SESSION = `
  SELECT name, setting, session_user::text AS role FROM pg_settings WHERE name = ANY($1)`

async function checkSession(settings: ResolvedSettings, logger: Logger, signal: AbortSignal): Promise<void> {
  const wanted = sessionSettings(settings)
  const found = await onOwnConnection(settings, signal, (ask) =>
    ask<{ name: string; setting: string; role: string }>(SESSION, [Object.keys(wanted)]),
  )
  const different = found.filter(({ name, setting }) => setting !== wanted[name])
  if (different.length === 0) return
  const names = different.map(({ name }) => name)
  const sql = different.map(({ name, role }) => `ALTER ROLE ${role} SET ${name} = '${wanted[name]}';`).join(' ')
  logger.warn(
    { event: 'postgres.pooler.session_differs', names },
    `Sessions behind the pooler lack the configured values of ${names.join(', ')}. Run as this login, on a direct connection: ${sql} Then run RECONNECT in the pooler's console`,
  )
}
