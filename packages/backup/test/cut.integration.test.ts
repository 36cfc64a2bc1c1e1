import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseContext } from '@miyabi/db'
import { createDynamo, type DynamoSettings } from '@miyabi/dynamo'
import { Budget, createTestDatabase, patience, sql, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBackup } from '../src/create/create-backup.js'
import { itemLine } from '../src/format/item-line.js'
import type { Manifest } from '../src/format/manifest.js'
import { type OpenedBackup, openBackup } from '../src/format/open-backup.js'
import { verifyBackup } from '../src/verify/verify-backup.js'
import { allItems, itemsOf, linesOf, Model, of } from './model.js'
import { testTables } from './support.js'
import { newKey, testFolder } from './written-backup.js'

const SKEW_MS = 200
const key = newKey()
const { open, remove } = testFolder()
let database: TestDatabase
let dynamodb: DynamoSettings
beforeAll(async () => {
  database = await createTestDatabase()
  dynamodb = await testTables({ timeoutMs: 800, attemptTimeoutMs: 400 })
})
afterAll(async () => {
  await database.drop()
  remove()
})

/** The rows of a table of a backup, each as the texts of its columns. */
async function rowsOf(backup: OpenedBackup, name: string): Promise<Record<string, string>[]> {
  const table = backup.manifest.postgres.tables.find((one) => one.name === name)
  if (!table) throw new Error(`the manifest has no ${name}`)
  const lines = await linesOf(backup, table.file)
  return lines.map((line) =>
    Object.fromEntries(line.split('\t').map((text, index) => [table.columns[index] ?? '', text])),
  )
}

describe('a backup under writers whose clocks differ', () => {
  const budget = new Budget({ name: 'cuts under writers', short: 1, longSeconds: 120 })

  it(
    'is the state of both stores at its cut',
    async () => {
      using rounds = budget
      const target = await open()
      const env = {
        DATABASE_URL: database.databaseUrl,
        SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
        DYNAMODB_ENDPOINT: dynamodb.endpoint ?? '',
        DYNAMODB_TABLE_PREFIX: dynamodb.tablePrefix,
        ...patience,
        // The relay keeps to what the backup is told of its writers, and tries again.
        DYNAMODB_TIMEOUT: String(dynamodb.timeoutMs / 1000),
        DYNAMODB_ATTEMPT_TIMEOUT_MS: String(dynamodb.attemptTimeoutMs),
      }
      await using db = await DatabaseContext.fromEnv({ env })
      await using _relay = db.relay({})
      await using reader = createDynamo({ ...dynamodb, timeoutMs: 20_000, attemptTimeoutMs: 10_000 })
      while (rounds.next()) {
        const model = new Model(dynamodb, SKEW_MS, () => rounds.random())
        model.start(4)
        const round = `round${rounds.rounds}`
        const committed: { readonly n: string; readonly at: number }[] = []
        let isOver = false
        const transactions = (async () => {
          for (let n = 0; !isOver; n++) {
            const name = `${round}-${n}`
            await db.asService().transaction(async (tx, { outbox }) => {
              await tx.log.create({ data: { level: 'info', message: name } })
              outbox.events.append({ eventType: 'committed', data: { name } })
            })
            committed.push({ n: name, at: Date.now() })
          }
        })()
        await sleep(200 + rounds.random() * 300)
        const manifest = await createBackup({
          database: database.directDatabaseUrl,
          dynamodb: { ...dynamodb, timeoutMs: 20_000, attemptTimeoutMs: 10_000 },
          target,
          key,
          clockSkewMs: SKEW_MS,
          writeTimeoutMs: dynamodb.timeoutMs + dynamodb.attemptTimeoutMs,
        })
        isOver = true
        await Promise.all([model.stop(), transactions])

        expect((await verifyBackup(target, manifest.id, { key })).faults).toEqual([])
        const backup = await openBackup(target, manifest.id, { key })
        const items = await itemsOf(backup)
        const now = await allItems(reader.client, dynamodb.tablePrefix)
        expect(model.faults(items, manifest.cut)).toEqual([])
        // The same without a look at when items were written, as any other backup has it.
        expect(model.faults(now, manifest.cut)).not.toEqual([])
        expectEventsOf(items, now, manifest)
        expectEffects(backup, items, await rowsOf(backup, 'public.logs'), await rowsOf(backup, 'public.outbox'))
        const snapshotMs = Date.parse(manifest.cut.snapshotAt)
        const logged = new Set((await rowsOf(backup, 'public.logs')).map(({ message }) => message))
        expect(committed.filter(({ n, at }) => at < snapshotMs && !logged.has(n))).toEqual([])
        expect(logged.size).toBeLessThan(committed.length)
        await sql(database.directDatabaseUrl, 'TRUNCATE logs')
      }
    },
    budget.timeoutMs,
  )
})

/** Events are never changed: those of the cut are those of now that were written until then, to the byte. */
function expectEventsOf(items: readonly ReturnType<typeof of>[number][], now: typeof items, { cut }: Manifest): void {
  const lines = (all: typeof items): string[] => of(all, 'ev').map(itemLine).sort()
  expect(lines(items)).toEqual(lines(now.filter(({ w }) => Number(w?.N) <= cut.dynamodbUntil)))
}

/** Whatever the snapshot shows as committed has its effect in the backup, or waits in the outbox of the backup. */
function expectEffects(
  { manifest }: OpenedBackup,
  items: readonly ReturnType<typeof of>[number][],
  logs: readonly Record<string, string>[],
  outbox: readonly Record<string, string>[],
): void {
  const written = new Set(of(items, 'ev').map(({ d }) => d?.M?.['name']?.S))
  const waiting = outbox.map(({ payload }) => payload ?? '')
  const missing = logs
    .map(({ message = '' }) => message)
    .filter((name) => !written.has(name) && !waiting.some((payload) => payload.includes(`"${name}"`)))
  expect(missing).toEqual([])
  expect(manifest.outboxRows).toBe(outbox.length)
}
