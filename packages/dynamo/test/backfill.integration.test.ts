import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  CreateTableCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateScan,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { BackfillProgress } from '@miyabi/core'
import { dynamodbEndpoint, tablePrefix } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backfillItems, type ItemsBackfill } from '../src/backfill/backfill-items.js'
import { createDynamoDBClient } from '../src/client/client.js'
import { type AttributeItem, fromItem, type NativeValue, toItem } from '../src/index.js'
import { testSettings } from './support.js'

const isLong = process.env['MIYABI_TEST_LONG'] === '1'
let client: DynamoDBClient
beforeAll(() => {
  client = createDynamoDBClient(testSettings({ timeoutMs: 20_000, attemptTimeoutMs: 10_000 }))
})
afterAll(() => client.destroy())

/** A table of items of the old shape: `price` in whole units. */
async function oldTable(items: number, sortKeyType: 'S' | 'N' = 'S'): Promise<string> {
  const table = `${tablePrefix()}Prices`
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: sortKeyType },
      ],
    }),
  )
  for (let start = 0; start < items; start += 50) {
    const numbers = Array.from({ length: Math.min(50, items - start) }, (_, index) => start + index)
    await Promise.all(numbers.map((number) => put(table, { ...key(number), price: number, v: 1 })))
  }
  return table
}

const key = (number: number) => ({ pk: `p${number % 7}`, sk: String(number) })
const put = (TableName: string, item: Record<string, unknown>) =>
  client.send(new PutItemCommand({ TableName, Item: toItem(item) }))

async function itemsOf(table: string): Promise<Record<string, NativeValue>[]> {
  const found: AttributeItem[] = []
  for await (const { Items = [] } of paginateScan({ client }, { TableName: table })) found.push(...Items)
  return found.map(fromItem).filter(({ pk }) => !String(pk).startsWith('$backfill#'))
}

/** How many items the notes of a backfill say were seen. */
async function noted(table: string, segments: number): Promise<number> {
  const names = Array.from({ length: segments }, (_, n) => (segments === 1 ? 'cents' : `cents#${n}/${segments}`))
  const seen = names.map(async (name) => {
    const note = toItem({ pk: `$backfill#${name}`, sk: `$backfill#${name}` })
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: note, ConsistentRead: true }))
    return Number(Item?.['seen']?.N ?? 0)
  })
  return (await Promise.all(seen)).reduce((sum, count) => sum + count, 0)
}

/** `price` becomes `cents`; `times` counts how often that was done. */
const toCents: Pick<ItemsBackfill, 'name' | 'from' | 'change' | 'rowsPerSecond' | 'pageItems'> = {
  name: 'cents',
  from: ['v', 'price', 'times'],
  change: ({ v, price, times = 0 }) =>
    v === 2 ? undefined : { v: 2, cents: Number(price) * 100, price: undefined, times: Number(times) + 1 },
  rowsPerSecond: 1e6,
  pageItems: 20,
}

