/**
 * Roles of the PostgreSQL server, created by the migration `row_level_security`: the roles that calls run as, and that
 * the logins of the embedded stack may assume. None of them may log in, bypasses row-level security, or has a password.
 */
export const databaseRoles = {
  /** A signed-in user of the marketplace (`users.id`); admins are marked in their row. */
  user: 'miyabi_user',
  /** A signed-in user of the web UI (`web_users.id`). */
  webUser: 'miyabi_web_user',
  /** The service identity. */
  service: 'miyabi_service',
  /** Owns the tables; the migrator's login is a member of it. */
  owner: 'miyabi_owner',
  /** Owns the functions that may do more than their caller. */
  definer: 'miyabi_definer',
} as const
