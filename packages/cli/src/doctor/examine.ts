import { type Finding, redactText } from '@miyabi/core'
import type { CommandEnvironment } from '../environment.js'
import type { CheckGroup } from './group.js'

/** What became of one group. */
export interface GroupReport {
  readonly name: string
  readonly looksFor: string
  readonly state: 'clean' | 'findings' | 'unknown'
  readonly findings: readonly Finding[]
  /** Why nobody knows. */
  readonly reason?: string
}

/** Runs groups one after the other. Never rejects: what cannot tell says so. */
export async function examine(
  groups: readonly CheckGroup[],
  environment: CommandEnvironment,
): Promise<readonly GroupReport[]> {
  const reports: GroupReport[] = []
  for (const { name, looksFor, run } of groups) {
    try {
      const findings = await run(environment)
      reports.push({ name, looksFor, state: findings.length > 0 ? 'findings' : 'clean', findings })
    } catch (error) {
      reports.push({ name, looksFor, state: 'unknown', findings: [], reason: reasonOf(error) })
    }
  }
  return reports
}

/** The driver's own errors are wordless where several addresses were tried. */
function reasonOf(error: unknown): string {
  const { message, code, name } = error as { readonly message?: string; readonly code?: string; readonly name?: string }
  return redactText((message || code || name || String(error)).replace(/\s+/g, ' '))
}
