import { type Logger, safeCause } from '@miyabi/core'
import { onOwnConnection } from '../pool/own-connection.js'
import { sessionSettings } from '../settings/client-config.js'
import type { ResolvedSettings } from '../settings/resolve.js'
import { adviseForServer } from './advise.js'

/**
 * Looks at the server once, when a pool has reached it, and warns of what will hurt later: pools that do not fit into
 * it, or, behind a pooler, sessions without the settings that only the role can give them. Never rejects.
 */
export async function checkStart(settings: ResolvedSettings, logger: Logger, signal: AbortSignal): Promise<void> {
  const check = settings.pooler === 'none' ? checkSize : checkSession
  try {
    await check(settings, logger, signal)
    logger.debug({ event: 'postgres.start_checked' }, 'the server was looked at')
  } catch (error) {
    if (signal.aborted) return
    logger.debug({ event: 'postgres.start_check_failed', error: safeCause(error) }, 'the server could not be looked at')
  }
}

async function checkSize(settings: ResolvedSettings, logger: Logger, signal: AbortSignal): Promise<void> {
  const { fits, advice, needed, available } = await adviseForServer(settings, { signal })
  if (!fits) logger.warn({ event: 'postgres.pool.too_large', needed, available }, `The pools do not fit: ${advice}`)
}

/** In milliseconds, whatever unit the server shows them in. */
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
    `Behind the pooler sessions do not have what the settings say (${names.join(', ')}). As this login, past the pooler: ${sql} Then RECONNECT in the pooler's console`,
  )
}
