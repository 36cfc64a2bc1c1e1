import type { Identity, Queries } from '@miyabi/postgres'
import { BEYOND_ALL, type Position } from './position.js'
import { Seen } from './seen.js'
import type { Tokens } from './token.js'

/** What a caller brings along from before. */
export interface ScopeOptions {
  /**
   * A token of an earlier scope of the same identity (`await me.token()`): nothing that is read here is older than what
   * was seen and written there. One that is foreign, too old or no token at all means that replicas and caches are not
   * used; it is never an error.
   */
  readonly after?: string | undefined
}

/** Where a scope asks. */
interface SeenHost {
  readonly tokens: Tokens
  /** Asks how far the log of the primary is written. */
  readonly ask: () => Promise<Position>
}

/** Of no log: not comparable with any place, so that only the primary will do. */
export const NOWHERE: Position = { history: '0/00000000', lsn: BEYOND_ALL }

/** What a scope has seen: at its beginning that of the token which it was given. */
export function seenOf(
  { tokens, ask }: SeenHost,
  queries: Pick<Queries, 'answered'>,
  identity: Identity | 'service',
  { after }: ScopeOptions = {},
): Seen {
  const position = after === undefined || after === '' ? undefined : (tokens.read(identity, after) ?? NOWHERE)
  return new Seen({ ask, answered: () => queries.answered, after: position })
}

/**
 * The token of what a scope has seen and written; undefined where that is nothing. Never rejects: where the position
 * cannot be asked for, whoever brings the token reads the primary.
 */
export async function tokenOf(
  tokens: Tokens,
  seen: Pick<Seen, 'position'>,
  identity: Identity | 'service',
): Promise<string | undefined> {
  const position = await seen.position().catch(() => NOWHERE)
  return position && tokens.make(identity, position)
}
