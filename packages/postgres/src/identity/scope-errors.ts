import { databaseRoles } from '@miyabi/core'
import pg from 'pg'
import { PostgresError } from '../errors/errors.js'
import { remedyOfLogin } from './remedy-of-login.js'
import type { Scope } from './scope.js'

/** Records that the statement of a server error had an identity, so the denial concerns that identity. */
export function inScope(error: unknown): unknown {
  return error instanceof pg.DatabaseError ? Object.assign(error, { inScope: true }) : error
}

/** The meaning of an error if the scope itself was rejected, and not the statement after it. */
export function scopeRefused(error: unknown, { role }: Scope, login: string): unknown {
  if (!(error instanceof pg.DatabaseError)) return error
  const options = { details: { sqlState: error.code ?? '' }, cause: error }
  if (error.code === '42501') {
    const setting = role === databaseRoles.service ? 'SERVICE_DATABASE_URL' : 'DATABASE_URL'
    return new PostgresError(
      'postgres.identity.not_granted',
      `The login ${login} is not allowed to act as ${role}; nothing was done`,
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
          'the migrations create it (`pnpm prisma migrate status` shows whether one is missing); a database restored on another server needs its roles too (pg_dumpall --roles-only)',
      },
    )
  return error
}
