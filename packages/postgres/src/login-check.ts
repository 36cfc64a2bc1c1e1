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
           AND pg_has_role(session_user, oid, 'MEMBER')) AS "may act as a role that sees everybody's rows",
         (SELECT string_agg(rolname, ', ' ORDER BY rolname) FROM pg_roles WHERE rolname = ANY ($3)
           AND pg_has_role(session_user, oid, 'USAGE')) AS inherited
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
  const { owner, definer, service, user, webUser } = databaseRoles
  const people = mayServe ? [] : [user, webUser]
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
      client.query<Record<string, boolean> & { inherited: string | null }>(PRIVILEGES, [tableNames, roles, people]),
    )
    const { inherited, ...privileges } = rows[0] ?? { inherited: null }
    const [problem] = Object.entries(privileges).flatMap(([name, holds]) => (holds ? [name] : []))
    if (problem !== undefined && settings.privilegedLogin === 'refuse') throw privileged(problem)
    if (problem !== undefined && !isDone) {
      logger.warn({ event: 'postgres.login.privileged', problem }, privileged(problem).message)
    }
    if (problem === undefined && inherited !== null && !isDone) {
      const remedy = inheritNothing(loginOf(settings), inherited)
      logger.warn(
        { event: 'postgres.login.inherits', roles: inherited, remedy },
        `The login of DATABASE_URL inherits the rights of ${inherited}: a call without an identity may find no rows in place of an error. As whoever made the roles, run: ${remedy}`,
      )
    }
    isDone = true
  }
}

/** Through inherited rights a statement comes to the policies, which are not asked where no row is looked at. */
function inheritNothing(login: string, roles: string): string {
  return `ALTER ROLE ${login} NOINHERIT; REVOKE ${roles} FROM ${login}; GRANT ${roles} TO ${login};` // a grant keeps how it was made
}
