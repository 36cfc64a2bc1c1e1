import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@miyabi/testing'

export interface PgBouncer {
  /** The URLs that it was started for, through it. */
  readonly urls: readonly string[]
  close(): Promise<void>
}

/** What of a database goes through it. */
interface PooledDatabase {
  readonly databaseUrl: string
  readonly serviceDatabaseUrl: string
  drop(): Promise<void>
}

/**
 * Starts PgBouncer in transaction mode before the server of some URLs, for all of its databases and their logins.
 * @throws {Error} where it is not installed.
 */
export async function startPgBouncer(urls: readonly [string, ...string[]]): Promise<PgBouncer> {
  const { error } = spawnSync('pgbouncer', ['--version'])
  if (error) throw new Error(`These tests need PgBouncer in the PATH (apt-get install pgbouncer): ${error.message}`)
  const server = new URL(urls[0])
  const port = await freePort()
  const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-pgbouncer-'))
  chmodSync(folder, 0o755) // it refuses to run as root, and the user that it runs as then must read these
  const users = path.join(folder, 'users.txt')
  const logins = urls.map((url) => new URL(url)).map(({ username, password }) => [username, password])
  const quoted = (text: string): string => `"${decodeURIComponent(text)}"`
  writeFileSync(users, logins.map((login) => `${login.map(quoted).join(' ')}\n`).join(''))
  const settings = path.join(folder, 'pgbouncer.ini')
  writeFileSync(
    settings,
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = ${logins.every(([, password]) => password) ? 'plain' : 'trust'}
auth_file = ${users}
pool_mode = transaction
default_pool_size = 8
max_client_conn = 500
`,
  )
  const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn('pgbouncer', [...asNobody, settings], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log = (log + text).slice(-2000)
  })
  const exited = once(child, 'exit')
  let isWanted = true
  child.once('exit', (code, signal) => {
    if (isWanted) process.stderr.write(`PgBouncer ended with ${code ?? signal}:\n${log}\n`)
  })
  const killWithUs = (): boolean => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  const close = async (): Promise<void> => {
    isWanted = false
    process.off('exit', killWithUs)
    child.kill('SIGTERM') // at once; SIGINT would wait for the clients
    await exited
    rmSync(folder, { recursive: true })
  }
  for (let attempt = 0; !(await listens(port)); attempt += 1) {
    if (child.exitCode !== null || attempt === 100) {
      await close()
      throw new Error(`PgBouncer did not come up (exit code ${child.exitCode})`)
    }
    await sleep(50)
  }
  const through = (url: string): string => {
    const changed = new URL(url)
    changed.hostname = '127.0.0.1'
    changed.port = String(port)
    return changed.toString()
  }
  return { urls: urls.map(through), close }
}

/** A database through a pooler of its own, where the run is behind one. */
export async function asTheRun<T extends PooledDatabase>(database: T): Promise<T> {
  if (!process.env['DB_POOLER']) return database
  const pooler = await startPgBouncer([database.databaseUrl, database.serviceDatabaseUrl])
  const [databaseUrl = '', serviceDatabaseUrl = ''] = pooler.urls
  const drop = async (): Promise<void> => {
    await pooler.close()
    await database.drop()
  }
  return { ...database, databaseUrl, serviceDatabaseUrl, drop }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
