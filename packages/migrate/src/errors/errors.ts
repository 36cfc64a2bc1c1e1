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
 * An installed package of Prisma, or pg, lacks what is used of it. Nothing was done; install the version that the
 * message names.
 */
export class MigrateInternalsError extends MiyabiError<
  'migrate.internals_missing',
  { readonly missing: readonly MissingInternal[] }
> {
  override readonly name = 'MigrateInternalsError'

  constructor({ missing, message }: { readonly missing: readonly MissingInternal[]; readonly message: string }) {
    super('migrate.internals_missing', `An installed package lacks what the migrations use of it: ${message}`, {
      details: { missing },
      remedy: 'install the version that the message names',
    })
  }
}

/** A command that works on a database was given none. */
export class NoDatabaseError extends MiyabiError<'migrate.no_database', { readonly command: string }> {
  override readonly name = 'NoDatabaseError'

  constructor(command: string, env: Environment) {
    // In production it is thrown for commands of ours too, which are none of Prisma's.
    const [reason, remedy] = isProduction(env)
      ? [
          'There is no database to work on: NODE_ENV is production, where the embedded database is not used',
          'set DIRECT_DATABASE_URL (or DATABASE_URL)',
        ]
      : [
          `prisma ${command} needs a database`,
          `set DIRECT_DATABASE_URL (or DATABASE_URL), or start the embedded one with \`pnpm db:up\`; \`pnpm prisma ${command}\` starts it by itself`,
        ]
    super('migrate.no_database', reason, { details: { command }, remedy })
  }
}

/** A script that PostgreSQL's parser refuses. */
export class SqlSyntaxError extends MiyabiError<'migrate.sql_syntax', { readonly line: number }> {
  override readonly name = 'SqlSyntaxError'

  /** @param problem the parser's own words. */
  constructor(problem: string, line: number) {
    super('migrate.sql_syntax', `line ${line}: ${problem}`, { details: { line } })
  }
}

/** The file that says which migrations are old names one that does not exist. */
export class UnknownBaselineError extends MiyabiError<'migrate.lint_baseline_unknown', { readonly baseline: string }> {
  override readonly name = 'UnknownBaselineError'

  constructor(baseline: string, file: string) {
    super('migrate.lint_baseline_unknown', `${file} names ${baseline}, and there is no such migration`, {
      details: { baseline },
      remedy: 'write the name of the last migration that is not to be linted',
    })
  }
}

/** A migration that this database has could not be run in a scratch database. */
export class ReplayError extends MiyabiError<'migrate.replay_failed', { readonly migration: string }> {
  override readonly name = 'ReplayError'

  /** @param fault the server's words. */
  constructor(migration: string, fault: string) {
    super(
      'migrate.replay_failed',
      `${migration} was applied to this database and does not run in a new one: it was edited, or needs what only this server has.\n${fault}`,
      { details: { migration } },
    )
  }
}
