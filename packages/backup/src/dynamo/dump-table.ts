import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { deriveAgent, itemAtCut } from '@miyabi/dynamo'
import type { Flow } from '../format/flow.js'
import { type Item, itemLine } from '../format/item-line.js'
import type { DynamoTable, FileEntry } from '../format/manifest.js'
import { RowsHash } from '../format/rows-hash.js'
import { type BackupPlace, fileName, writeFile } from '../format/write-backup.js'
import { retried, scan } from './scan.js'

/** A table that is backed up, and its cut. */
export interface TableCut {
  readonly client: DynamoDBClient
  /** Without the prefix. */
  readonly name: string
  readonly prefix: string
  /** Milliseconds since 1970. Everything written until then has arrived. */
  readonly cutMs: number
  /** The number of segments, and files. */
  readonly segments: number
}

/** What is known of a table after it was read. */
interface Dump {
  readonly hash: RowsHash
  withoutWrittenAt: number
  /** Partitions of agents that were saved after the cut: their state is then derived. */
  readonly changed: Set<string>
}

/**
 * Stores the items that a table had at the cut, while it is written to: a scan, without items written since; an item
 * that replaced another since is replaced by the earlier one.
 */
export async function dumpTable(
  place: BackupPlace,
  cut: TableCut,
  flow: Flow,
): Promise<{ readonly table: DynamoTable; readonly files: readonly FileEntry[] }> {
  const { client, name, segments } = cut
  const dump: Dump = { hash: new RowsHash(), withoutWrittenAt: 0, changed: new Set() }
  const table = cut.prefix + name
  const file = (part: string): string => fileName(place, `dynamodb/${name}-${part}.jsonl`)
  const parts = Array.from({ length: segments }, (_, segment) =>
    writeFile(
      place,
      file(String(segment)),
      scanned(scan({ client, table, segment, segments, signal: place.signal }), cut, dump, flow),
    ),
  )
  const files = await allEnded(parts)
  if (dump.changed.size > 0) {
    files.push(await writeFile(place, file('derived'), derived(cut, dump, flow, place.signal)))
  }
  const { rows: items, value: hash } = dump.hash
  const { withoutWrittenAt } = dump
  return { table: { name, items, hash, withoutWrittenAt, files: files.map((entry) => entry.name) }, files }
}

async function* scanned(
  pages: AsyncIterable<readonly Item[]>,
  { name, cutMs }: TableCut,
  dump: Dump,
  flow: Flow,
): AsyncGenerator<Buffer> {
  for await (const page of pages) {
    const kept = page.filter((item) => {
      const { isKept, isLifted, changedAgent } = itemAtCut(item, cutMs)
      if (isKept && isLifted) dump.withoutWrittenAt += 1
      if (changedAgent !== undefined) dump.changed.add(changedAgent)
      return isKept
    })
    yield* lines(kept, name, dump, flow)
  }
}

async function* derived(
  { client, name, prefix, cutMs }: TableCut,
  dump: Dump,
  flow: Flow,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  for (const pk of dump.changed) {
    signal?.throwIfAborted()
    const items = await retried(() => deriveAgent({ client, table: prefix + name, pk, cutMs }), signal)
    yield* lines(items, name, dump, flow)
  }
}

async function* lines(items: readonly Item[], table: string, dump: Dump, flow: Flow): AsyncGenerator<Buffer> {
  if (items.length === 0) return
  const text: string[] = []
  for (const item of items) {
    const line = itemLine(item)
    dump.hash.add(Buffer.from(line))
    text.push(line, '\n')
  }
  const bytes = Buffer.from(text.join(''))
  await flow.passed({ store: 'dynamodb', table, rows: items.length, bytes: bytes.length })
  yield bytes
}

/** Waits for all, so that nothing continues after a failure; then throws the first. */
export async function allEnded<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const ends = await Promise.allSettled(work)
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason
    return end.value
  })
}
