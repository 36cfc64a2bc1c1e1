import { chmodSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/** Creates a folder with exactly this mode, whatever the umask. An existing folder keeps its mode. */
export function makeFolder(folder: string, mode: number): void {
  if (mkdirSync(folder, { recursive: true, mode })) chmodSync(folder, mode)
}

/** Atomically writes a file that only its owner may read. One writer at a time: the owner of the folder. */
export function writePrivateFile(file: string, text: string): void {
  const fresh = `${file}.new`
  writeFileSync(fresh, text, { mode: 0o600 })
  renameSync(fresh, file)
}

/** Opens a private log for appending (and reading). */
export function openAppending(file: string): number {
  try {
    return openSync(file, 'a+', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
    // Root ran here before and left its own log in our folder.
    rmSync(file)
    return openSync(file, 'a+', 0o600)
  }
}
