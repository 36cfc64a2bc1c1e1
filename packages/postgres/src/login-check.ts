import { type Logger, withDeadline } from '@miyabi/core'
import type pg from 'pg'
import type { PostgresSettings } from './config.js'
import { PostgresError } from './errors.js'
import { databaseRoles } from './identity-sql.js'
import { loginOf } from './pool-config.js'
import { tableNames } from './tables.js'
import { WORDING, wordsOf } from './wording.js'

/** What a login has that no policy holds against, each true where it is so. Works before the roles and the tables exist. */
const PRIVILEGES = `
  SELECT rolsuper AS "is a superuser",
         rolbypassrls AS "has BYPASSRLS",
         EXISTS (SELECT FROM pg_roles WHERE (rolsuper OR rolbypassrls)
           AND pg_has_role(session_user, oid, 'MEMBER')) AS "may act as a superuser or a role that has BYPASSRLS",
         EXISTS (SELECT FROM pg_class WHERE oid = ANY (
           SELECT to_regclass(quote_ident(name)) FROM unnest($1::text[]) AS name
         ) AND pg_has_role(session_user, relowner, 'MEMBER')) AS "may act as the owner of the tables",
         EXISTS (SELECT FROM pg_roles WHERE rolname = ANY ($2)
           AND pg_has_role(session_user, oid, 'MEMBER')) AS "may act as a role that sees everybody's rows"
  FROM pg_roles WHERE rolname = session_user`

/**
 * Makes the check of a pool's login, which the first connection waits for: whether row-level security holds for it at all.
 * @param mayServe whether the login is the service's own.
 */
export function loginCheck(
  settings: PostgresSettings,
  logger: Logger,
  mayServe: boolean,
): (client: pg.ClientBase) => Promise<void> {
  const { owner, definer, service } = databaseRoles
  const roles = mayServe ? [owner, definer] : [owner, definer, service]
  const privileged = (problem: string): PostgresError<'postgres.login.privileged'> => {
    const { reason, remedy } = WORDING['postgres.login.privileged']
    const setting = mayServe ? 'SERVICE_DATABASE_URL' : 'DATABASE_URL'
    return new PostgresError(
      'postgres.login.privileged',
      `${reason}: ${loginOf(settings)} (${setting}) ${problem}; ${remedy}`,
    )
  }
  let isDone = settings.privilegedLogin === 'allow'
  return async (client) => {
    if (isDone) return
    const onTimeout = (): Error => new PostgresError('postgres.connect_timeout', wordsOf('postgres.connect_timeout'))
    const { rows } = await withDeadline({ ms: settings.connectTimeoutMs, onTimeout }, () =>
      client.query<Record<string, boolean>>(PRIVILEGES, [tableNames, roles]),
    )
    const [problem] = Object.entries(rows[0] ?? {}).flatMap(([name, holds]) => (holds ? [name] : []))
    if (problem !== undefined && settings.privilegedLogin === 'refuse') throw privileged(problem)
    if (problem !== undefined && !isDone) {
      logger.warn({ event: 'postgres.login.privileged', problem }, privileged(problem).message)
    }
    isDone = true
  }
}
