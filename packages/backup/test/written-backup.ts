import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { backupId, FORMAT, type Manifest } from '../src/format/manifest.js'
import { RowsHash } from '../src/format/rows-hash.js'
import { fileName, writeFile, writeManifest } from '../src/format/write-backup.js'
import { openFolder } from '../src/target/folder.js'
import type { BackupTarget } from '../src/target/target.js'

export const newKey = (): KeyObject => createSecretKey(randomBytes(32))

/** A folder of a test's own, and its end. */
export function testFolder(): { readonly folder: string; open(): Promise<BackupTarget>; remove(): void } {
  const parent = mkdtempSync(path.join(tmpdir(), 'miyabi-backup-'))
  const folder = path.join(parent, 'backups')
  return { folder, open: () => openFolder(folder), remove: () => rmSync(parent, { recursive: true, force: true }) }
}

/** What a backup of two tables and a table of DynamoDB holds. */
export interface Content {
  readonly tables: Readonly<Record<string, readonly string[]>>
  readonly items: readonly string[]
}

/** Writes a backup of rows that are made up, as `create` does with those of a server. */
export async function writtenBackup(
  target: BackupTarget,
  { tables, items }: Content,
  { key, at = new Date() }: { readonly key?: KeyObject | undefined; readonly at?: Date } = {},
): Promise<Manifest> {
  const id = backupId(at, randomBytes(4).toString('hex'))
  const place = { target, id, key }
  const hashed = (lines: readonly string[]): RowsHash => {
    const hash = new RowsHash()
    for (const line of lines) hash.add(Buffer.from(line))
    return hash
  }
  const copied = await Promise.all(
    Object.entries(tables).map(async ([table, lines]) => {
      const entry = await writeFile(place, fileName(place, `postgres/public.${table}.copy`), parts(lines))
      const { rows, value: hash } = hashed(lines)
      const name = `public.${table}`
      return { entry, table: { name, schema: 'public', table, columns: ['c'], rows, hash, file: entry.name } }
    }),
  )
  const scanned = await writeFile(place, fileName(place, 'dynamodb/MiyabiEvents-0.jsonl'), parts(items))
  const { rows, value: hash } = hashed(items)
  const manifest: Manifest = {
    format: FORMAT,
    id,
    createdAt: at.toISOString(),
    cut: {
      at: at.toISOString(),
      dynamodbUntil: at.getTime(),
      snapshotAt: at.toISOString(),
      lsn: '0/1',
      clockSkewMs: 0,
      writeTimeoutMs: 0,
    },
    schema: { migrations: [], fingerprint: '', tables: copied.map(({ table }) => table.name) },
    versions: { backup: '0.1.0', node: '20', postgres: '18' },
    postgres: { tables: copied.map(({ table }) => table), sequences: [] },
    dynamodb: {
      tables: [{ name: 'MiyabiEvents', items: rows, hash, withoutWrittenAt: 0, files: [scanned.name] }],
    },
    outboxRows: 0,
    files: [...copied.map(({ entry }) => entry), scanned],
    encryption: key ? 'aes-256-gcm' : 'none',
  }
  await writeManifest(place, manifest)
  return manifest
}

/** Lines in parts of some size, as a server sends them. */
async function* parts(lines: readonly string[]): AsyncGenerator<Buffer> {
  for (let at = 0; at < lines.length; at += 500) {
    yield Buffer.from(
      lines
        .slice(at, at + 500)
        .map((line) => `${line}\n`)
        .join(''),
    )
  }
}
