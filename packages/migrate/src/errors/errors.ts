import { type Environment, isProduction, type MissingInternal, MiyabiError } from '@miyabi/core'

/** The installed Prisma CLI and the WebAssembly engine were not built from the same source. */
export class EngineMismatchError extends MiyabiError<
  'migrate.engine_mismatch',
  { readonly prisma: string; readonly expectedEngine: string; readonly installedEngine: string }
> {
  override readonly name = 'EngineMismatchError'

  constructor(details: { readonly prisma: string; readonly expectedEngine: string; readonly installedEngine: string }) {
    const { prisma, expectedEngine, installedEngine } = details
    super(
      'migrate.engine_mismatch',
      `prisma ${prisma} expects schema engine ${expectedEngine}, but @prisma/schema-engine-wasm is ${installedEngine}`,
      {
        details,
        remedy: `pin both to the same build in pnpm-workspace.yaml (catalog: "prisma" and "@prisma/schema-engine-wasm": ${expectedEngine}) and run \`pnpm install\`, or set MIYABI_PRISMA_ENGINE=native to use Prisma's native engine`,
      },
    )
  }
}

/**
 * An installed package of Prisma, or pg, lacks a member that is used. Nothing was done; install the version that the
 * message names.
 */
export class MigrateInternalsError extends MiyabiError<
  'migrate.internals_missing',
  { readonly missing: readonly MissingInternal[] }
> {
  override readonly name = 'MigrateInternalsError'

  constructor({ missing, message }: { readonly missing: readonly MissingInternal[]; readonly message: string }) {
    super('migrate.internals_missing', `An installed package lacks members that the migrations use: ${message}`, {
      details: { missing },
      remedy: 'install the version that the message names',
    })
  }
}

/** A command that needs a database was not given one. */
export class NoDatabaseError extends MiyabiError<'migrate.no_database', { readonly command: string }> {
  override readonly name = 'NoDatabaseError'

  constructor(command: string, env: Environment) {
    // In production it is thrown for our own commands too, which are not Prisma's.
    const [reason, remedy] = isProduction(env)
      ? [
          'There is no database to work on: NODE_ENV is production, in which the embedded database is not used',
          'set DIRECT_DATABASE_URL (or DATABASE_URL)',
        ]
      : [
          `prisma ${command} needs a database`,
          `set DIRECT_DATABASE_URL (or DATABASE_URL), or start the embedded server with \`pnpm db:up\`; \`pnpm prisma ${command}\` starts it automatically`,
        ]
    super('migrate.no_database', reason, { details: { command }, remedy })
  }
}

/** A script that PostgreSQL's parser refuses. */
export class SqlSyntaxError extends MiyabiError<'migrate.sql_syntax', { readonly line: number }> {
  override readonly name = 'SqlSyntaxError'

  /** @param problem the parser's own message. */
  constructor(problem: string, line: number) {
    super('migrate.sql_syntax', `line ${line}: ${problem}`, { details: { line } })
  }
}

/** The baseline file, which names the last old migration, names one that does not exist. */
export class UnknownBaselineError extends MiyabiError<'migrate.lint_baseline_unknown', { readonly baseline: string }> {
  override readonly name = 'UnknownBaselineError'

  constructor(baseline: string, file: string) {
    super('migrate.lint_baseline_unknown', `${file} names ${baseline}, but there is no such migration`, {
      details: { baseline },
      remedy: 'write the name of the last migration to exclude from lint',
    })
  }
}

/** A migration that was applied to this database could not be run in a scratch database. */
export class ReplayError extends MiyabiError<'migrate.replay_failed', { readonly migration: string }> {
  override readonly name = 'ReplayError'

  /** @param fault the server's message. */
  constructor(migration: string, fault: string) {
    super(
      'migrate.replay_failed',
      `${migration} was applied to this database but does not run in a new one: it was edited, or depends on something that only this server has.\n${fault}`,
      { details: { migration } },
    )
  }
}
