import type { KeyObject } from 'node:crypto'
import { isMiyabiError } from '@miyabi/core'
import { idTime, isBackupId, type Manifest, PLAIN_MANIFEST, SEALED_MANIFEST } from '../format/manifest.js'
import { openBackup } from '../format/open-backup.js'
import { type BackupTarget, PARTIAL, type TargetFile } from '../target/target.js'

/** A backup as a listing shows it, or its leftovers. */
export interface ListedBackup {
  readonly id: string
  readonly startedAt: Date
  /** Of all its files. */
  readonly bytes: number
  /** The last time that one of its files was written. */
  readonly writtenAt: Date
  readonly isEncrypted: boolean
  /**
   * `whole`: the manifest can be read, and every file exists with its size; `verify` checks whether they were changed.
   * `damaged`: it is not so. `unreadable`: its manifest cannot be read with the given key. `incomplete`: it has no
   * manifest: it is still running, or did not complete.
   */
  readonly state: 'whole' | 'damaged' | 'unreadable' | 'incomplete'
  /** For one that is whole or damaged. */
  readonly manifest: Manifest | undefined
}

/** Everything in the target that has the id of a backup, oldest first. Reads the manifests, and no other file. */
export async function listBackups(
  target: BackupTarget,
  { key }: { readonly key?: KeyObject | undefined } = {},
): Promise<readonly ListedBackup[]> {
  const filesById = new Map<string, TargetFile[]>()
  for await (const file of target.list('')) {
    const id = file.key.slice(0, Math.max(0, file.key.indexOf('/')))
    if (isBackupId(id)) filesById.set(id, [...(filesById.get(id) ?? []), file])
  }
  const ids = [...filesById.keys()].sort()
  const listed: ListedBackup[] = []
  for (const id of ids) listed.push(await listedBackup(target, id, filesById.get(id) ?? [], key))
  return listed
}

async function listedBackup(
  target: BackupTarget,
  id: string,
  files: readonly TargetFile[],
  key: KeyObject | undefined,
): Promise<ListedBackup> {
  const sizes = new Map(files.map((file) => [file.key.slice(id.length + 1), file.bytes]))
  const isEncrypted = sizes.has(SEALED_MANIFEST)
  const facts = {
    id,
    startedAt: idTime(id),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    writtenAt: new Date(Math.max(...files.map(({ modifiedAt }) => modifiedAt.getTime()))),
    isEncrypted,
  }
  if (!isEncrypted && !sizes.has(PLAIN_MANIFEST)) return { ...facts, state: 'incomplete', manifest: undefined }
  try {
    const { manifest } = await openBackup(target, id, { key, plain: true })
    const isWhole = manifest.files.every(({ name, bytes }) => sizes.get(name) === bytes)
    return { ...facts, state: isWhole ? 'whole' : 'damaged', manifest }
  } catch (error) {
    if (isMiyabiError(error, 'backup.key_missing', 'backup.key_wrong')) {
      return { ...facts, state: 'unreadable', manifest: undefined }
    }
    if (isMiyabiError(error, 'backup.damaged', 'backup.format_unknown')) {
      return { ...facts, state: 'damaged', manifest: undefined }
    }
    throw error
  }
}

/** Files that a killed process was writing, which belong to no backup. */
export async function* listPartialFiles(target: BackupTarget): AsyncGenerator<TargetFile> {
  for await (const file of target.list('')) if (file.key.endsWith(PARTIAL)) yield file
}
