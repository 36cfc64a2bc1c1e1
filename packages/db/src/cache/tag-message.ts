import type { Position } from '@miyabi/postgres'
import { lsnOf, lsnText } from '@miyabi/postgres/on-demand'

/** The message about raised tags that processes send each other. */
export interface Raised {
  readonly tags: readonly string[]
  readonly position: Position
}

/** The history, the position and the tags, one per line. */
export const messageOf = (tags: readonly string[], { history, lsn }: Position): string =>
  [history, lsnText(lsn), ...tags].join('\n')

export function readMessage(message: string): Raised | undefined {
  const [history, lsn, ...tags] = message.split('\n')
  if (history === undefined || lsn === undefined || !/^[\da-f]{1,8}\/[\da-f]{1,8}$/i.test(lsn)) return undefined
  return { tags, position: { history, lsn: lsnOf(lsn) } }
}
