import { shortName } from '../../sql/names.js'
import type { PublicGrant } from '../facts.js'
import type { SchemaRule } from './rule.js'

/** Every role may read which migrations were applied; health depends on it. */
const HISTORY = /\._prisma_migrations$/

export const grantToPublic: SchemaRule = {
  name: 'grant-to-public',
  demand:
    'Rights are granted to roles by name, never to PUBLIC, which includes every current and future login. USAGE on a schema is allowed.',
  check: ({ publicGrants }) =>
    [...publicGrants.values()].flatMap(({ name, kind, privileges, origin }) => {
      const given = privileges.filter((privilege) => !isHarmless({ name, kind }, privilege))
      if (given.length === 0) return []
      const list = given.join(', ')
      const remedy =
        kind === 'default privileges'
          ? `ALTER DEFAULT PRIVILEGES REVOKE ${list} ON TABLES FROM PUBLIC`
          : `REVOKE ${list} ON ${kind.toUpperCase()} ${shortName(name)} FROM PUBLIC, and grant it to the roles that need it`
      return {
        origin,
        object: shortName(name),
        problem: `every role that can connect has ${list} on this ${kind}`,
        remedy,
      }
    }),
}

const isHarmless = ({ name, kind }: Pick<PublicGrant, 'name' | 'kind'>, privilege: string): boolean =>
  (kind === 'schema' && privilege === 'USAGE') || (HISTORY.test(name) && privilege === 'SELECT')
