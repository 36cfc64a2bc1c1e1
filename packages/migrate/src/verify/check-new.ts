import { defined, isMiyabiError } from '@miyabi/core'
import type { DatabaseLocation } from '../connection/target.js'
import { readMigrations } from '../history/folder.js'
import { lintMigrations } from '../lint/lint.js'
import type { LintFinding } from '../lint/report.js'
import type { VerifyFinding } from './findings.js'
import { verifyMigrations } from './verify.js'

export interface CheckNewOptions {
  /** The folder of the migrations. */
  readonly folder: string
  /** A login that may create databases; the database itself is not changed. */
  readonly databaseUrl: DatabaseLocation
  /** The names of those that were just written. */
  readonly names: readonly string[]
  readonly signal?: AbortSignal
}

/** What has to be done manually with migrations that were just written. */
export interface NewChecked {
  /** Those that were run up, down and up again, with the findings. */
  readonly tried: readonly { readonly name: string; readonly findings: readonly VerifyFinding[] }[]
  /** Why nothing was run. */
  readonly notTried?: string
  readonly lint: readonly LintFinding[]
}

/**
 * Runs migrations that were just written up, down and up again with rows in the tables, after all existing ones, on a
 * scratch database; and checks them against the rules of lint.
 */
export async function checkNewMigrations({ folder, databaseUrl, names, signal }: CheckNewOptions): Promise<NewChecked> {
  const report = await lintMigrations(folder, { signal })
  const lint = report.findings.filter(({ migration }) => names.includes(migration))
  try {
    const migrations = readMigrations(folder)
    const tried = await verifyMigrations({ databaseUrl, migrations, only: names, ...defined({ signal }) })
    return { tried: tried.map(({ name, findings }) => ({ name, findings })), lint }
  } catch (error) {
    signal?.throwIfAborted()
    if (!isMiyabiError(error)) throw error
    return { tried: [], notTried: error.message, lint }
  }
}
