/**
 * What to do about a login that may not act for whom it is there. Not a GRANT without a look: a login that may act as
 * both kinds could do everything to everybody's rows.
 * @param login as SQL names it.
 */
export function remedyOfLogin(variable: string, roles: readonly string[], login: string): string {
  return `see that ${variable} names the login that is meant for this and no other; if it does, run as whoever made the roles: GRANT ${roles.join(', ')} TO ${login};`
}
