import { type Dynamo, tableDefinitions } from '@miyabi/dynamo'
import { BackupError } from '../../errors/errors.js'
import { readNote, writeNote } from './note.js'
import type { DynamoPlace } from './place.js'
import { holdsItems } from './scan-items.js'
import { endStream } from './streams.js'

/**
 * The tables that hold items, except those that an earlier attempt to restore the same backup has left.
 * @throws {BackupError} `backup.other_unfinished`
 */
export async function filledDynamoTables({ dynamo, prefix }: DynamoPlace, backup: string): Promise<readonly string[]> {
  const { missing } = await dynamo.tables.status()
  const filled: string[] = []
  for (const { name } of tableDefinitions) {
    const table = prefix + name
    if (missing.includes(table)) continue
    const note = await readNote(dynamo.client, table)
    if (note === backup) continue
    if (note !== undefined) throw otherUnfinished(table, note)
    if (await holdsItems(dynamo.client, table)) filled.push(`DynamoDB ${table} (items)`)
  }
  return filled
}

/**
 * Creates the missing tables, records in each which backup is restored, and disables their streams.
 * @returns whether there was an earlier attempt.
 * @throws {BackupError} `backup.stream_used`
 */
export async function openDynamoTables(
  { dynamo, prefix }: DynamoPlace,
  backup: string,
  signal: AbortSignal,
): Promise<boolean> {
  await dynamo.tables.apply({ signal })
  const { client } = dynamo
  let isContinued = false
  for (const { name } of tableDefinitions) {
    const table = prefix + name
    if ((await readNote(client, table)) === backup) isContinued = true
    else if (await hasOldRecords(dynamo, name, signal)) throw streamUsed(table)
    await endStream(client, table, signal)
    await writeNote(client, table, backup)
  }
  return isContinued
}

/** Names as consumers use them. */
const STREAMS = { MiyabiEvents: 'events', MiyabiAgentState: 'agentState' } as const

/**
 * Whether the stream that is enabled next would report earlier changes: the embedded engine's does, which has no limit
 * on the reads of a shard; AWS's is a new stream.
 */
async function hasOldRecords(dynamo: Dynamo, name: string, signal: AbortSignal): Promise<boolean> {
  const from = name in STREAMS ? STREAMS[name as keyof typeof STREAMS] : undefined
  if (from === undefined || dynamo.streams.paceMs > 0) return false
  const stream = await dynamo.streams.current(from, { signal })
  if (stream === undefined) return false
  for (const { id } of (await dynamo.streams.shards(stream, { signal }))?.shards ?? []) {
    const found = await dynamo.streams.iterator({ stream, shard: id }, { signal })
    if (!('iterator' in found)) continue
    const page = await dynamo.streams.read(from, found.iterator, { signal, limit: 1 })
    if ('records' in page && page.records.length > 0) return true
  }
  return false
}

const otherUnfinished = (table: string, other: string): BackupError<'backup.other_unfinished'> =>
  new BackupError(
    'backup.other_unfinished',
    `The restore of another backup, ${other}, began in ${table} and did not complete`,
    {
      details: { table, backup: other },
      remedy: `restore ${other} again, which resumes it, or restore into other tables: another DYNAMODB_TABLE_PREFIX`,
    },
  )

const streamUsed = (table: string): BackupError<'backup.stream_used'> =>
  new BackupError(
    'backup.stream_used',
    `${table} is empty, but was used before, and the stream of the embedded engine still reports those changes`,
    {
      details: { table },
      remedy: 'restore into other tables, with another DYNAMODB_TABLE_PREFIX, or into a new folder (MIYABI_STACK_DIR)',
    },
  )
