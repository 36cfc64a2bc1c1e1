import { BackupError } from '../errors/errors.js'
import { type FileEntry, type Manifest, PLAIN_MANIFEST, SEALED_MANIFEST } from '../format/manifest.js'
import { type OpenBackupOptions, type OpenedBackup, openBackup } from '../format/open-backup.js'
import { RowsHash } from '../format/rows-hash.js'
import type { BackupTarget } from '../target/target.js'
import { countLines } from './count-lines.js'
import type { BackupFault } from './faults.js'

/** What was read of a backup, and its faults. */
export interface VerifiedBackup {
  readonly id: string
  /** Undefined if it could not be read. */
  readonly manifest: Manifest | undefined
  /** Empty for an intact backup. */
  readonly faults: readonly BackupFault[]
}

export interface VerifyOptions extends OpenBackupOptions {
  readonly signal?: AbortSignal | undefined
  /** Called before each file. */
  readonly onFile?: ((file: FileEntry) => void) | undefined
}

/**
 * Reads the whole backup and checks that every file exists and no other, that none was changed, and that each table has
 * the rows that the manifest records. Needs no server. The result lists every fault, not only the first.
 * @throws {BackupError} for a missing key or target, and for something that was never a backup
 */
export async function verifyBackup(
  target: BackupTarget,
  id: string,
  options: VerifyOptions = {},
): Promise<VerifiedBackup> {
  let backup: OpenedBackup
  try {
    backup = await openBackup(target, id, options)
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'backup.damaged') throw error
    return { id, manifest: undefined, faults: [{ file: '', problem: 'manifest', text: error.reason }] }
  }
  const { manifest } = backup
  const faults = [...tablesWithoutFile(manifest), ...(await wrongListing(target, manifest))]
  const missing = new Set(faults.map(({ file }) => file))
  const counted = new Map<string, RowsHash>()
  for (const file of manifest.files) {
    options.signal?.throwIfAborted()
    if (missing.has(file.name)) continue
    options.onFile?.(file)
    try {
      const { hash, rest } = await countLines(backup.read(file))
      counted.set(file.name, hash)
      if (rest > 0)
        faults.push({ file: file.name, problem: 'damaged', text: `${file.name} ends in the middle of a line` })
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== 'backup.damaged') throw error
      faults.push({ file: file.name, problem: 'damaged', text: error.reason })
    }
  }
  return { id, manifest, faults: [...faults, ...wrongRows(manifest, counted)] }
}

/** A table of the schema that was not copied. */
function tablesWithoutFile({ schema, postgres, files }: Manifest): BackupFault[] {
  const names = new Set(files.map(({ name }) => name))
  const copied = new Set(postgres.tables.filter(({ file }) => names.has(file)).map(({ name }) => name))
  return schema.tables
    .filter((table) => !copied.has(table))
    .map((table) => ({ file: table, problem: 'table_without_file', text: `table ${table} has no file in the backup` }))
}

async function wrongListing(target: BackupTarget, { id, files, encryption }: Manifest): Promise<BackupFault[]> {
  const expected = new Map(files.map(({ name, bytes }) => [name, bytes]))
  const own = encryption === 'none' ? PLAIN_MANIFEST : SEALED_MANIFEST
  const faults: BackupFault[] = []
  for await (const { key } of target.list(`${id}/`)) {
    const name = key.slice(id.length + 1)
    if (!expected.delete(name) && name !== own) {
      faults.push({ file: name, problem: 'unexpected', text: `${name} is not a file of backup ${id}` })
    }
  }
  for (const name of expected.keys()) {
    faults.push({ file: name, problem: 'missing', text: `${name} of backup ${id} is missing` })
  }
  return faults
}

/** What is not reported about a file that could not be read. */
function wrongRows({ postgres, dynamodb }: Manifest, counted: ReadonlyMap<string, RowsHash>): BackupFault[] {
  const tables = [
    ...postgres.tables.map(({ name, rows, hash, file }) => ({ name, rows, hash, files: [file] })),
    ...dynamodb.tables.map(({ name, items, hash, files }) => ({ name, rows: items, hash, files })),
  ]
  return tables.flatMap(({ name, rows, hash, files }) => {
    const parts = files.flatMap((file) => counted.get(file) ?? [])
    if (parts.length < files.length) return []
    const found = RowsHash.sum(parts)
    if (found.rows === rows && found.value === hash) return []
    const text =
      found.rows === rows
        ? `${name} has other rows than the manifest records`
        : `${name} has ${found.rows} rows, but the manifest records ${rows}`
    return [{ file: name, problem: 'rows' as const, text }]
  })
}
