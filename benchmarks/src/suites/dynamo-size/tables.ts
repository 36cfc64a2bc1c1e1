import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import { createDynamo, type Dynamo, parseDynamoSettings } from '@miyabi/dynamo'
import { type MemoryEngine, startMemoryEngine } from '../../servers/dynamodb-engine.js'
import { tablesOf } from '../dynamo/model.js'
import { type Sizes, writeExport } from './export.js'

const PREFIXES = { small: 'small_', grown: 'grown_' } as const

/** A small table and a grown one of events and of messages, each behind a client that counts for itself. */
export interface SizedTables extends AsyncDisposable {
  readonly small: Dynamo
  readonly grown: Dynamo
}

/**
 * Makes the tables.
 * @param endpoint where `@miyabi/dynamo` creates empty ones, to be described.
 */
export async function openSizedTables(
  endpoint: string,
  sizes: Sizes,
  onProgress: (text: string) => void,
): Promise<SizedTables> {
  const imported = await importAll(endpoint, sizes, onProgress)
  const [small, grown] = [connect(imported.endpoint, PREFIXES.small), connect(imported.endpoint, PREFIXES.grown)]
  return {
    small,
    grown,
    async [Symbol.asyncDispose]() {
      await Promise.all([small.close(), grown.close()])
      await imported[Symbol.asyncDispose]()
    },
  }
}

const connect = (endpoint: string, prefix: string): Dynamo =>
  createDynamo(
    parseDynamoSettings({
      DYNAMODB_ENDPOINT: endpoint,
      DYNAMODB_TABLE_PREFIX: prefix,
      DYNAMODB_TIMEOUT: '60',
      DYNAMODB_ATTEMPT_TIMEOUT_MS: '20000',
    }),
  )

async function importAll(endpoint: string, sizes: Sizes, onProgress: (text: string) => void): Promise<MemoryEngine> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'miyabi-bench-'))
  try {
    const schema = path.join(folder, 'schema.json')
    const source = path.join(folder, 'export')
    await writeFile(schema, JSON.stringify(await describeTables(endpoint)))
    onProgress(`dynamo-size: writing two times ${sizes.grown.toLocaleString('en')} items`)
    await writeExport(source, sizes, tablesOf(PREFIXES.small), tablesOf(PREFIXES.grown))
    onProgress('dynamo-size: importing them')
    return await startMemoryEngine({ folder: source, schema })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The tables as `@miyabi/dynamo` creates them. */
async function describeTables(endpoint: string): Promise<unknown[]> {
  const described: unknown[] = []
  for (const prefix of Object.values(PREFIXES)) {
    await using dynamo = connect(endpoint, prefix)
    await dynamo.tables.apply()
    const { events, messages } = tablesOf(prefix)
    for (const TableName of [events, messages]) {
      const { Table } = await dynamo.client.send(new DescribeTableCommand({ TableName }))
      described.push({ Table })
    }
  }
  return described
}
