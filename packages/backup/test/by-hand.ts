import { type KeyObject, randomBytes } from 'node:crypto'
import type { Dynamo } from '@miyabi/dynamo'
import { tableDefinitions } from '@miyabi/dynamo'
import pg from 'pg'
import { itemLine } from '../src/format/item-line.js'
import { backupId, FORMAT, type Manifest } from '../src/format/manifest.js'
import { RowsHash } from '../src/format/rows-hash.js'
import { fileName, writeFile, writeManifest } from '../src/format/write-backup.js'
import { copyOut } from '../src/postgres/copy-out.js'
import { scanItems } from '../src/restore/dynamo/scan-items.js'
import { tablesOf } from '../src/restore/postgres/tables.js'
import type { BackupTarget } from '../src/target/target.js'

/** Backs up stores at rest in the plainest way. */
export async function backUp(
  target: BackupTarget,
  { url, dynamo, prefix }: { readonly url: string; readonly dynamo: Dynamo; readonly prefix: string },
  changes: (manifest: Manifest) => Manifest = (manifest) => manifest,
  key?: KeyObject,
): Promise<Manifest> {
  const id = backupId(new Date(), randomBytes(4).toString('hex'))
  const place = { target, id, key }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'`)
  const files: Manifest['files'][number][] = []
  const tables: Manifest['postgres']['tables'][number][] = []
  for (const { name, sql } of await tablesOf(client)) {
    const [schema = '', table = ''] = name.split('.')
    const { rows } = await client.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
      [sql],
    )
    const columns = rows.map((one) => one.name)
    const hash = new RowsHash()
    const list = columns.map((one) => pg.escapeIdentifier(one)).join(', ')
    const file = await writeFile(
      place,
      fileName(place, `postgres/${name}.copy`),
      copyOut(client, `COPY (SELECT ${list} FROM ${sql}) TO STDOUT`, hash),
    )
    files.push(file)
    tables.push({ name, schema, table, columns, rows: hash.rows, hash: hash.value, file: file.name })
  }
  const sequences = []
  const { rows: found } = await client.query<{ schema: string; sequence: string }>(
    `SELECT schemaname AS schema, sequencename AS sequence FROM pg_sequences`,
  )
  for (const { schema, sequence } of found) {
    const { rows } = await client.query<{ value: string; isCalled: boolean }>(
      `SELECT last_value::text AS value, is_called AS "isCalled" FROM ${schema}.${sequence}`,
    )
    sequences.push({
      name: `${schema}.${sequence}`,
      schema,
      sequence,
      value: rows[0]?.value ?? '1',
      isCalled: rows[0]?.isCalled ?? false,
    })
  }
  const { rows: migrations } = await client.query<{ name: string; checksum: string }>(
    'SELECT migration_name AS name, checksum FROM _prisma_migrations ORDER BY 1',
  )
  const dynamoTables = []
  for (const { name } of tableDefinitions) {
    const hash = new RowsHash()
    const lines: string[] = []
    await scanItems(dynamo.client, prefix + name, {
      signal: new AbortController().signal,
      onItem: (item) => {
        const line = itemLine(item)
        hash.add(Buffer.from(line))
        lines.push(`${line}\n`)
      },
    })
    async function* bytes() {
      yield Buffer.from(lines.join(''))
    }
    const file = await writeFile(place, fileName(place, `dynamodb/${name}.jsonl`), bytes())
    files.push(file)
    dynamoTables.push({
      name,
      items: hash.rows,
      hash: hash.value,
      withoutWrittenAt: 0,
      underivable: 0,
      files: [file.name],
    })
  }
  await client.end()
  const at = new Date()
  const manifest: Manifest = changes({
    format: FORMAT,
    id,
    createdAt: at.toISOString(),
    cut: {
      at: at.toISOString(),
      dynamodbUntil: at.getTime(),
      snapshotAt: at.toISOString(),
      lsn: '0/0',
      clockSkewMs: 0,
      writeTimeoutMs: 0,
    },
    schema: { migrations, fingerprint: '0', tables: tables.map(({ name }) => name) },
    versions: { backup: '0', node: process.version, postgres: '18' },
    postgres: { tables, sequences },
    dynamodb: { tables: dynamoTables },
    outboxRows: 0,
    files,
    encryption: key ? 'aes-256-gcm' : 'none',
  })
  await writeManifest(place, manifest)
  return manifest
}
