import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { commandLine, isRunning } from '@miyabi/core'
import { databaseFile, PID_FILE } from './dynamodb/launch.js'
import { standbysFolder } from './postgres/standby.js'
import { until } from './wait.js'

/** A process left behind by a killed supervisor. */
interface Orphan {
  readonly pid: number
  /** Requests to end it, sent in this order, each given `STEP_MS`. */
  readonly signals: readonly NodeJS.Signals[]
}

const STEP_MS = 5_000

function pidIn(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
    return Number.isInteger(pid) && pid > 1 ? pid : undefined
  } catch {
    return undefined
  }
}

/** Whether that process is a server on `data`, and not another process that got the same number. */
const serves = (pid: number, data: string): boolean => isRunning(pid) && (commandLine(pid)?.includes(data) ?? false)

async function end({ pid, signals }: Orphan): Promise<void> {
  for (const signal of signals) {
    try {
      process.kill(pid, signal)
    } catch {
      return // gone in the meantime
    }
    if (await until(STEP_MS, () => !isRunning(pid))) return
  }
}

/**
 * PostgreSQL refuses to start while any process has the number in `postmaster.pid`: including another process that got
 * it later, and the dead server itself if it was not reaped (the first process of a container rarely does so). It knows
 * that our own number, its parent's, is not a server. The rest of the file stays: PostgreSQL uses it to ensure that no
 * session of the dead server is still using the data.
 */
function disown(postmasterFile: string, postmaster: number): void {
  try {
    const file = readFileSync(postmasterFile, 'utf8')
    // There a server does not check its parent.
    if (process.platform === 'win32') rmSync(postmasterFile)
    else writeFileSync(postmasterFile, file.replace(String(postmaster), String(process.pid)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error // it is gone with its server
  }
}

/** The remains of the standbys. Their data is removed with them. */
function standbyOrphans(dataDir: string): Orphan[] {
  const folder = standbysFolder(dataDir)
  return namesIn(folder).flatMap((name) => {
    const data = path.join(folder, name)
    const pid = pidIn(path.join(data, 'postmaster.pid'))
    return pid && serves(pid, data) ? [{ pid, signals: ['SIGINT', 'SIGQUIT', 'SIGKILL'] }] : []
  })
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/**
 * Ends the servers that a killed supervisor left running on this data. Only processes whose command line names the data
 * are touched.
 */
export async function endOrphans(dataDir: string): Promise<void> {
  const postgresData = path.join(dataDir, 'postgres')
  const postmasterFile = path.join(postgresData, 'postmaster.pid')
  const postmaster = pidIn(postmasterFile)
  const dynamodbFile = path.join(dataDir, PID_FILE)
  const dynamodb = pidIn(dynamodbFile)
  const orphans: Orphan[] = standbyOrphans(dataDir)
  if (postmaster && serves(postmaster, postgresData)) {
    orphans.push({ pid: postmaster, signals: ['SIGINT', 'SIGQUIT', 'SIGKILL'] })
  }
  if (dynamodb && serves(dynamodb, databaseFile(dataDir))) {
    orphans.push({ pid: dynamodb, signals: ['SIGTERM', 'SIGKILL'] })
  }
  await Promise.all(orphans.map(end))
  if (postmaster !== undefined && !serves(postmaster, postgresData)) disown(postmasterFile, postmaster)
  rmSync(dynamodbFile, { force: true })
}
