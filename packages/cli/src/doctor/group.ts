import type { Finding } from '@miyabi/core'
import type { CommandEnvironment } from '../environment/environment.js'

/** A group of checks: one line of the report. */
export interface CheckGroup {
  readonly name: string
  /** What it looks for, for a person. */
  readonly looksFor: string
  /** Changes nothing, and leaves nothing behind where the signal ends it. Rejects where it cannot tell. */
  run(environment: CommandEnvironment, signal: AbortSignal): Promise<readonly Finding[]>
}
