import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import initSqlJs from 'sql.js'
import { describe, expect, it } from 'vitest'
import { type DynamodbBinary, resolveDynamodb } from '../src/supervisor/dynamodb/binary.js'
import { prepareStreams } from '../src/supervisor/dynamodb/prepared-file.js'
import { statements } from '../src/supervisor/dynamodb/stream-records.generated.js'
import { ask } from '../src/supervisor/http.js'
import { freePort } from '../src/supervisor/ports.js'
import { until } from '../src/supervisor/wait.js'
import { useStackFolder } from './support/stack-folder.js'

const { Database } = await initSqlJs()
const folder = useStackFolder()

async function findEngine(): Promise<DynamodbBinary> {
  const found = await resolveDynamodb(path.join(folder, 'cache'), undefined, process.cwd())
  if ('unavailable' in found) throw new Error(found.unavailable)
  return found
}

/** Lets the engine make what it needs in a file; the file is whole when the engine has ended. */
async function runEngineOn(file: string): Promise<void> {
  const engine = await findEngine()
  const port = await freePort()
  const args = ['serve', '--host', '127.0.0.1', '--port', String(port), '--db-path', file]
  const child = spawn(engine.file, args, { stdio: 'ignore' })
  const exited = once(child, 'exit')
  try {
    expect(await until(20_000, async () => (await ask({ port, path: '/' })) !== undefined)).toBe(true)
  } finally {
    child.kill('SIGTERM')
    await exited
  }
}

/** The SQL of everything in an SQLite file, by name. */
function definitions(file: string): ReadonlyMap<string, string> {
  const database = new Database(readFileSync(file))
  try {
    const [rows] = database.exec('SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL')
    return new Map((rows?.values ?? []).map(([name, sql]) => [String(name), String(sql)]))
  } finally {
    database.close()
  }
}

const place = (name: string): string => {
  const database = path.join(folder, name, 'dynamodb.db')
  mkdirSync(path.dirname(database), { recursive: true })
  return database
}

describe('the streams of the DynamoDB engine', () => {
  it('are in a table that this version of the engine makes to the letter as ours', async () => {
    const database = place('own')
    await runEngineOn(database)
    expect(definitions(database).get('_stream_records')).toBe(statements[0])
  })

  it('have indexes in a new data folder, which the engine takes for its own', async () => {
    const database = place('new')
    const { version } = await findEngine()
    expect(await prepareStreams(database, { version, runAs: undefined })).toBe(true)
    await runEngineOn(database)
    const names = [...definitions(database).keys()]
    expect(names).toEqual(expect.arrayContaining(['_tables', 'miyabi_stream_number', 'miyabi_stream_shard']))
    expect(await prepareStreams(database, { version, runAs: undefined })).toBe(true)
  })

  it('get them in an older data folder where Node has SQLite, and are told to be slow where it has not', async () => {
    const database = place('older')
    const { version } = await findEngine()
    await runEngineOn(database)
    const before = definitions(database)
    const hasSqlite = process.getBuiltinModule?.('node:sqlite' as 'node:fs') !== undefined
    expect(await prepareStreams(database, { version, runAs: undefined })).toBe(hasSqlite)
    const added = [...definitions(database).keys()].filter((name) => !before.has(name))
    expect(added.includes('miyabi_stream_number')).toBe(hasSqlite)
  })

  it('are left alone under an engine of another version', async () => {
    const database = place('stranger')
    expect(await prepareStreams(database, { version: '9.9.9', runAs: undefined })).toBe(true)
    expect(existsSync(database)).toBe(false)
  })
})
