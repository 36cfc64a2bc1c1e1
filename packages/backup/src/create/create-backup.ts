import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { sleep } from '@miyabi/core'
import { createDynamo, type Dynamo, tableDefinitions } from '@miyabi/dynamo'
import { parseTarget, type Target } from '@miyabi/migrate'
import { allEnded, dumpTable } from '../dynamo/dump-table.js'
import { BackupError } from '../errors/errors.js'
import { Flow } from '../format/flow.js'
import { backupId, type Cut, type DynamoTable, type FileEntry, FORMAT, type Manifest } from '../format/manifest.js'
import { type BackupPlace, writeManifest } from '../format/write-backup.js'
import { dumpTables, fingerprint } from '../postgres/dump.js'
import { openSnapshot, readMigrations, readSequences, type Snapshot } from '../postgres/snapshot.js'
import { removeFiles } from '../prune/remove-files.js'
import { copyErasures } from './erasures.js'
import { type CheckedCreateOptions, type CreateOptions, checkedOptions } from './options.js'

/**
 * Writes a backup of both stores at one cut, while they are written to. It is complete when its manifest exists, the
 * last of its files; a run that fails or is stopped before leaves no backup.
 *
 * PostgreSQL's side is a snapshot. DynamoDB's is everything written up to the snapshot's moment plus the clock skew: so
 * everything that was in DynamoDB before something that the snapshot shows is in the backup, too.
 *
 * @returns the manifest.
 * @throws {BackupError} see its codes; DynamoError, and the signal's reason. Nothing but the target was changed.
 */
export async function createBackup(options: CreateOptions): Promise<Manifest> {
  const checked = checkedOptions(options)
  const { database, dynamodb, target, key } = checked
  const failed = new AbortController()
  const signal = checked.signal ? AbortSignal.any([checked.signal, failed.signal]) : failed.signal
  signal.throwIfAborted()
  const createdAt = new Date()
  const id = backupId(createdAt, randomBytes(4).toString('hex'))
  const place: BackupPlace = { target, id, key, signal }
  await using dynamo = createDynamo(dynamodb)
  await assertTables(dynamo)
  const location = typeof database === 'string' ? parseTarget(database) : database
  const snapshot = await openSnapshot(location, { lockTimeoutMs: checked.lockTimeoutMs, signal })
  try {
    const manifest = await dump(place, { ...checked, location, dynamo, snapshot, createdAt, fail: failed })
    await writeManifest(place, manifest)
    return manifest
  } catch (error) {
    await removeFiles(target, `${id}/`).catch(() => {}) // the remaining files are not a backup, and prune finds them
    checked.signal?.throwIfAborted()
    throw error
  } finally {
    await snapshot.client.end().catch(() => {})
  }
}

interface Sources extends CheckedCreateOptions {
  readonly location: Target
  readonly dynamo: Dynamo
  readonly snapshot: Snapshot
  readonly createdAt: Date
  /** Ends all work in progress. */
  readonly fail: AbortController
}

async function dump(place: BackupPlace, sources: Sources): Promise<Manifest> {
  const {
    snapshot,
    location,
    connections,
    lockTimeoutMs,
    clockSkewMs,
    bytesPerSecond,
    onProgress = () => {},
    fail,
  } = sources
  const cut = cutOf(snapshot, sources)
  onProgress({ step: 'begun', id: place.id, cut: new Date(cut.dynamodbUntil) })
  const flow = new Flow({
    bytesPerSecond,
    ...(place.signal && { signal: place.signal }),
    onPassed: (passed) => onProgress({ step: 'reading', ...passed }),
  })
  const orFail = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      fail.abort(error)
      throw error
    })
  const waitMs = 2 * clockSkewMs + cut.writeTimeoutMs
  onProgress({ step: 'waiting', ms: waitMs })
  const [dumped, scanned] = await bothEnded(
    orFail(dumpTables(place, { database: location, snapshot, connections, lockTimeoutMs }, flow)),
    orFail(sleep(waitMs, place.signal).then(() => dumpItems(place, sources, cut, flow))),
  )
  onProgress({ step: 'finishing' })
  const { client, tables, serverVersion } = snapshot
  await copyErasures(place.target, client)
  return {
    format: FORMAT,
    id: place.id,
    createdAt: sources.createdAt.toISOString(),
    cut,
    schema: {
      migrations: await readMigrations(client, location.schema),
      fingerprint: await fingerprint(location, { lockTimeoutMs, signal: place.signal }),
      tables: tables.map(({ schema, table }) => `${schema}.${table}`),
    },
    versions: { backup: ownVersion(), node: process.versions.node, postgres: serverVersion },
    postgres: { tables: dumped.map(({ table }) => table), sequences: await readSequences(client) },
    dynamodb: { tables: scanned.map(({ table }) => table) },
    outboxRows: dumped.find(({ table }) => table.name === 'public.outbox')?.table.rows ?? 0,
    files: [...dumped.map(({ entry }) => entry), ...scanned.flatMap(({ files }) => files)],
    encryption: place.key ? 'aes-256-gcm' : 'none',
  }
}

/** Waits for both, so that nothing continues after a failure; throws the first error. */
async function bothEnded<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  try {
    return await Promise.all([a, b])
  } finally {
    await Promise.allSettled([a, b])
  }
}

function cutOf({ atMs, lsn }: Snapshot, { clockSkewMs, writeTimeoutMs }: CheckedCreateOptions): Cut {
  const until = atMs + clockSkewMs
  return {
    at: new Date(until).toISOString(),
    dynamodbUntil: until,
    snapshotAt: new Date(atMs).toISOString(),
    lsn,
    clockSkewMs,
    writeTimeoutMs,
  }
}

async function dumpItems(
  place: BackupPlace,
  { dynamo, dynamodb, segments }: Sources,
  { dynamodbUntil: cutMs }: Cut,
  flow: Flow,
): Promise<readonly { readonly table: DynamoTable; readonly files: readonly FileEntry[] }[]> {
  const dumps = tableDefinitions.map(({ name }) =>
    dumpTable(place, { client: dynamo.client, name, prefix: dynamodb.tablePrefix, cutMs, segments }, flow),
  )
  return allEnded(dumps)
}

/** @throws {BackupError} `backup.dynamodb_tables_missing` */
async function assertTables(dynamo: Dynamo): Promise<void> {
  const { missing } = await dynamo.tables.status()
  if (missing.length === 0) return
  throw new BackupError('backup.dynamodb_tables_missing', `DynamoDB has no ${missing.join(', ')}`, {
    details: { tables: missing },
    remedy: 'check DYNAMODB_TABLE_PREFIX, or create them with `pnpm db:tables apply`',
  })
}

function ownVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}
