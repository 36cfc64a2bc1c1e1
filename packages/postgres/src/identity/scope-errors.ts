import { databaseRoles } from '@miyabi/core/database-roles'
import pg from 'pg'
import { PostgresError } from '../errors/errors.js'
import { remedyOfLogin } from './remedy-of-login.js'
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
    return new PostgresError(
      'postgres.identity.not_granted',
      `The login ${login} may not act as ${role}; nothing was done`,
      { ...options, remedy: remedyOfLogin(setting, [role], pg.escapeIdentifier(login)) },
    )
  }
  if (error.code === '22023')
    return new PostgresError(
      'postgres.schema_mismatch',
      `The role ${role} does not exist on this server; nothing was done`,
      {
        ...options,
        remedy:
          'the migrations make it (`pnpm prisma migrate status` tells whether one is missing); a database that was restored on another server needs its roles too (pg_dumpall --roles-only)',
      },
    )
  return error
}