describe('backfillItems', () => {
  it('changes each item once, and none again when it is run again', async () => {
    const table = await oldTable(70)
    await put(table, { pk: 'new', sk: 'shape', v: 2, cents: 5 })
    const told: BackfillProgress[] = []
    const run = () => backfillItems(client, { ...toCents, table, onProgress: (progress) => told.push(progress) })
    expect(await run()).toMatchObject({ seen: 71, changed: 70, isDone: true, retries: 0 })
    expect(told.at(-1)?.isDone).toBe(true)
    const items = await itemsOf(table)
    expect(items).toHaveLength(71)
    for (const { sk, ...item } of items.filter(({ pk }) => pk !== 'new')) {
      expect(item).toEqual({ pk: item['pk'], v: 2, cents: Number(sk) * 100, times: 1 })
    }
    expect(await run()).toMatchObject({ seen: 71, changed: 70, isDone: true })
    expect(await itemsOf(table)).toEqual(items)
  })

  it('keeps what somebody writes meanwhile, and changes that', async () => {
    const table = await oldTable(60)
    const slow = createDynamoDBClient(testSettings({ timeoutMs: 20_000, attemptTimeoutMs: 10_000 }))
    const overtaken = new Set<number>()
    /** What others do to an item after it was read and before it is changed, once. */
    const overtake = async (number: number): Promise<void> => {
      if (overtaken.has(number)) return
      overtaken.add(number)
      if (number % 3 === 0) await put(table, { ...key(number), price: number + 1000, v: 1, note: 'kept' })
      if (number % 3 === 1) await client.send(new DeleteItemCommand({ TableName: table, Key: toItem(key(number)) }))
    }
    slow.middlewareStack.add(
      (next) => async (args) => {
        if ('UpdateExpression' in args.input) await overtake(Number(args.input.Key?.['sk']?.S))
        return next(args)
      },
      { step: 'initialize', priority: 'high' },
    )
    expect(await backfillItems(slow, { ...toCents, table })).toMatchObject({ seen: 60, changed: 40, isDone: true })
    slow.destroy()
    const items = await itemsOf(table)
    expect(items).toHaveLength(40)
    for (const { sk, cents, v, times, note } of items) {
      const number = Number(sk)
      expect({ v, times, note }).toEqual({ v: 2, times: 1, note: number % 3 === 0 ? 'kept' : undefined })
      expect(cents).toBe((number % 3 === 0 ? number + 1000 : number) * 100)
    }
  })

  it.each([1, 4])(
    'loses no item and changes none twice when it is killed, beside writers, in %i segments',
    async (segments) => {
      const items = isLong ? 20_000 : 240
      const table = await oldTable(items)
      const options = { ...toCents, table, segments, pageItems: 20 / segments }
      let isWriting = true
      let written = 0
      const writer = async (): Promise<void> => {
        while (isWriting) {
          const number = Math.floor(Math.random() * items)
          await client.send(
            new UpdateItemCommand({
              TableName: table,
              Key: toItem(key(number)),
              UpdateExpression: 'ADD writes :one',
              ExpressionAttributeValues: toItem({ ':one': 1 }),
            }),
          )
          written += 1
          await new Promise((resolve) => setTimeout(resolve, 2))
        }
      }
      const writers = Promise.all([writer(), writer()])
      let before = 0
      for (let kill = 0; kill < (isLong ? 5 : 1); kill++) {
        const child = spawnBackfill({ ...options, rowsPerSecond: items / (isLong ? 20 : 3) })
        const exit = once(child, 'exit')
        while ((await noted(table, segments)) <= before) await new Promise((resolve) => setTimeout(resolve, 20))
        child.kill('SIGKILL')
        expect(await exit).toEqual([null, 'SIGKILL'])
        before = await noted(table, segments)
        expect(before).toBeLessThan(items)
      }
      const result = await backfillItems(client, options)
      isWriting = false
      await writers
      expect(result).toMatchObject({ seen: items, isDone: true })
      const found = await itemsOf(table)
      expect(found).toHaveLength(items)
      expect(found.filter(({ v, times, cents, sk }) => v !== 2 || times !== 1 || cents !== Number(sk) * 100)).toEqual(
        [],
      )
      expect(found.reduce((sum, { writes = 0 }) => sum + Number(writes), 0)).toBe(written)
    },
    300_000,
  )

  it('may run twice at once, also in parts', async () => {
    const table = await oldTable(100)
    const parts = [1, 1, 3, 3].map((segments) => backfillItems(client, { ...toCents, table, segments }))
    expect((await Promise.all(parts)).map(({ seen }) => seen)).toEqual([100, 100, 100, 100])
    expect((await itemsOf(table)).filter(({ v, times }) => v !== 2 || times !== 1)).toEqual([])
  })

  it('keeps to its rate', async () => {
    const table = await oldTable(60)
    const result = await backfillItems(client, { ...toCents, table, rowsPerSecond: 100, pageItems: 10 })
    expect(result.elapsedMs).toBeGreaterThan(490) // the last page needs no rest
  })

  it('refuses what cannot be, before it writes', async () => {
    const table = await oldTable(3)
    const before = await itemsOf(table)
    const refusal = (argument: string) =>
      expect.objectContaining({ code: 'dynamo.invalid_input', details: { argument } })
    const again: ItemsBackfill['change'] = ({ times = 0 }) => ({ times: Number(times) + 1 })
    await expect(backfillItems(client, { ...toCents, table, change: again })).rejects.toEqual(refusal('change'))
    await expect(backfillItems(client, { ...toCents, table: `${table}s` })).rejects.toEqual(refusal('table'))
    await expect(backfillItems(client, { ...toCents, table: await oldTable(0, 'N') })).rejects.toEqual(refusal('table'))
    for (const segments of [0, 1.5, 101]) {
      await expect(backfillItems(client, { ...toCents, table, segments })).rejects.toEqual(refusal('segments'))
    }
    for (const option of ['rowsPerSecond', 'pageItems', 'concurrency']) {
      const refused = backfillItems(client, { ...toCents, table, [option]: 0 })
      await expect(refused).rejects.toMatchObject({ code: 'core.backfill.option_invalid', details: { option } })
    }
    expect(await itemsOf(table)).toEqual(before)
  })
})

/** The same in a process of its own, to be killed. */
function spawnBackfill(options: ItemsBackfill) {
  const entry = new URL('../dist/index.js', import.meta.url).href
  const program = `import { backfillItems, createDynamoDBClient, parseDynamoSettings } from ${JSON.stringify(entry)}
    const client = createDynamoDBClient(parseDynamoSettings({ DYNAMODB_ENDPOINT: ${JSON.stringify(dynamodbEndpoint())} }))
    const options = ${JSON.stringify(options)}
    await backfillItems(client, { ...options, change: ${toCents.change} })`
  return spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' })
}
