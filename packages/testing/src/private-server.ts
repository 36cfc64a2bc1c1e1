import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from './free-port.js'
import { copyFolder, preparedFolder, type ServerUser, serverUser } from './prepared-folder.js'

/**
 * A test file's private PostgreSQL server, with a separate port and folder, for tests that no shared server may be used
 * for.
 */
export interface PrivateServer {
  readonly port: number
  /** The superuser's URL of a database; default: `postgres`. */
  url(database?: string): string
  /** Runs one or several statements as the superuser. */
  run(sql: string, database?: string): Promise<void>
  close(): Promise<void>
}

export interface PrivateServerOptions {
  /** Default: 15, the oldest supported version. */
  readonly major?: number
  /** The folder of a major version's binaries that are not in any of our packages. */
  readonly native?: string
  /** Lines of postgresql.conf, such as `max_connections=12`. */
  readonly settings?: readonly string[]
  /** Files for the data folder, by name: certificates, a `pg_hba.conf`. Readable only by the server. */
  readonly files?: Readonly<Record<string, string>>
  /** The maximum size of any file, in blocks of 512 bytes: a table that reaches it gets a disk-full error. */
  readonly fileBlocks?: number
}

/** Starts PostgreSQL from its npm package. It ends with this process, however this process ends. */
export async function startPrivateServer(options: PrivateServerOptions = {}): Promise<PrivateServer> {
  const prepared = await preparedFolder(options.major ?? 15, options.native)
  const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-postgres-'))
  const data = path.join(folder, 'data')
  copyFolder(prepared.data, data)
  const user = serverUser()
  if (user) chownSync(folder, user.uid, user.gid) // so that it can be removed
  for (const [name, text] of Object.entries(options.files ?? {})) {
    const file = path.join(data, name)
    writeFileSync(file, text, { mode: 0o600 })
    if (user) chownSync(file, user.uid, user.gid)
  }

  const port = await freePort()
  const server = startTied(prepared.postgres, folder, port, options, user)
  const url = (database = 'postgres'): string => `postgresql://postgres@127.0.0.1:${port}/${database}`
  const close = async (): Promise<void> => {
    server.stdin?.end()
    if (server.exitCode === null) await once(server, 'exit')
  }
  let isOurs: boolean
  try {
    await answering(url(), server)
    isOurs = (await dataFolderOf(url())) === data
  } catch (error) {
    await close()
    throw error
  }
  if (!isOurs) {
    await close()
    return startPrivateServer(options)
  }
  return { port, url, run: async (sql, database) => void (await run(url(database), sql)), close }
}

/**
 * The server, through a shell that stops it and removes its folder when its input ends: as it does when this process is
 * killed.
 */
function startTied(
  postgres: string,
  folder: string,
  port: number,
  { settings: own = [], fileBlocks }: PrivateServerOptions,
  user: ServerUser | undefined,
): ChildProcess {
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'timezone=UTC', ...own]
  const args = ['-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
  const limit = fileBlocks === undefined ? '' : `ulimit -f ${fileBlocks}; `
  const script =
    `${limit}` +
    'program="$1"; shift; "$program" -D "$0/data" "$@" < /dev/null & server=$!; cat > /dev/null; kill -INT $server; wait $server; rm -rf "$0"'
  return spawn('/bin/sh', ['-c', script, folder, postgres, ...args], {
    ...user,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  })
}

async function answering(url: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await run(url, 'SELECT')
      return
    } catch (error) {
      if (server.exitCode !== null || attempt === 1500) throw error
      await sleep(20)
    }
  }
}

/** The server that answers on a port may be that of another test file that got the same one. */
async function dataFolderOf(url: string): Promise<string | undefined> {
  const { rows } = await run(url, "SELECT current_setting('data_directory') AS folder")
  return (rows as { folder: string }[])[0]?.folder
}

async function run(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query(sql)
  } finally {
    await client.end()
  }
}
