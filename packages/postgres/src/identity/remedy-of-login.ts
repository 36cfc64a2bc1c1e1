/**
 * Returns the remedy for a login that may not act as its intended roles. Not an unconditional GRANT: a login that may
 * act as both kinds could do everything to all users' rows.
 * @param login as SQL names it.
 */
export function remedyOfLogin(variable: string, roles: readonly string[], login: string): string {
  return `check that ${variable} names the login that is intended for this purpose; if it does, run as the creator of the roles: GRANT ${roles.join(', ')} TO ${login};`
}
