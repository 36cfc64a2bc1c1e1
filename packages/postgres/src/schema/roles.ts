/** How the database identifies the caller: names shared by the migration `row_level_security` and this package. */

/** Transaction-local settings that contain the user's id, as text. */
export const identitySettings = {
  userId: 'miyabi.user_id',
  webUserId: 'miyabi.web_user_id',
} as const

/** The SQLSTATE of a policy that is evaluated without an identity: the setting of its role is missing or blank. */
export const IDENTITY_MISSING = 'MY001'
