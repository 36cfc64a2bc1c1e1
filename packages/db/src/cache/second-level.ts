import type { Position } from '@miyabi/postgres'
import type { Entry } from './entry.js'

/** What the second level holds for a key. */
export interface Look {
  /** The newest entry, if there is one. */
  readonly entry: Entry | undefined
  /** Whether all tags of the entry are present and were last raised before it was read. */
  readonly isGood: boolean
  /** Tags that are missing. No entry with these tags is valid until they are stored. */
  readonly missing: readonly string[]
}

/** The level that the processes of a deployment share. Only `raise` rejects; undefined if it does not respond. */
export interface SecondLevel {
  look(key: string, tags: readonly string[], history: string): Promise<Look | undefined>
  /** Lets one of all callers load. @returns a function that releases the lock; false if another caller holds it. */
  lock(key: string, history: string): Promise<(() => void) | false | undefined>
  /** @param missing tags that a lookup found to be missing before the position of the entry was read. */
  store(key: string, entry: Entry, missing: readonly string[]): Promise<void>
  /** @throws if it is not certain that every tag was raised. */
  raise(tags: readonly string[], position: Position): Promise<void>
}
