import { parseSql } from '../sql/parse.js'
import { isConcurrentIndex } from './classify.js'

/**
 * The minimum time that a script waits for others if it blocks no one meanwhile: longer than a dump of most databases
 * takes.
 */
export const PATIENT_LOCK_TIMEOUT_MS = 60 * 60_000

/**
 * Whether a script only creates, rebuilds or drops an index CONCURRENTLY. It waits for every older transaction, such as
 * a dump, and blocks no reader and no writer; giving up leaves an invalid index behind. Excludes the other statements
 * that support CONCURRENTLY or run outside a transaction: detaching a partition locks it in the end.
 */
export async function waitsInNobodysWay(script: string): Promise<boolean> {
  if (!/\bconcurrently\b/i.test(script)) return false // and the parser is not even loaded
  const statements = await parseSql(script).catch(() => []) // the server reports what is wrong with it
  return statements.length === 1 && statements.every(isConcurrentIndex)
}
