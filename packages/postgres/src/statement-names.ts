import { createHash } from 'node:crypto'

/** A server keeps every named statement of a connection in memory until the connection ends, so the names must not grow for ever. */
const MAX_NAMES = 500
const MAX_SEEN_ONCE = 2000

/** What the adapter tells about a query. */
export interface NamedQuery {
  readonly sql: string
  readonly args: readonly unknown[]
}

/**
 * Makes names for prepared statements, which the server then parses and plans once for each connection.
 *
 * Only a text seen before gets one: SQL built on the fly and IN lists of every length would use the names up. Text without
 * parameters never does, because preparing it would change which texts are legal (several statements in one).
 */
export function createStatementNames(maxNames: number = MAX_NAMES): (query: NamedQuery) => string {
  const names = new Map<string, string>()
  const seenOnce = new Set<string>()
  return ({ sql, args }) => {
    const known = names.get(sql)
    if (known !== undefined) return known
    if (args.length === 0 || names.size >= maxNames) return '' // the empty name is the unnamed statement
    if (!seenOnce.delete(sql)) {
      if (seenOnce.size >= MAX_SEEN_ONCE) seenOnce.clear()
      seenOnce.add(sql)
      return ''
    }
    const name = createHash('sha1').update(sql).digest('hex')
    names.set(sql, name)
    return name
  }
}
