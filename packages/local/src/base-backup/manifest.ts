import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'

export const MANIFEST = 'backup_manifest'
/** Files created by the server that starts on it, or by the backup itself. */
const BESIDE = new Set([MANIFEST, 'postgresql.auto.conf', 'standby.signal', 'recovery.signal'])

interface Manifest {
  readonly Files: readonly {
    readonly Path?: string
    readonly 'Encoded-Path'?: string
    readonly Size: number
    readonly Checksum: string
    readonly 'Checksum-Algorithm': string
  }[]
  readonly 'Manifest-Checksum': string
}

/**
 * Verifies an unpacked base backup, as `pg_verifybackup` does: that each file of the manifest exists with its size and
 * SHA-256, that there are no others, and that the manifest is the one the server sent.
 * @returns the problems, in words; empty if everything is as it was sent.
 */
export async function verifyManifest(folder: string): Promise<string[]> {
  const text = await readFile(path.join(folder, MANIFEST), 'utf8')
  const manifest = JSON.parse(text) as Manifest
  const signed = text.slice(0, text.lastIndexOf('"Manifest-Checksum"'))
  if (createHash('sha256').update(signed).digest('hex') !== manifest['Manifest-Checksum'])
    return [`${MANIFEST} is not as it was sent`]
  const problems: string[] = []
  const expected = new Set<string>()
  for (const file of manifest.Files) {
    const name = file.Path ?? Buffer.from(file['Encoded-Path'] ?? '', 'hex').toString()
    expected.add(name)
    const problem = await problemOf(path.join(folder, name), file.Size, file.Checksum)
    if (problem !== undefined) problems.push(`${name} ${problem}`)
  }
  for (const name of await filesIn(folder, '')) {
    // The log is checked when it is replayed: each record has its own checksum.
    if (!expected.has(name) && !BESIDE.has(name) && !name.startsWith('pg_wal/')) problems.push(`${name} was not sent`)
  }
  return problems
}

async function problemOf(file: string, size: number, checksum: string): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined)
  if (!found) return 'is missing'
  if (found.size !== size) return `has ${found.size} bytes, not ${size}`
  const hash = createHash('sha256')
  for await (const bytes of createReadStream(file)) hash.update(bytes as Buffer)
  return hash.digest('hex') === checksum ? undefined : 'differs from what was sent'
}

async function filesIn(folder: string, under: string): Promise<string[]> {
  const entries = await readdir(path.join(folder, under), { withFileTypes: true })
  const names = await Promise.all(
    entries.map((entry) => {
      const name = path.posix.join(under, entry.name)
      return entry.isDirectory() ? filesIn(folder, name) : [name]
    }),
  )
  return names.flat()
}
