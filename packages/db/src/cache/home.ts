import type { Logger } from '@miyabi/core'
import type { Position } from '@miyabi/postgres'
import type { Listener } from '../listen/listener.js'
import type { CacheSettings } from '../settings/cache-settings.js'

/** The dependencies of a cache on its context. */
export interface CacheHome {
  readonly settings: CacheSettings
  /** Reads the current write position of the primary. */
  readonly position: () => Promise<Position>
  /** Whether the database raises the tags of a table. */
  readonly isRaised: (table: string) => Promise<boolean>
  /** Whether it raises the tags of any table for which the application enabled this. */
  readonly isAnyRaised: () => Promise<boolean>
  /** Wakes the relays of all processes: triggers of tables may have left tags. */
  readonly wakeRelays: () => void
  /** Receives messages of other processes, if a line is configured. */
  readonly listener: Listener | undefined
  readonly logger: Logger
}

/** Runs a statement as the service. */
export type ServiceQuery = <Row extends object>(text: string) => Promise<readonly Row[]>

/** A relay of this process. */
export interface RelayOfProcess {
  /** Unchanged for as long as no other relay delivers effects; undefined while another one does. */
  readonly coverage: unknown
  /** Resumes the rows that the relay postponed because Redis was unreachable. */
  resume(): void
}

/** The relays of this process together. */
export interface Relays {
  /** The coverage of the only relay of the store, if it runs in this process. */
  readonly coverage: unknown
  resumeRelays(): void
}
