import { MiyabiError } from '@miyabi/core'

/**
 * Why the server's statement statistics, or a plan, are not available:
 *
 * - `migrate.statistics_missing`: pg_stat_statements is not installed, not loaded, or older than PostgreSQL 13's
 * - `migrate.statistics_denied`: the login may not see the statements of others
 * - `migrate.statement_unknown`: the statistics have no statement of this id
 * - `migrate.plan_refused`: the server creates no plan for the text
 */
export interface StatisticsErrorDetails {
  'migrate.statistics_missing': { readonly database: string }
  'migrate.statistics_denied': { readonly login: string }
  'migrate.statement_unknown': { readonly id: string }
  'migrate.plan_refused': { readonly sqlstate: string | undefined }
}

export type StatisticsErrorCode = keyof StatisticsErrorDetails

/** The statement statistics, or a plan, are not available; `code` says why. Nothing was changed. */
export class StatisticsError<Code extends StatisticsErrorCode = StatisticsErrorCode> extends MiyabiError<
  Code,
  StatisticsErrorDetails[Code]
> {
  override readonly name = 'StatisticsError'

  constructor(
    code: Code,
    reason: string,
    options: { readonly details: StatisticsErrorDetails[Code]; readonly remedy?: string },
  ) {
    super(code, reason, options)
  }
}
