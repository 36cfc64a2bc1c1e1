import type { InternalsCheck } from '@miyabi/core'
import { MigrateInternalsError } from '../errors/errors.js'

/** @throws {MigrateInternalsError} `migrate.internals_missing` */
export function assertInternals({ problem }: Pick<InternalsCheck<string>, 'problem'>): void {
  if (problem) throw new MigrateInternalsError(problem)
}
