/** The format that this release writes, and the newest that it reads. */
export const FORMAT = 1

/** A file of a backup, as it is stored: compressed, and encrypted if the backup is. */
export interface FileEntry {
  /** Within the backup, such as `postgres/public.users.copy.gz`. */
  readonly name: string
  readonly bytes: number
  /** SHA-256 of the stored bytes, in hexadecimal. */
  readonly sha256: string
  /** Before compression. */
  readonly plainBytes: number
}

/** One moment of both stores. */
export interface Cut {
  /** The moment, ISO 8601: DynamoDB's items are those that were written until then. */
  readonly at: string
  /** The same in milliseconds since 1970, by which items were selected. */
  readonly dynamodbUntil: number
  /** When PostgreSQL's snapshot was taken, by the server's clock: `at` minus the skew. */
  readonly snapshotAt: string
  /** The server's position in its log at the snapshot, such as `0/1A2B3C4D`. */
  readonly lsn: string
  /** The assumed largest difference of the writers' clocks from PostgreSQL's, in milliseconds. */
  readonly clockSkewMs: number
  /** The assumed longest time that a write was in flight, in milliseconds. */
  readonly writeTimeoutMs: number
}

export interface PostgresTable {
  /** Schema and name as they are, such as `public.users`. */
  readonly name: string
  readonly schema: string
  readonly table: string
  /** In the order of their values in the file; computed columns are omitted. */
  readonly columns: readonly string[]
  readonly rows: number
  /** A hash of all rows, in any order. */
  readonly hash: string
  /** In COPY's text format. */
  readonly file: string
}

export interface SequenceValue {
  readonly name: string
  readonly schema: string
  readonly sequence: string
  readonly value: string
  /** Whether `value` was returned by the sequence; if not, it is the next. */
  readonly isCalled: boolean
}

export interface DynamoTable {
  /** Without the prefix. */
  readonly name: string
  readonly items: number
  readonly hash: string
  /** Items of older shapes, without a time of writing: they count as written at the only time they have. */
  readonly withoutWrittenAt: number
  /** One item a line, as DynamoDB's own exports have them. */
  readonly files: readonly string[]
}

/** The description of a backup; written when all of its files exist. */
export interface Manifest {
  readonly format: typeof FORMAT
  readonly id: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly cut: Cut
  readonly schema: {
    /** The applied migrations in Prisma's history. */
    readonly migrations: readonly { readonly name: string; readonly checksum: string }[]
    /** SHA-256 of everything that the catalog contains of the schema. */
    readonly fingerprint: string
    /** Every table that holds rows, by schema and name; each has a file. */
    readonly tables: readonly string[]
  }
  readonly versions: {
    readonly backup: string
    readonly node: string
    readonly postgres: string
  }
  readonly postgres: { readonly tables: readonly PostgresTable[]; readonly sequences: readonly SequenceValue[] }
  readonly dynamodb: { readonly tables: readonly DynamoTable[] }
  /** Rows of the outbox that were waiting at the cut: effects to be delivered, which may have been delivered since. */
  readonly outboxRows: number
  readonly files: readonly FileEntry[]
  readonly encryption: 'aes-256-gcm' | 'none'
}

/** The file that makes a folder of files a backup. */
export const PLAIN_MANIFEST = 'manifest.json'
export const SEALED_MANIFEST = 'manifest.sealed'

/** Ids sort by their time, to the millisecond: two backups may be made in one second. */
const ID = /^\d{8}T\d{9}Z-[0-9a-f]{8}$/

export const isBackupId = (text: string): boolean => ID.test(text)

/** @param random eight hexadecimal digits. */
export const backupId = (at: Date, random: string): string => `${at.toISOString().replace(/[-:.]/g, '')}-${random}`

/** When the backup with this id was started. */
export function idTime(id: string): Date {
  return new Date(id.replace(/^(....)(..)(..)T(..)(..)(..)(...)Z.*$/, '$1-$2-$3T$4:$5:$6.$7Z'))
}
