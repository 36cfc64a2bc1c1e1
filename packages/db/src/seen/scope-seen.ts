import type { Identity } from '@miyabi/postgres'
import { BEYOND_ALL, type Position } from './position.js'
import { Seen } from './seen.js'
import type { Tokens } from './token.js'

/** What a caller brings from an earlier scope. */
export interface ScopeOptions {
  /**
   * A token of an earlier scope of the same identity (`await me.token()`): nothing that is read here is older than what
   * was read and written there. With a token that is foreign, expired or invalid, replicas and caches are not used; it
   * is never an error.
   */
  readonly after?: string | undefined
}

/** Where a scope sends its queries. */
interface SeenHost {
  readonly tokens: Tokens
  /** Queries how far the log of the primary is written. */
  readonly ask: () => Promise<Position>
}

/** A position of no log: not comparable with any other, so only the primary qualifies. */
export const NOWHERE: Position = { history: '0/00000000', lsn: BEYOND_ALL }

/**
 * What a scope has read: initially that of the token passed to it.
 * @param answered counts what the primary has answered for the scope.
 */
export function seenOf(
  { tokens, ask }: SeenHost,
  answered: () => number,
  identity: Identity | 'service',
  { after }: ScopeOptions = {},
): Seen {
  const position = after === undefined || after === '' ? undefined : (tokens.read(identity, after) ?? NOWHERE)
  return new Seen({ ask, answered, after: position })
}

/**
 * The token of what a scope has read and written; undefined if that is nothing. Never rejects: if the position cannot
 * be queried, a caller with the token reads the primary.
 */
export async function tokenOf(
  tokens: Tokens,
  seen: Pick<Seen, 'position'>,
  identity: Identity | 'service',
): Promise<string | undefined> {
  const position = await seen.position().catch(() => NOWHERE)
  return position && tokens.make(identity, position)
}
