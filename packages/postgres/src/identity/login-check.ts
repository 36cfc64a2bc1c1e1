import { type Logger, withDeadline } from '@miyabi/core'
import { databaseRoles } from '@miyabi/core/database-roles'
import type pg from 'pg'
import { meaningOf } from '../errors/codes.js'
import { PostgresError } from '../errors/errors.js'
import { tableNames } from '../schema/tables.generated.js'
import type { ResolvedSettings } from '../settings/resolve.js'
import { remedyOfLogin } from './remedy-of-login.js'

/** Of a role: whether it may do anything with one of the tables, or with a column of it. */
const hasRights = (role: string, table: string): string =>
  `(has_any_column_privilege(${role}, ${table}, 'SELECT, INSERT, UPDATE') OR has_table_privilege(${role}, ${table}, 'DELETE'))`

/**
 * What a login has that no policy holds against, each true where it is so; then what it has at all. Works before roles
 * and tables exist.
 */
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
         ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname = ANY ($4)) AS present,
         ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname = ANY ($4) AND pg_has_role(session_user, oid,
           CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)) AS granted,
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
  /** The roles that its calls run as, those which there are and those which it may take. */
  readonly present: readonly string[]
  readonly granted: readonly string[]
}

/** What makes every call of a login fail, or would let it past the policies. */
export interface LoginProblem {
  readonly error: PostgresError
  /** `warn`: its calls work all the same. */
  readonly weight: 'refuse' | 'warn'
}

/** Asks with a statement. */
type Asking = (text: string, values: unknown[]) => Promise<readonly object[]>

/**
 * Looks at a pool's login: whether row-level security holds for it at all, and whether it may act for whom it is there.
 * @param mayServe whether the login is the service's own.
 */
export async function problemsOfLogin(
  settings: ResolvedSettings,
  mayServe: boolean,
  ask: Asking,
): Promise<LoginProblem[]> {
  const { owner, definer, service, user, webUser } = databaseRoles
  const forbidden = mayServe ? [owner, definer] : [owner, definer, service]
  const needed = mayServe ? [service] : [user, webUser]
  const [row] = await ask(PRIVILEGES, [tableNames, forbidden, [user, webUser], needed])
  const { login, inherited, tables, present, granted, ...privileges } = row as Rights & Record<string, unknown>
  const held = Object.entries(privileges).find(([, holds]) => holds === true)?.[0]
  const problems: LoginProblem[] = []
  if (held !== undefined && settings.privilegedLogin !== 'allow')
    problems.push({ error: privileged(settings, held), weight: settings.privilegedLogin })
  // The service's pool makes no call without saying so.
  if (held === undefined && !mayServe && settings.privilegedLogin !== 'allow' && (inherited ?? tables) !== null)
    problems.push({ error: rightsOfItsOwn(settings, { login, inherited, tables }), weight: 'refuse' })
  if (present.length > 0 && granted.length === 0)
    problems.push({ error: cannotAct(settings, login, present), weight: 'refuse' })
  return problems.sort((one, other) => Number(one.weight === 'warn') - Number(other.weight === 'warn'))
}

/**
 * Makes the check of a pool's login, which the first connection waits for. A login that may not act for anybody is left
 * to its calls, which say so.
 */
export function loginCheck(
  settings: ResolvedSettings,
  logger: Logger,
  mayServe: boolean,
): (client: pg.ClientBase) => Promise<void> {
  let isDone = settings.privilegedLogin === 'allow'
  return async (client) => {
    if (isDone) return
    const onTimeout = (): Error => new PostgresError('postgres.connect_timeout')
    const problems = await withDeadline({ ms: settings.connectTimeoutMs, onTimeout }, () =>
      problemsOfLogin(settings, mayServe, async (text, values) => (await client.query(text, values)).rows),
    )
    for (const { error, weight } of problems) {
      if (error.code === 'postgres.identity.not_granted') continue
      if (weight === 'refuse') throw error
      if (!isDone) logger.warn({ event: 'postgres.login.privileged' }, error.message)
    }
    isDone = true
  }
}

function privileged(settings: ResolvedSettings, problem: string): PostgresError {
  const { reason } = meaningOf('postgres.login.privileged')
  return new PostgresError(
    'postgres.login.privileged',
    `${reason}: ${settings.target.user} (${settings.target.variable}) ${problem}`,
  )
}

/**
 * Refused wherever it runs, not in production alone: with rights of its own a statement comes to the policies, which
 * say nothing of a missing identity where no row is looked at.
 */
function rightsOfItsOwn(
  settings: ResolvedSettings,
  { login, inherited, tables }: Pick<Rights, 'login' | 'inherited' | 'tables'>,
): PostgresError {
  const [problem, remedy] =
    inherited === null
      ? [`was granted rights on ${tables}`, `as their owner REVOKE ALL ON ${tables} FROM ${login}, PUBLIC;`]
      : [
          `inherits the rights of ${inherited}`,
          // A grant keeps how it was made.
          `as whoever made the roles ALTER ROLE ${login} NOINHERIT; REVOKE ${inherited} FROM ${login}; GRANT ${inherited} TO ${login};`,
        ]
  const { reason } = meaningOf('postgres.login.has_rights')
  return new PostgresError(
    'postgres.login.has_rights',
    `${reason}: ${login} (${settings.target.variable}) ${problem}`,
    { remedy: `run ${remedy} or set DB_ALLOW_PRIVILEGED_LOGIN=true` },
  )
}

/** The login of the other URL, most likely: each may act for those whom it is there for. */
function cannotAct(settings: ResolvedSettings, login: string, roles: readonly string[]): PostgresError {
  return new PostgresError(
    'postgres.identity.not_granted',
    `The login ${login} (${settings.target.variable}) may not act as ${roles.join(' or ')}, so every call fails`,
    { remedy: remedyOfLogin(settings.target.variable, roles, login) },
  )
}
