import type { KeyObject } from 'node:crypto'
import { BackupError } from '../errors/errors.js'
import type { BackupTarget } from '../target/target.js'
import { type ListedBackup, listBackups, listPartialFiles } from './list-backups.js'
import { removeFiles } from './remove-files.js'

const DAY_MS = 24 * 60 * 60_000

export interface PruneOptions {
  /** Needed for encrypted backups: without it their state is unknown, and none of them is removed. */
  readonly key?: KeyObject | undefined
  /** Backups that are younger than this are kept, in milliseconds. */
  readonly keepMs?: number | undefined
  /** This many of the newest intact backups are kept. */
  readonly last?: number | undefined
  /** Files without a manifest, not written to for this long, are leftovers. Default a day, in milliseconds. */
  readonly leftoversAfterMs?: number | undefined
  /** Only reports what would be removed. Default false. */
  readonly dryRun?: boolean | undefined
  readonly now?: (() => number) | undefined
}

/** A backup that was removed, or leftovers. */
export interface PrunedBackup {
  readonly id: string
  readonly why: 'old' | 'leftover'
  readonly bytes: number
}

/**
 * Removes backups that neither `keepMs` nor `last` keeps, and the leftovers of those that did not complete. A backup is
 * removed only if a newer intact one is kept: so the last good one never is. With neither of the two, it removes
 * leftovers alone. The list of erasures stays.
 *
 * @returns what was removed, oldest first.
 * @throws {BackupError} `backup.option_invalid`, and errors of the target
 */
export async function pruneBackups(target: BackupTarget, options: PruneOptions = {}): Promise<readonly PrunedBackup[]> {
  const { key, leftoversAfterMs = DAY_MS, dryRun = false, now = Date.now } = options
  for (const option of ['keepMs', 'last', 'leftoversAfterMs'] as const) {
    const value = options[option]
    if (value === undefined || (Number.isFinite(value) && value >= 0)) continue
    throw new BackupError('backup.option_invalid', `${option} is not a number of at least 0`, { details: { option } })
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
