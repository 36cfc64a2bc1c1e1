import pg from 'pg'
import { PostgresError } from '../errors/errors.js'
import { databaseRoles } from '../schema/roles.js'
import type { Scope } from './scope.js'

/** Notes beside a server's error that the statement had an identity: what was denied was denied to that one. */
export function inScope(error: unknown): unknown {
  return error instanceof pg.DatabaseError ? Object.assign(error, { inScope: true }) : error
}

/** What it means that the scope itself was refused, and not the statement behind it. */
export function scopeRefused(error: unknown, { role }: Scope, login: string): unknown {
  if (!(error instanceof pg.DatabaseError)) return error
  const options = { details: { sqlState: error.code ?? '' }, cause: error }
  if (error.code === '42501') {
    const setting = role === databaseRoles.service ? 'SERVICE_DATABASE_URL' : 'DATABASE_URL'
    // Not without a look: a login that may act as both could do everything to everybody's rows.
    const message = `The login ${login} may not act as ${role}; nothing was done. See that ${setting} names the login that is meant for this and no other; if it does, run as whoever made the roles: GRANT ${role} TO ${pg.escapeIdentifier(login)};`
    return new PostgresError('postgres.identity.not_granted', message, options)
  }
  if (error.code === '22023')
    return new PostgresError(
      'postgres.schema_mismatch',
      `The role ${role} does not exist on this server; nothing was done. The migrations make it (\`pnpm prisma migrate status\` tells whether one is missing); a database that was restored on another server needs its roles too (pg_dumpall --roles-only)`,
      options,
    )
  return error
}
