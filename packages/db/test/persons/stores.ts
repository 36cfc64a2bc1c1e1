import { ScanCommand } from '@aws-sdk/client-dynamodb'
import type { DatabaseContext } from '../../src/index.js'
import type { Ask } from './planted.js'

/** Every table of the product, as the catalog has it. */
export async function tablesOf(owner: Ask): Promise<readonly string[]> {
  const rows = await owner(
    `SELECT oid::regclass::text AS name FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> '_prisma_migrations' ORDER BY 1`,
  )
  return rows.map(({ name }) => String(name))
}

/** Every row of every table and every item, as text, with where it lies: a dump of both stores that uses no place. */
export async function dumpOf(owner: Ask, db: DatabaseContext): Promise<readonly string[]> {
  const reads = (await tablesOf(owner)).map(
    (table) => `SELECT '${table} ' || to_json(t)::text AS line FROM ${table} AS t`,
  )
  const lines = (await owner(reads.join(' UNION ALL '))).map(({ line }) => String(line))
  const { tables } = await db.dynamodb.tables.status()
  for (const { table } of tables) {
    for (let from: Record<string, never> | undefined, isFirst = true; isFirst || from; isFirst = false) {
      const scan = new ScanCommand({ TableName: table, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) })
      const { Items = [], LastEvaluatedKey } = await db.dynamodb.client.send(scan)
      lines.push(...Items.map((item) => `${table} ${inOrder(item)}`))
      from = LastEvaluatedKey as typeof from
    }
  }
  return lines.sort()
}

/** The engine gives attributes in an order that changes. */
const inOrder = (item: unknown): string =>
  JSON.stringify(item, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )

/** The lines that speak of something, however it is written. */
export const linesWith = (dump: readonly string[], text: string): readonly string[] =>
  dump.filter((line) => line.toLowerCase().includes(text.toLowerCase()))
