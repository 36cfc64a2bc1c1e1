// Makes the SQLite file of stream-records.sql into a module, because Node 20 has no SQLite. Part of the build; the
// result is ignored by git.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import initSqlJs from 'sql.js'

const folder = path.resolve(import.meta.dirname, '../src/supervisor/dynamodb')
const statements = readFileSync(path.join(folder, 'stream-records.sql'), 'utf8')
  .replaceAll(/^--.*\n/gm, '')
  .split(/^;$/m)
  .map((statement) => statement.trim())
  .filter((statement) => statement !== '')

const { Database } = await initSqlJs()
const database = new Database()
for (const statement of statements) database.run(statement)
const file = gzipSync(database.export()).toString('base64')
database.close()

const text = `// Written by the build from stream-records.sql.

/** The statements: first the engine's own table, then what it lacks. */
export const statements: readonly string[] = ${JSON.stringify(statements, undefined, 2)}

/** An SQLite file in which they were run, compressed, in base64. */
export const file =
  '${file}'
`
writeFileSync(path.join(folder, 'stream-records.generated.ts'), text)
