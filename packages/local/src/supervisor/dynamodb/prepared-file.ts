import { chownSync, existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { RunAs } from '../run-as.js'
import { file, statements } from './stream-records.generated.js'

/** The engine versions whose stream record table matches stream-records.sql. */
const VERSIONS: ReadonlySet<string> = new Set(['1.2.1'])

/** Marks a database that has the indexes: Node 20 has no SQLite to check it. */
const MARK = 'streams-indexed'

/** The used parts of `node:sqlite`, whose types are only in later versions of Node. */
interface Sqlite {
  readonly DatabaseSync: new (file: string) => { exec(sql: string): void; close(): void }
}

/**
 * Lets the engine start with a database that has indexes for its streams. Without them every write scans all records
 * that a stream has ever had: after 5,000 records a write takes three times as much CPU, and increasingly more.
 *
 * A database created without them gets them if Node has SQLite (from 22.13 on). Call it while the engine is stopped.
 *
 * @returns whether streams stay fast; false for an older database on an older Node. Databases of other engine versions
 *   are left unchanged.
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
  // Before the database: after a crash in between there is none, and the next start creates it.
  writeFileSync(mark, `${version}\n`, { mode: 0o600 })
  if (exists) return true
  const { gunzipSync } = process.getBuiltinModule('node:zlib') // seldom needed, so not loaded with every start
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
