import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'

/** Makes a folder with exactly this mode, whatever the umask. A folder that exists keeps the mode it has. */
export function makeFolder(folder: string, mode: number): void {
  if (mkdirSync(folder, { recursive: true, mode })) chmodSync(folder, mode)
}

/** Writes a file that only its owner may read, whole or not at all. One writer at a time: the owner of the folder. */
export function writePrivateFile(file: string, text: string): void {
  const fresh = `${file}.new`
  writeFileSync(fresh, text, { mode: 0o600 })
  renameSync(fresh, file)
}
