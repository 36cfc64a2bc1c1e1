import type { KeyObject } from 'node:crypto'
import { defined } from '@miyabi/core'
import { DatabaseContext, restoreToResume } from '@miyabi/db'
import { createDynamo, parseDynamoSettings } from '@miyabi/dynamo'
import { acquireStack, type Stack } from '@miyabi/local'
import { type Migration, parseTarget } from '@miyabi/migrate'
import { BackupError, type BackupErrorCode } from '../errors/errors.js'
import { type OpenedBackup, openBackup } from '../format/open-backup.js'
import { withClient } from '../restore/postgres/client.js'
import { type RestoreProgress, restoreInto } from '../restore/restore.js'
import { resumeStore } from '../restore/resume.js'
import type { BackupTarget } from '../target/target.js'
import { checkConstraints } from './check-constraints.js'
import { checkPerson } from './check-person.js'
import { checkStorage } from './check-storage.js'
import { compareRows } from './compare-rows.js'

export interface DrillOptions {
  readonly target: BackupTarget
  readonly backup: string
  readonly key?: KeyObject | undefined
  readonly plain?: boolean | undefined
  /** All migrations of this release. */
  readonly migrations: readonly Migration[]
  readonly onProgress?: ((progress: RestoreProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** The result of a backup drill. */
export interface Drilled {
  readonly backup: string
  /** ISO 8601. */
  readonly cut: string
  /** Whether everything was restored as it was backed up. */
  readonly equal: boolean
  readonly differences: readonly string[]
  /** The age of the cut: what would be lost, in milliseconds (the recovery point). */
  readonly lossMs: number
  /** The time from an empty stack to a working one, without the checks, in milliseconds (the recovery time). */
  readonly durationMs: number
  readonly tables: number
  readonly rows: number
  readonly items: number
  /** Items of the backup that have expired. */
  readonly expired: number
  /** Indexes that amcheck has checked, including those of the server. */
  readonly indexes: number
  /** Tables that amcheck has checked, including those of long values. */
  readonly heaps: number
}

/**
 * Restores a backup into a separate stack, which is removed afterwards, and compares it with the backup: every table's
 * rows, the sequences, the items; the catalog before and after, checks and foreign keys, indexes, what a user sees, and
 * that no relay or consumer works on it until it is resumed.
 * @throws {BackupError}, {MigrationError}, {LocalError} if it could not be done.
 */
export async function drillBackup(options: DrillOptions): Promise<Drilled> {
  const backup = await openBackup(options.target, options.backup, options)
  const { manifest } = backup
  const startedAt = Date.now()
  const since = performance.now()
  const facts = {
    backup: manifest.id,
    cut: manifest.cut.at,
    lossMs: Math.max(0, startedAt - Date.parse(manifest.cut.at)),
    tables: manifest.postgres.tables.length + manifest.dynamodb.tables.length,
  }
  try {
    const found = await restoreAndCompare(options, backup)
    return { ...facts, ...found, equal: found.differences.length === 0 }
  } catch (error) {
    if (!(error instanceof BackupError) || !OF_THE_BACKUP.has(error.code)) throw error
    const durationMs = Math.round(performance.now() - since)
    const nothing = { rows: 0, items: 0, expired: 0, indexes: 0, heaps: 0 }
    return { ...facts, ...nothing, durationMs, differences: [error.message], equal: false }
  }
}

/** Errors that mean a backup cannot be restored at all, which is a result of the drill. */
const OF_THE_BACKUP: ReadonlySet<BackupErrorCode> = new Set([
  'backup.damaged',
  'backup.items_differ',
  'backup.schema_changed',
  'backup.tables_differ',
])

type Found = Omit<Drilled, 'backup' | 'cut' | 'lossMs' | 'tables' | 'equal'>

async function restoreAndCompare(options: DrillOptions, backup: OpenedBackup): Promise<Found> {
  const { signal, onProgress = () => {} } = options
  onProgress({ says: 'starting a stack' })
  await using stack = await acquireStack({ temporary: true, amcheck: true, ...defined({ signal }) })
  const env = environmentOf(stack)
  await using dynamo = createDynamo(parseDynamoSettings(env))
  const database = parseTarget(env.DIRECT_DATABASE_URL)
  const differences: string[] = []
  const restoringSince = performance.now()
  let checkedMs = 0
  /** Adds the findings of a check; its time does not count towards the restore. */
  const check = async (says: string, work: () => Promise<readonly string[]>): Promise<void> => {
    const since = performance.now()
    onProgress({ says })
    differences.push(...(await work()))
    checkedMs += performance.now() - since
  }
  const restored = await restoreInto({ ...options, database, dynamo, prefix: '' }, backup, 'without', ({ client }) =>
    check('comparing', () =>
      compareRows(client, backup.manifest, (table) => onProgress({ says: `comparing ${table}` })),
    ),
  )
  await using db = await DatabaseContext.fromEnv({ env })
  let storage = { indexes: 0, heaps: 0 }
  await withClient(database, signal, async (client) => {
    await check('checking tables and indexes', async () => {
      const { faults, ...counts } = await checkStorage(client)
      storage = counts
      return faults
    })
    await check('checking constraints for every row', () => checkConstraints(client))
    await check('checking what a user sees', () => checkPerson(client, db))
  })
  await check('checking whether relays wait', async () =>
    (await restoreToResume(db.asService())) ? [] : ['relays and consumers do not wait for it to be resumed'],
  )
  await resumeStore({ database, dynamo, prefix: '', outbox: 'discard', erase: 'without', signal })
  const durationMs = performance.now() - restoringSince - checkedMs
  return {
    differences,
    durationMs: Math.round(durationMs),
    rows: restored.rows,
    items: restored.items,
    expired: restored.expired,
    ...storage,
  }
}

function environmentOf({ descriptor }: Stack) {
  const { databaseUrl, directDatabaseUrl, serviceDatabaseUrl } = descriptor.postgres
  const { dynamodb } = descriptor
  if (!('endpoint' in dynamodb)) {
    throw new BackupError(
      'backup.no_stack',
      `A stack to restore into has no DynamoDB: ${String(dynamodb.unavailable)}`,
      {
        details: {},
        remedy: 'run the drill on a platform that has one, or restore it into your own stack',
      },
    )
  }
  return {
    DATABASE_URL: databaseUrl,
    DIRECT_DATABASE_URL: directDatabaseUrl,
    SERVICE_DATABASE_URL: serviceDatabaseUrl,
    DYNAMODB_ENDPOINT: String(dynamodb.endpoint),
    DB_MIN_CONNECTIONS: '0',
  }
}
