import { damaged } from '../errors/errors.js'
import type { FileEntry, Manifest } from '../format/manifest.js'

/** @throws {BackupError} `backup.damaged` */
export function fileOf({ id, files }: Manifest, name: string): FileEntry {
  const file = files.find((one) => one.name === name)
  if (file === undefined) throw damaged(id, name, 'is not listed in the manifest')
  return file
}
