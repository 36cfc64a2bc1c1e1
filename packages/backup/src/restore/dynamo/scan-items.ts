import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import type { Item } from '../../format/item-line.js'
import { isNote } from './note.js'

/** Segments of a table that are read in parallel. */
const SEGMENTS = 4

/** Calls `onItem` with every item of a table, strongly consistent, in no order, except for the record of a restore. */
export async function scanItems(
  client: DynamoDBClient,
  table: string,
  { signal, onItem }: { readonly signal: AbortSignal; readonly onItem: (item: Item) => void },
): Promise<void> {
  await Promise.all(
    Array.from({ length: SEGMENTS }, async (_, Segment) => {
      let ExclusiveStartKey: Record<string, never> | undefined
      do {
        const page = await client.send(
          new ScanCommand({
            TableName: table,
            ConsistentRead: true,
            Segment,
            TotalSegments: SEGMENTS,
            ExclusiveStartKey,
          }),
          { abortSignal: signal },
        )
        for (const item of page.Items ?? []) if (!isNote(item)) onItem(item)
        ExclusiveStartKey = page.LastEvaluatedKey as Record<string, never> | undefined
      } while (ExclusiveStartKey)
    }),
  )
}

/** Whether a table holds any item, except for the record of a restore. */
export async function holdsItems(client: DynamoDBClient, table: string): Promise<boolean> {
  const { Items = [], LastEvaluatedKey } = await client.send(
    new ScanCommand({ TableName: table, ConsistentRead: true, Limit: 2 }),
  )
  return Items.some((item) => !isNote(item)) || (LastEvaluatedKey !== undefined && Items.length > 1)
}
