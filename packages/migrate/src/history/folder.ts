import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { notPlainSql } from '../sql/not-plain.js'

/** A migration as stored in its folder. */
export interface Migration {
  readonly name: string
  readonly folder: string
  /** `migration.sql`. */
  readonly up: string
  /** SHA-256 of `migration.sql`, in hex, as Prisma records it. */
  readonly checksum: string
  /** `down.sql`, if there is one. */
  readonly down: string | undefined
  /** The files that are in another encoding, so that some of their characters were lost. */
  readonly notUtf8: readonly string[]
  /** `rows.sql`, if there is one: rows for a check, inserted after the migration was applied. */
  readonly rows: string | undefined
}

/** Reads the migrations of a folder such as `prisma/migrations`, in the order in which Prisma applies them. */
export function readMigrations(folder: string): Migration[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  )
  return names
    .filter((name) => existsSync(path.join(folder, name, 'migration.sql')))
    .sort()
    .map((name) => readMigration(path.join(folder, name)))
}

function readMigration(folder: string): Migration {
  const notUtf8: string[] = []
  const read = (file: string): string => {
    const bytes = readFileSync(path.join(folder, file))
    const text = bytes.toString('utf8')
    if (!isUtf8(bytes) && notPlainSql(text) === undefined) notUtf8.push(file) // which reports more about UTF-16
    return text
  }
  const optional = (file: string): string | undefined => (existsSync(path.join(folder, file)) ? read(file) : undefined)
  const up = read('migration.sql')
  return {
    name: path.basename(folder),
    folder,
    up,
    checksum: sha256(up),
    notUtf8,
    down: optional('down.sql'),
    rows: optional('rows.sql'),
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/**
 * Whether Prisma recorded this script. It treats a script whose line endings a checkout converted to those of another
 * system as the same.
 */
export function isChecksumOf(checksum: string, { up, checksum: own }: Migration): boolean {
  return (
    checksum === own ||
    checksum === sha256(up.replaceAll('\r\n', '\n')) ||
    checksum === sha256(up.replace(/\r?\n/g, '\r\n'))
  )
}
