import { randomBytes } from 'node:crypto'
import { databaseRoles } from '@miyabi/core'

export const DATABASE = 'miyabi'
export const MIGRATOR = 'miyabi_migrator'
export const APPLICATION = 'miyabi_app'
export const BACKEND = 'miyabi_backend'
/** The standbys' login: it may copy the whole server, and log in to no database. */
export const REPLICA = 'miyabi_replica'

/** Passwords of the logins: unique to each stack, stored beside its data in `credentials.json`. */
export interface Credentials {
  readonly migrator: string
  readonly application: string
  readonly service: string
  readonly replica: string
}

/** The address of a primary, and how a standby logs in to it. */
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

/** The migration creates them if they are missing. Here the logins become their members. */
const { user, webUser, service, owner, definer } = databaseRoles

/** Statements for a server without any of the logins. Without a password none of them can log in. */
export const loginsAndDatabase: readonly string[] = [
  `CREATE ROLE ${MIGRATOR} LOGIN CREATEDB`,
  `CREATE ROLE ${APPLICATION} LOGIN`,
  `GRANT pg_signal_backend TO ${MIGRATOR}`,
  `CREATE DATABASE ${DATABASE} OWNER ${MIGRATOR}`,
]

/**
 * Statements that let each login assume its roles, and grant it nothing else: the application's login a user's role,
 * the backend's login the service role. They may run any number of times. Default privileges that older data granted
 * are revoked here in template1, and in every other database by the migration.
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
  // It may query the database as any role, and grant the roles to other logins, but does not inherit any.
  `GRANT ${service}, ${user}, ${webUser} TO ${MIGRATOR} WITH ADMIN TRUE, INHERIT FALSE, SET TRUE`,
  ...['TABLES', 'SEQUENCES', 'SCHEMAS'].map(
    (kind) => `ALTER DEFAULT PRIVILEGES FOR ROLE ${MIGRATOR} REVOKE ALL ON ${kind} FROM ${APPLICATION}`,
  ),
]

/** Statements that create the standbys' login. They may run any number of times. */
export const replication: readonly string[] = [
  `DO $$ BEGIN IF to_regrole('${REPLICA}') IS NULL THEN CREATE ROLE ${REPLICA}; END IF; END $$`,
  `ALTER ROLE ${REPLICA} LOGIN REPLICATION`,
]

/** The server's own database, which contains no data. */
export const MAINTENANCE_DATABASE = 'postgres'

/**
 * Statements for `MAINTENANCE_DATABASE` that let only the migrator read the server's statement statistics, for all
 * databases. In the application's database the extension would be drift from its migrations, and a user's SQL could
 * read the texts of others. They may run any number of times.
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
 * Statements for `DATABASE` that let the migrator check tables and indexes for corruption. Only for stacks created for
 * this purpose: in any other the extension would be drift from its migrations. It is in the schema of the server's
 * functions, which migrations do not touch and an empty search path includes.
 */
export const amcheck: readonly string[] = [
  'CREATE EXTENSION amcheck SCHEMA pg_catalog',
  ...[
    'bt_index_check(regclass, boolean)',
    'gin_index_check(regclass)',
    'verify_heapam(regclass, boolean, boolean, text, bigint, bigint)',
  ].map((signature) => `GRANT EXECUTE ON FUNCTION ${signature} TO ${MIGRATOR}`),
]

/** Statements that set each login's password. */
export const passwords = ({ migrator, application, service, replica }: Credentials): readonly string[] => [
  `ALTER ROLE ${MIGRATOR} PASSWORD '${migrator}'`,
  `ALTER ROLE ${APPLICATION} PASSWORD '${application}'`,
  `ALTER ROLE ${BACKEND} PASSWORD '${service}'`,
  replicaPassword(replica),
]

/** The statement that sets the password of the standbys' login. */
export function replicaPassword(password: string): string {
  return `ALTER ROLE ${REPLICA} PASSWORD '${password}'`
}
