import { PrismaError } from '../errors/prisma-error.js'
import type { Run, ScriptFailure, ServerError } from './run.js'

/** What the WebAssembly throws for an error that is meant for the user. */
interface EngineFailure {
  readonly message: string
  readonly code?: string
  readonly meta?: Readonly<Record<string, unknown>>
}

/** The methods that run migrations in a shadow database. */
const SHADOW_METHODS = new Set([
  'createMigration',
  'devDiagnostic',
  'diagnoseMigrationHistory',
  'diff',
  'evaluateDataLoss',
])

/**
 * The response to a failed request. The WebAssembly build wraps failures on our side into "external error" and loses
 * Prisma's code, so the codes are restored from what was recorded on the run: P3018 (a migration failed to apply),
 * P3006 (it failed in the shadow database), and those of a connection.
 */
export function toRequestError(thrown: unknown, method: string, run: Run): PrismaError {
  const failure = thrown as EngineFailure
  if (run.interruptedBy)
    return interrupted(run.interruptedBy, method === 'applyMigrations' ? migrationName(failure.message) : undefined)
  if (run.hostFailure) return run.hostFailure
  if (thrown instanceof PrismaError) return thrown
  const typed = failure.code !== undefined && failure.code !== 'P3006'
  if (run.scriptFailure === undefined || typed) return new PrismaError(failure.code, failure.message, failure.meta)
  return toScriptError(run.scriptFailure, method, migrationName(failure.message))
}

function interrupted(signal: NodeJS.Signals, migration: string | undefined): PrismaError {
  const remedy =
    migration === undefined
      ? ''
      : ` Migration \`${migration}\` has been rolled back and is recorded as failed: run \`prisma migrate resolve --rolled-back ${migration}\` before the next \`migrate deploy\`.`
  return new PrismaError(undefined, `Interrupted by ${signal}.${remedy}`)
}

function toScriptError({ error, script }: ScriptFailure, method: string, migration: string | undefined): PrismaError {
  const report = databaseReport(error, script)
  if (method === 'applyMigrations' && migration !== undefined) {
    return new PrismaError(
      'P3018',
      `A migration failed to apply. New migrations cannot be applied before the error is recovered from. Read more about how to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve\n\nMigration name: ${migration}\n\n${report}`,
      { migration_name: migration, database_error_code: error.code, database_error: error.message },
    )
  }
  if (SHADOW_METHODS.has(method)) {
    return new PrismaError(
      'P3006',
      `Migration ${migration === undefined ? '(unknown)' : `\`${migration}\``} failed to apply cleanly to the shadow database.\n\n${report}`,
      { migration_name: migration },
    )
  }
  return new PrismaError(undefined, report)
}

function migrationName(message: string): string | undefined {
  return (/migration_name="([^"]+)"/.exec(message) ?? /Migration `([^`]+)` failed/.exec(message))?.[1]
}

function databaseReport(error: ServerError, script: string): string {
  const lines = [
    `Database error code: ${error.code}`,
    '',
    'Database error:',
    `${error.severity ?? 'ERROR'}: ${error.message}`,
  ]
  if (error.detail) lines.push(`DETAIL: ${error.detail}`)
  if (error.hint) lines.push(`HINT: ${error.hint}`)
  if (error.position) lines.push('', 'Position:', excerpt(script, Number(error.position)), '')
  return lines.join('\n')
}

/** The line of `position` (in characters, from 1) and the three before it, numbered. */
export function excerpt(script: string, position: number): string {
  const last = [...script].slice(0, position).join('').split('\n').length
  const first = Math.max(1, last - 3)
  return script
    .split('\n')
    .slice(first - 1, last)
    .map((line, index) => `${String(first + index).padStart(3)} ${line}`)
    .join('\n')
}
