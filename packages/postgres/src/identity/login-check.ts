import { type Logger, withDeadline } from '@miyabi/core'
import type pg from 'pg'
import { PostgresError } from '../errors/errors.js'
import { WORDING, wordsOf } from '../errors/wording.js'
import { databaseRoles } from '../schema/roles.js'
import { tableNames } from '../schema/tables.js'
import type { ResolvedSettings } from '../settings/resolve.js'

/** Of a role: whether it may do anything with one of the tables, or with a column of it. */
const hasRights = (role: string, table: string): string =>
  `(has_any_column_privilege(${role}, ${table}, 'SELECT, INSERT, UPDATE') OR has_table_privilege(${role}, ${table}, 'DELETE'))`

/** What a login has that no policy holds against, each true where it is so; then what it has at all. Works before roles and tables exist. */
const PRIVILEGES = `
  WITH protected AS (SELECT oid, relowner FROM pg_class WHERE oid = ANY (
         SELECT to_regclass(quote_ident(name)) FROM unnest($1::text[]) AS name))
  SELECT rolsuper AS "is a superuser",
         rolbypassrls AS "has BYPASSRLS",
         EXISTS (SELECT FROM pg_roles WHERE (rolsuper OR rolbypassrls)
           AND pg_has_role(session_user, oid, 'MEMBER')) AS "may act as a superuser or a role that has BYPASSRLS",
         EXISTS (SELECT FROM protected WHERE pg_has_role(session_user, relowner, 'MEMBER')) AS "may act as the owner of the tables",
         EXISTS (SELECT FROM pg_roles WHERE rolname = ANY ($2)
           AND pg_has_role(session_user, oid, 'MEMBER')) AS "may act as a role that sees everybody's rows",
         (SELECT string_agg(quote_ident(rolname), ', ' ORDER BY rolname) FROM pg_roles AS other
           WHERE rolname <> session_user AND pg_has_role(session_user, oid, 'USAGE')
             AND (rolname = ANY ($3) OR EXISTS (SELECT FROM protected WHERE ${hasRights('other.oid', 'protected.oid')}))
         ) AS inherited, quote_ident(session_user) AS login,
         (SELECT string_agg(oid::regclass::text, ', ' ORDER BY oid::regclass::text) FROM protected
           WHERE ${hasRights('session_user', 'oid')}) AS tables
  FROM pg_roles WHERE rolname = session_user`

interface Rights {
  /** The login, as SQL names it. */
  readonly login: string
  /** Roles whose rights it inherits. */
  readonly inherited: string | null
  /** Tables on which it has rights, inherited ones included. */
  readonly tables: string | null
}

/**
 * Makes the check of a pool's login, which the first connection waits for: whether row-level security holds for it at all.
 * @param mayServe whether the login is the service's own.
 */
export function loginCheck(
  settings: ResolvedSettings,
  logger: Logger,
  mayServe: boolean,
): (client: pg.ClientBase) => Promise<void> {
  const { owner, definer, service, user, webUser } = databaseRoles
  const roles = mayServe ? [owner, definer] : [owner, definer, service]
  const privileged = (problem: string): PostgresError<'postgres.login.privileged'> => {
    const { reason, remedy } = WORDING['postgres.login.privileged']
    const setting = mayServe ? 'SERVICE_DATABASE_URL' : 'DATABASE_URL'
    return new PostgresError(
      'postgres.login.privileged',
      `${reason}: ${settings.target.user} (${setting}) ${problem}; ${remedy}`,
    )
  }
  let isDone = settings.privilegedLogin === 'allow'
  return async (client) => {
    if (isDone) return
    const onTimeout = (): Error => new PostgresError('postgres.connect_timeout', wordsOf('postgres.connect_timeout'))
    const { rows } = await withDeadline({ ms: settings.connectTimeoutMs, onTimeout }, () =>
      client.query<Record<string, boolean> & Rights>(PRIVILEGES, [tableNames, roles, [user, webUser]]),
    )
    const { login, inherited, tables, ...privileges } = rows[0] ?? { login: '', inherited: null, tables: null }
    const [problem] = Object.entries(privileges).flatMap(([name, holds]) => (holds ? [name] : []))
    if (problem !== undefined && settings.privilegedLogin === 'refuse') throw privileged(problem)
    if (problem !== undefined && !isDone) {
      logger.warn({ event: 'postgres.login.privileged', problem }, privileged(problem).message)
    }
    // The service's pool makes no call without saying so.
    if (problem === undefined && !mayServe) refuseRights({ login, inherited, tables })
    isDone = true
  }
}

/**
 * Refused wherever it runs, not in production alone: with rights of its own a statement comes to the policies, which say nothing of a
 * missing identity where no row is looked at.
 */
function refuseRights({ login, inherited, tables }: Rights): void {
  if (inherited === null && tables === null) return
  const [problem, remedy] =
    inherited === null
      ? [`was granted rights on ${tables}`, `as their owner REVOKE ALL ON ${tables} FROM ${login}, PUBLIC;`]
      : [
          `inherits the rights of ${inherited}`,
          // A grant keeps how it was made.
          `as whoever made the roles ALTER ROLE ${login} NOINHERIT; REVOKE ${inherited} FROM ${login}; GRANT ${inherited} TO ${login};`,
        ]
  const { reason } = WORDING['postgres.login.has_rights']
  throw new PostgresError(
    'postgres.login.has_rights',
    `${reason}: ${login} (DATABASE_URL) ${problem}; run ${remedy} or set DB_ALLOW_PRIVILEGED_LOGIN=true`,
  )
}
