import { chownSync, existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { RunAs } from '../run-as.js'
import { file, statements } from './stream-records.generated.js'

/** The versions of the engine whose table of stream records stream-records.sql has. */
const VERSIONS: ReadonlySet<string> = new Set(['1.2.1'])

/** Beside a database that has the indexes: SQLite, which could tell, is not in Node 20. */
const MARK = 'streams-indexed'

/** What is used of `node:sqlite`, whose types come with later versions of Node. */
interface Sqlite {
  readonly DatabaseSync: new (file: string) => { exec(sql: string): void; close(): void }
}

/**
 * Lets the engine begin with a database that has indexes for its streams. Without them it searches all records that a
 * stream has ever had for every write: behind 5,000 records a write takes three times its CPU, and ever more.
 *
 * A database that was begun without them gets them where Node has SQLite (from 22.13 on). Call it while the engine is
 * down.
 *
 * @returns whether streams stay fast; false for an older database on an older Node. An engine of another version is
 *   left alone.
 */
export async function prepareStreams(
  database: string,
  { version, runAs }: { readonly version: string; readonly runAs: RunAs | undefined },
): Promise<boolean> {
  if (!VERSIONS.has(version)) return true
  const mark = path.join(path.dirname(database), MARK)
  const exists = existsSync(database)
  if (exists && existsSync(mark)) return true
  if (exists && !(await addIndexes(database))) return false
  // Before the database: a crash in between leaves none, and it is made by the next start.
  writeFileSync(mark, `${version}\n`, { mode: 0o600 })
  if (exists) return true
  writeFileSync(database, gunzipSync(Buffer.from(file, 'base64')), { mode: 0o600 })
  if (runAs) chownSync(database, runAs.uid, runAs.gid)
  return true
}

async function addIndexes(database: string): Promise<boolean> {
  const sqlite = await loadSqlite()
  if (!sqlite) return false
  const opened = new sqlite.DatabaseSync(database)
  try {
    const [, ...missing] = statements
    for (const statement of missing) opened.exec(statement)
  } finally {
    opened.close()
  }
  return true
}

async function loadSqlite(): Promise<Sqlite | undefined> {
  const name = 'node:sqlite'
  try {
    return (await import(name)) as Sqlite
  } catch {
    return undefined
  }
}
