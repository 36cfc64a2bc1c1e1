import { databaseRoles, type Logger, withDeadline } from '@miyabi/core'
import type pg from 'pg'
import { meaningOf } from '../errors/codes.js'
import { PostgresError } from '../errors/errors.js'
import { tableNames } from '../schema/tables.generated.js'
import type { ResolvedSettings } from '../settings/resolve.js'
import { remedyOfLogin } from './remedy-of-login.js'

/** Whether a role has any privilege on one of the tables, or on a column of it. */
const hasRights = (role: string, table: string): string =>
  `(has_any_column_privilege(${role}, ${table}, 'SELECT, INSERT, UPDATE') OR has_table_privilege(${role}, ${table}, 'DELETE'))`

/**
 * The privileges of a login that policies do not restrict, each true if it has it; then all its privileges. Works
 * before roles and tables exist.
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
           AND pg_has_role(session_user, oid, 'MEMBER')) AS "may act as a role that can read all users' rows",
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
  /** Roles whose privileges it inherits. */
  readonly inherited: string | null
  /** Tables on which it has privileges, including inherited ones. */
  readonly tables: string | null
  /** Those roles of its calls that exist, and those that it may assume. */
  readonly present: readonly string[]
  readonly granted: readonly string[]
}

/** A problem that makes every call of a login fail, or would let it bypass the policies. */
export interface LoginProblem {
  readonly error: PostgresError
  /** `warn`: its calls work anyway. */
  readonly weight: 'refuse' | 'warn'
}

/** Runs a query. */
type Asking = (text: string, values: unknown[]) => Promise<readonly object[]>

/**
 * Checks a pool's login: whether row-level security applies to it at all, and whether it may act as its intended roles.
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
  // The service's pool makes no call without an identity.
  if (held === undefined && !mayServe && settings.privilegedLogin !== 'allow' && (inherited ?? tables) !== null)
    problems.push({ error: rightsOfItsOwn(settings, { login, inherited, tables }), weight: 'refuse' })
  if (present.length > 0 && granted.length === 0)
    problems.push({ error: cannotAct(settings, login, present), weight: 'refuse' })
  return problems.sort((one, other) => Number(one.weight === 'warn') - Number(other.weight === 'warn'))
}

/**
 * Creates the check of a pool's login, which the first connection waits for. A login that may not act as any role is
 * left to its calls, which report it.
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
 * Rejected everywhere, not only in production: if the login has its own privileges, a statement reaches the policies,
 * which do not report a missing identity if no row is read.
 */
function rightsOfItsOwn(
  settings: ResolvedSettings,
  { login, inherited, tables }: Pick<Rights, 'login' | 'inherited' | 'tables'>,
): PostgresError {
  const [problem, remedy] =
    inherited === null
      ? [`was granted privileges on ${tables}`, `as their owner REVOKE ALL ON ${tables} FROM ${login}, PUBLIC;`]
      : [
          `inherits the privileges of ${inherited}`,
          // A grant keeps the options it was created with.
          `as the creator of the roles ALTER ROLE ${login} NOINHERIT; REVOKE ${inherited} FROM ${login}; GRANT ${inherited} TO ${login};`,
        ]
  const { reason } = meaningOf('postgres.login.has_rights')
  return new PostgresError(
    'postgres.login.has_rights',
    `${reason}: ${login} (${settings.target.variable}) ${problem}`,
    { remedy: `run ${remedy} or set DB_ALLOW_PRIVILEGED_LOGIN=true` },
  )
}

/** Most likely the login of the other URL: each may act only as its own roles. */
function cannotAct(settings: ResolvedSettings, login: string, roles: readonly string[]): PostgresError {
  return new PostgresError(
    'postgres.identity.not_granted',
    `The login ${login} (${settings.target.variable}) is not allowed to act as ${roles.join(' or ')}, so every call fails`,
    { remedy: remedyOfLogin(settings.target.variable, roles, login) },
  )
}
