import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { BackupTarget, ReadKey } from '@miyabi/backup'
import { isProduction, stackFolder } from '@miyabi/core'
import { untilInterrupted } from '../terminal/interrupted.js'
import { say } from '../terminal/output.js'
import { type CommandEnvironment, commandEnvironment } from './environment.js'

/** The context of a command on backups. */
export interface BackupEnvironment {
  readonly environment: CommandEnvironment
  readonly target: BackupTarget
  /** Undefined if BACKUP_KEY_FILE is not set. */
  readonly key: ReadKey['key'] | undefined
  /** Aborted by Ctrl-C, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal
}

/** Runs `work` on the backups that the environment names, and reports where they are. */
export async function withBackups<T>(work: (environment: BackupEnvironment) => Promise<T>): Promise<T> {
  const { openTarget, parseBackupSettings, readKey } = await import('@miyabi/backup')
  const environment = commandEnvironment()
  const { keyFile, ...settings } = parseBackupSettings(environment.env)
  const read = keyFile === undefined ? undefined : await readKey(keyFile)
  if (read?.warning !== undefined) say(`warning: ${read.warning}`)
  const target = await openTarget({ ...settings, target: settings.target ?? ownFolder(environment) })
  try {
    say(`backups: ${target.name}${read ? '' : ', without a key'}`)
    return await untilInterrupted((signal) => work({ environment, target, key: read?.key, signal }))
  } finally {
    target.close()
  }
}

/** Outside production, next to the embedded stack. */
function ownFolder({ root, env }: CommandEnvironment): string | undefined {
  if (isProduction(env)) return undefined
  const folder = stackFolder(root, env) ?? path.join(root, '.miyabi')
  mkdirSync(folder, { recursive: true })
  return path.join(folder, 'backups')
}
