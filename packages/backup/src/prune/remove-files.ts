import { PLAIN_MANIFEST, SEALED_MANIFEST } from '../format/manifest.js'
import type { BackupTarget } from '../target/target.js'

/**
 * Removes the files of a backup, the manifest first: from then on it no longer passes for a backup.
 * @param prefix its id and `/`.
 * @returns how many bytes.
 */
export async function removeFiles(target: BackupTarget, prefix: string): Promise<number> {
  const files = []
  for await (const file of target.list(prefix)) files.push(file)
  const isManifest = (key: string): boolean => [PLAIN_MANIFEST, SEALED_MANIFEST].includes(key.slice(prefix.length))
  const inOrder = [...files.filter(({ key }) => isManifest(key)), ...files.filter(({ key }) => !isManifest(key))]
  for (const { key } of inOrder) await target.remove(key)
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}
