/** How the database knows who asks: names that the migration `row_level_security` and this package agree on. */

/** Settings of one transaction that hold the id of the person, as text. */
export const identitySettings = {
  userId: 'miyabi.user_id',
  webUserId: 'miyabi.web_user_id',
} as const

/** SQLSTATE of a policy that was asked without an identity: the setting of its role is missing or blank. */
export const IDENTITY_MISSING = 'MY001'
