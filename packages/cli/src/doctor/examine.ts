import { type Finding, redactText } from '@miyabi/core'
import type { CheckGroup, ExaminedEnvironment } from './group.js'

/** The result of one group. */
export interface GroupReport {
  readonly name: string
  readonly looksFor: string
  readonly state: 'clean' | 'findings' | 'unknown'
  readonly findings: readonly Finding[]
  /** Why the state is unknown. */
  readonly reason?: string
}

export interface ExamineOptions {
  readonly signal: AbortSignal
  /** Called with each group before it is checked. */
  readonly onGroup: (name: string, index: number) => void
}

/** Runs groups one after the other. Rejects only with the signal's reason: a group that fails is `unknown`. */
export async function examine(
  groups: readonly CheckGroup[],
  environment: ExaminedEnvironment,
  { signal, onGroup }: ExamineOptions,
): Promise<readonly GroupReport[]> {
  const reports: GroupReport[] = []
  for (const [index, { name, looksFor, run }] of groups.entries()) {
    signal.throwIfAborted()
    onGroup(name, index)
    try {
      const findings = await run(environment, signal)
      reports.push({ name, looksFor, state: findings.length > 0 ? 'findings' : 'clean', findings })
    } catch (error) {
      signal.throwIfAborted()
      reports.push({ name, looksFor, state: 'unknown', findings: [], reason: reasonOf(error) })
    }
  }
  signal.throwIfAborted()
  return reports
}

/** The driver's own errors have no message if several addresses were tried. */
function reasonOf(error: unknown): string {
  const { message, code, name } = error as { readonly message?: string; readonly code?: string; readonly name?: string }
  return redactText((message || code || name || String(error)).replace(/\s+/g, ' '))
}
