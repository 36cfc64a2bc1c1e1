/**
 * Roles of the PostgreSQL server, which the migration `row_level_security` makes: what calls run as, and what the
 * logins of the embedded stack may become. None of them may log in, bypasses row-level security, or has a password.
 */
export const databaseRoles = {
  /** A signed-in person of the marketplace (`users.id`); an admin is one whose row says so. */
  user: 'miyabi_user',
  /** A signed-in person of the web UI (`web_users.id`). */
  webUser: 'miyabi_web_user',
  /** The service itself. */
  service: 'miyabi_service',
  /** Owns the tables; the migrator's login is a member. */
  owner: 'miyabi_owner',
  /** Owns the functions that may do what their caller may not. */
  definer: 'miyabi_definer',
} as const
