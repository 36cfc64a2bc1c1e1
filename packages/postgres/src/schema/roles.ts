/** How the database knows who asks: names that the migration `row_level_security` and this package agree on. */

/** Roles of the server. None of them may log in, bypasses row-level security, or has a password. */
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

/** Settings of one transaction that hold the id of the person, as text. */
export const identitySettings = {
  userId: 'miyabi.user_id',
  webUserId: 'miyabi.web_user_id',
} as const

/** SQLSTATE of a policy that was asked without an identity: the setting of its role is missing or blank. */
export const IDENTITY_MISSING = 'MY001'
