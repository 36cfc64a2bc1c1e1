import { parseSql } from '../sql/parse.js'
import { isConcurrentIndex } from './classify.js'

/**
 * How long a script waits for others, at least, where nobody has to wait for it meanwhile: longer than a dump of most
 * databases takes.
 */
export const PATIENT_LOCK_TIMEOUT_MS = 60 * 60_000

/**
 * Whether a script is nothing but an index that is made, made anew or dropped CONCURRENTLY. It waits for every
 * transaction that is older, such as a dump, and keeps nobody from reading and writing; giving up leaves an invalid
 * index behind. Of the other statements that take CONCURRENTLY or no transaction, none is meant: detaching a partition
 * locks it in the end.
 */
export async function waitsInNobodysWay(script: string): Promise<boolean> {
  if (!/\bconcurrently\b/i.test(script)) return false // and the parser is not even loaded
  const statements = await parseSql(script).catch(() => []) // what is wrong with it, the server says
  return statements.length === 1 && statements.every(isConcurrentIndex)
}
