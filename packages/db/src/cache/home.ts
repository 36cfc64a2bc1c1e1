import type { Logger } from '@miyabi/core'
import type { Position } from '@miyabi/postgres'
import type { Listener } from '../listen/listener.js'
import type { CacheSettings } from '../settings/cache-settings.js'

/** What a cache needs of its context. */
export interface CacheHome {
  readonly settings: CacheSettings
  /** Asks the primary how far it has written. */
  readonly position: () => Promise<Position>
  /** Whether the database raises the tags of a table. */
  readonly isRaised: (table: string) => Promise<boolean>
  /** Whether it raises those of any table that an application asked for. */
  readonly isAnyRaised: () => Promise<boolean>
  /** Wakes relays, wherever they are: tables may have left tags. */
  readonly wakeRelays: () => void
  /** Hears other processes, where there is a line. */
  readonly listener: Listener | undefined
  readonly logger: Logger
}

/** Runs a statement as the service. */
export type ServiceQuery = <Row extends object>(text: string) => Promise<readonly Row[]>

/** A relay of this process. */
export interface RelayOfProcess {
  /** The same for as long as no other relay carries out anything; undefined while others do. */
  readonly coverage: unknown
  /** What it left because Redis could not be reached can be done now. */
  resume(): void
}

/** Those relays together. */
export interface Relays {
  /** Of the one relay of the store, where it runs here. */
  readonly coverage: unknown
  resumeRelays(): void
}
