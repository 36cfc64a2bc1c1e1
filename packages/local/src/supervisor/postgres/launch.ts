import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { diskFullFailure, Failure } from '../../shared/failure.js'
import type { LogFile } from '../log-file.js'
import type { Launched } from '../managed-server.js'
import { HOST } from '../ports.js'
import type { RunAs } from '../run-as.js'
import { runProgram, type ServerOptions, startServer } from '../spawn.js'
import { delay, exitsWithin } from '../wait.js'
import type { PostgresBinaries } from './binaries.js'

/** Long enough for the recovery of a large data folder after a crash. */
const START_MS = 60_000
/** How long a fast shutdown (end the sessions, write everything out) may take before it is forced. */
const STOP_MS = 10_000
/** How long the processes of a killed server may need to release its shared memory. */
const SHARED_MEMORY_MS = 10_000

export interface LaunchOptions {
  readonly binaries: PostgresBinaries
  readonly dataFolder: string
  readonly runAs: RunAs | undefined
  readonly log: LogFile
  /** Whether an acknowledged commit must survive a power failure. */
  readonly durable: boolean
}

/** How much log a primary keeps for a standby that does not consume it: a dead one must not fill the disk. */
const KEPT_FOR_STANDBYS = '256MB'

/** Line 8 of postmaster.pid contains the state; line 1, the process. The file of an earlier server must be ignored. */
function saysReady(dataFolder: string, pid: number | undefined): boolean {
  try {
    const lines = readFileSync(path.join(dataFolder, 'postmaster.pid'), 'utf8').split('\n')
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready'
  } catch {
    return false
  }
}

function explainEnd(port: number, { dataFolder, log }: LaunchOptions): Failure {
  const tail = log.tail()
  if (tail.includes('Address already in use') || tail.includes('could not bind')) {
    return new Failure('local.port.taken', `Port ${port} on ${HOST} was taken while PostgreSQL started.`, {
      port,
      log: tail,
    })
  }
  if (tail.includes('No space left on device')) return diskFullFailure(dataFolder)
  return new Failure(
    'local.postgres.start_failed',
    `PostgreSQL ended while starting on ${dataFolder}`,
    { folder: dataFolder, log: tail },
    `see its last output in details.log, and all of it in ${log.file}`,
  )
}

async function stop(child: ChildProcess, { binaries, dataFolder, runAs }: LaunchOptions): Promise<void> {
  if (process.platform === 'win32') {
    // There are no signals there; pg_ctl uses a pipe to the server.
    await runProgram(binaries.pgCtl, ['stop', '-D', dataFolder, '-m', 'fast', '-t', '10'], { cwd: dataFolder, runAs })
  } else {
    child.kill('SIGINT')
    if (await exitsWithin(child, STOP_MS)) return
    child.kill('SIGQUIT')
  }
  if (await exitsWithin(child, STOP_MS)) return
  child.kill('SIGKILL')
  await exitsWithin(child, STOP_MS)
}

/**
 * Starts `postgres` itself (not through pg_ctl, so that its end is noticed) and resolves once it accepts connections.
 */
export async function launchPostgres(port: number, options: LaunchOptions): Promise<Launched> {
  const { binaries, dataFolder, runAs, log, durable } = options
  const settings = {
    listen_addresses: HOST,
    unix_socket_directories: '',
    // Without these a power failure may corrupt the data, but a killed server still loses nothing that it acknowledged.
    fsync: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
    // For `pnpm db:slow`. Utility statements may contain values, and passwords.
    shared_preload_libraries: 'pg_stat_statements',
    'pg_stat_statements.track_utility': 'off',
    max_slot_wal_keep_size: KEPT_FOR_STANDBYS,
  }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server: ServerOptions = {
    command: binaries.postgres,
    args: ['-D', dataFolder, '-p', String(port), ...args],
    cwd: dataFolder,
    runAs,
    log,
    deathSignal: 'INT',
  }
  const giveUp = Date.now() + SHARED_MEMORY_MS
  for (;;) {
    const { child, outcome } = await startServer(server, START_MS, ({ pid }) => saysReady(dataFolder, pid)).catch(
      (error: Error) => {
        throw new Failure('local.postgres.start_failed', `${binaries.postgres} cannot be run: ${error.message}`)
      },
    )
    if (outcome === 'ready') return { child, stop: () => stop(child, options) }
    if (outcome === 'silent') {
      await stop(child, options)
      throw new Failure(
        'local.start.timeout',
        `PostgreSQL was not ready within ${START_MS / 1000} s`,
        { folder: dataFolder, log: log.tail() },
        `see ${log.file}`,
      )
    }
    // After kill -9 of the server its sessions end on their own, but not immediately.
    const held = log.tail().includes('pre-existing shared memory block')
    if (!held || Date.now() > giveUp) throw explainEnd(port, options)
    await delay(50)
  }
}
