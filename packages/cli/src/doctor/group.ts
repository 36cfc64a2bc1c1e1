import type { Finding } from '@miyabi/core'
import type { Target } from '@miyabi/migrate'
import type { CommandEnvironment } from '../environment/environment.js'

/** The input of doctor's checks. */
export interface ExaminedEnvironment extends CommandEnvironment {
  /** The migrator's database; undefined if none is set. */
  readonly migrator: Target | undefined
}

/** A group of checks: one line of the report. */
export interface CheckGroup {
  readonly name: string
  /** A description of what it searches for. */
  readonly looksFor: string
  /** Changes nothing, and leaves nothing behind if the signal aborts it. Rejects if it cannot determine the answer. */
  run(environment: ExaminedEnvironment, signal: AbortSignal): Promise<readonly Finding[]>
}
