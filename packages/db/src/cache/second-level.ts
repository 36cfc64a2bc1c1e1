import type { Position } from '@miyabi/postgres'
import type { Entry } from './entry.js'

/** What the second level has of a key. */
export interface Look {
  /** The newest that it has, if any. */
  readonly entry: Entry | undefined
  /** Whether every tag of it is there, and was raised before it was read. */
  readonly isGood: boolean
  /** Tags that it does not have: nothing can be good before they are there. */
  readonly missing: readonly string[]
}

/** What the processes of a deployment share. Nothing here rejects; undefined where it does not answer. */
export interface SecondLevel {
  look(key: string, tags: readonly string[], history: string): Promise<Look | undefined>
  /** Lets one of all who ask load. @returns lets the next one; false where another one does. */
  lock(key: string, history: string): Promise<(() => void) | false | undefined>
  /** @param missing tags that a look showed to be missing before the position of the entry was read. */
  store(key: string, entry: Entry, missing: readonly string[]): Promise<void>
  /** @throws where it is not certain that every tag was raised. */
  raise(tags: readonly string[], position: Position): Promise<void>
}
