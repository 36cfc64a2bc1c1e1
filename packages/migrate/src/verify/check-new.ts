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
  /** Of a login that may create databases; the database itself is not touched. */
  readonly databaseUrl: DatabaseLocation
  /** Of those that were just written. */
  readonly names: readonly string[]
  readonly signal?: AbortSignal
}

/** What is to be done by hand with migrations that were just written. */
export interface NewChecked {
  /** Those that were tried up, down and up again, with what was found. */
  readonly tried: readonly { readonly name: string; readonly findings: readonly VerifyFinding[] }[]
  /** Why nothing was tried. */
  readonly notTried?: string
  readonly lint: readonly LintFinding[]
}

/**
 * Tries migrations that were just written, up, down and up again with rows in the tables, after all that are there, on
 * a database of its own; and holds them to the rules of lint.
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
