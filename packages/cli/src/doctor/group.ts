import type { Finding } from '@miyabi/core'
import type { Target } from '@miyabi/migrate'
import type { CommandEnvironment } from '../environment/environment.js'

/** What doctor looks at. */
export interface ExaminedEnvironment extends CommandEnvironment {
  /** The migrator's database; undefined where none is set. */
  readonly migrator: Target | undefined
}

/** A group of checks: one line of the report. */
export interface CheckGroup {
  readonly name: string
  /** What it looks for, for a person. */
  readonly looksFor: string
  /** Changes nothing, and leaves nothing behind where the signal ends it. Rejects where it cannot tell. */
  run(environment: ExaminedEnvironment, signal: AbortSignal): Promise<readonly Finding[]>
}
