import { randomBytes } from 'node:crypto'
import { databaseRoles } from '@miyabi/core/database-roles'

export const DATABASE = 'miyabi'
export const MIGRATOR = 'miyabi_migrator'
export const APPLICATION = 'miyabi_app'
export const BACKEND = 'miyabi_backend'
/** What standbys sign in with: it may copy the whole server, and sign in to no database. */
export const REPLICA = 'miyabi_replica'

/** Passwords of the logins: each stack's own, kept beside its data in `credentials.json`. */
export interface Credentials {
  readonly migrator: string
  readonly application: string
  readonly service: string
  readonly replica: string
}

/** Where a primary is, and how a standby signs in to it. */
export interface ReplicationLogin {
  readonly port: number
  readonly password: string
}

const newPassword = (): string => randomBytes(18).toString('base64url')

export const newCredentials = (): Credentials => ({
  migrator: newPassword(),
  application: newPassword(),
  service: newPassword(),
  replica: newPassword(),
})

/** The migration makes them where they are missing. Here the logins become their members. */
const { user, webUser, service, owner, definer } = databaseRoles

/** Statements for a server without any of the logins. Without a password none of them can log in. */
export const loginsAndDatabase: readonly string[] = [
  `CREATE ROLE ${MIGRATOR} LOGIN CREATEDB`,
  `CREATE ROLE ${APPLICATION} LOGIN`,
  `GRANT pg_signal_backend TO ${MIGRATOR}`,
  `CREATE DATABASE ${DATABASE} OWNER ${MIGRATOR}`,
]

/**
 * Statements that let each login become who it may be, and give it nothing besides: the application a person, the
 * backend the service. They may run any number of times. Of rights that older data gave by default, template1 is rid of
 * here; every other database is by the migration.
 */
export const memberships: readonly string[] = [
  ...[...Object.values(databaseRoles), BACKEND].map(
    (role) => `DO $$ BEGIN IF to_regrole('${role}') IS NULL THEN CREATE ROLE ${role}; END IF; END $$`,
  ),
  `ALTER ROLE ${MIGRATOR} CREATEROLE`,
  `ALTER ROLE ${APPLICATION} NOINHERIT`,
  `ALTER ROLE ${BACKEND} LOGIN NOINHERIT`,
  `GRANT ${user}, ${webUser} TO ${APPLICATION}`,
  `GRANT ${service} TO ${BACKEND}`,
  `GRANT ${definer}, ${owner} TO ${MIGRATOR}`,
  // It may look at the database as anybody, and let other logins be somebody, but is nobody by itself.
  `GRANT ${service}, ${user}, ${webUser} TO ${MIGRATOR} WITH ADMIN TRUE, INHERIT FALSE, SET TRUE`,
  ...['TABLES', 'SEQUENCES', 'SCHEMAS'].map(
    (kind) => `ALTER DEFAULT PRIVILEGES FOR ROLE ${MIGRATOR} REVOKE ALL ON ${kind} FROM ${APPLICATION}`,
  ),
]

/** Statements that make the login of standbys. They may run any number of times. */
export const replication: readonly string[] = [
  `DO $$ BEGIN IF to_regrole('${REPLICA}') IS NULL THEN CREATE ROLE ${REPLICA}; END IF; END $$`,
  `ALTER ROLE ${REPLICA} LOGIN REPLICATION`,
]

/** The database of the server's own, in which nobody keeps anything. */
export const MAINTENANCE_DATABASE = 'postgres'

/**
 * Statements for `MAINTENANCE_DATABASE` that let the migrator, and nobody else, read what statements the server spent
 * its time on, in all databases. In the application's own the extension would be a difference to its migrations, and a
 * person's SQL could read the texts of others. They may run any number of times.
 */
export const statistics: readonly string[] = [
  'CREATE EXTENSION IF NOT EXISTS pg_stat_statements',
  'REVOKE ALL ON pg_stat_statements, pg_stat_statements_info FROM PUBLIC',
  'REVOKE ALL ON FUNCTION pg_stat_statements(boolean), pg_stat_statements_info() FROM PUBLIC',
  `GRANT SELECT ON pg_stat_statements, pg_stat_statements_info TO ${MIGRATOR}`,
  `GRANT EXECUTE ON FUNCTION pg_stat_statements(boolean), pg_stat_statements_info() TO ${MIGRATOR}`,
  `GRANT pg_read_all_stats TO ${MIGRATOR}`,
]

/**
 * Statements for `DATABASE` that let the migrator look through tables and indexes for corruption. For a stack that is
 * made for it alone: in any other the extension would be a difference to its migrations. It lies beside the functions
 * of the server, where migrations touch nothing and an empty search path finds it.
 */
export const amcheck: readonly string[] = [
  'CREATE EXTENSION amcheck SCHEMA pg_catalog',
  ...[
    'bt_index_check(regclass, boolean)',
    'gin_index_check(regclass)',
    'verify_heapam(regclass, boolean, boolean, text, bigint, bigint)',
  ].map((signature) => `GRANT EXECUTE ON FUNCTION ${signature} TO ${MIGRATOR}`),
]

/** Statements that give each login its password. */
export const passwords = ({ migrator, application, service, replica }: Credentials): readonly string[] => [
  `ALTER ROLE ${MIGRATOR} PASSWORD '${migrator}'`,
  `ALTER ROLE ${APPLICATION} PASSWORD '${application}'`,
  `ALTER ROLE ${BACKEND} PASSWORD '${service}'`,
  replicaPassword(replica),
]

/** The statement that gives the login of standbys its password. */
export function replicaPassword(password: string): string {
  return `ALTER ROLE ${REPLICA} PASSWORD '${password}'`
}
