import type { KeyObject } from 'node:crypto'
import { BackupError } from '../errors/errors.js'
import type { BackupTarget } from '../target/target.js'
import { type ListedBackup, listBackups, listPartialFiles } from './list-backups.js'
import { removeFiles } from './remove-files.js'

const DAY_MS = 24 * 60 * 60_000

export interface PruneOptions {
  /** Needed for encrypted backups: without it nobody knows which are good, and none of them is removed. */
  readonly key?: KeyObject | undefined
  /** Backups that are younger stay, in milliseconds. */
  readonly keepMs?: number | undefined
  /** So many of the newest whole ones stay. */
  readonly last?: number | undefined
  /** What has no manifest, and was not written to for so long, is left over. Default a day, in milliseconds. */
  readonly leftoversAfterMs?: number | undefined
  /** Only says what would be removed. Default false. */
  readonly dryRun?: boolean | undefined
  readonly now?: (() => number) | undefined
}

/** A backup that was removed, or what was left of one. */
export interface PrunedBackup {
  readonly id: string
  readonly why: 'old' | 'leftover'
  readonly bytes: number
}

/**
 * Removes backups that neither `keepMs` nor `last` keeps, and what is left of those that never came to their end. One
 * goes only where a newer one that is whole stays: so the last good one never does. With neither of the two, it removes
 * leftovers alone. The list of erasures stays.
 *
 * @returns what was removed, oldest first.
 * @throws {BackupError} `backup.option_invalid`, and what the target throws
 */
export async function pruneBackups(target: BackupTarget, options: PruneOptions = {}): Promise<readonly PrunedBackup[]> {
  const { key, leftoversAfterMs = DAY_MS, dryRun = false, now = Date.now } = options
  for (const option of ['keepMs', 'last', 'leftoversAfterMs'] as const) {
    const value = options[option]
    if (value === undefined || (Number.isFinite(value) && value >= 0)) continue
    throw new BackupError('backup.option_invalid', `${option} is not a number from 0 on`, { details: { option } })
  }
  const listed = await listBackups(target, { key })
  const isLeft = ({ modifiedAt }: { readonly modifiedAt: Date }): boolean =>
    now() - modifiedAt.getTime() >= leftoversAfterMs
  const pruned = listed.flatMap((backup): PrunedBackup[] => {
    const { id, bytes, state, writtenAt } = backup
    if (state === 'incomplete') return isLeft({ modifiedAt: writtenAt }) ? [{ id, bytes, why: 'leftover' }] : []
    return isOld(backup, listed, options, now()) ? [{ id, bytes, why: 'old' }] : []
  })
  if (dryRun) return pruned
  for (const { id } of pruned) await removeFiles(target, `${id}/`)
  for await (const file of listPartialFiles(target)) if (isLeft(file)) await target.remove(file.key)
  return pruned
}

function isOld(
  backup: ListedBackup,
  listed: readonly ListedBackup[],
  { keepMs, last }: PruneOptions,
  now: number,
): boolean {
  if (keepMs === undefined && last === undefined) return false
  if (backup.state === 'unreadable') return false
  const newer = listed.filter(({ id, state }) => state === 'whole' && id > backup.id)
  if (newer.length === 0) return false
  if (keepMs !== undefined && now - backup.startedAt.getTime() < keepMs) return false
  return last === undefined || newer.length >= last
}
