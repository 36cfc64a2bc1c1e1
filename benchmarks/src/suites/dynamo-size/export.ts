import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { marshall } from '@aws-sdk/util-dynamodb'
import { createIdSource } from '@miyabi/dynamo'
import { newMessage, toMessageItem } from '../dynamo/message-model.js'
import { eventAt, type TableNames, toItem } from '../dynamo/model.js'

/** How many items a table holds: the grown one ends with those of the small one. */
export interface Sizes {
  readonly small: number
  readonly grown: number
}

/** Users who have events; each has a page of them in the small table. */
export const USERS = 10
/** Messages that wait for each recipient. */
const QUEUED = 100
/** Recipients who have messages in a table. */
export const recipientsOf = (items: number): number => Math.ceil(items / QUEUED)

type Tables = Pick<TableNames, 'events' | 'messages'>

/** Writes the items of both kinds of both tables, in the form of an export of DynamoDB's to S3. */
export async function writeExport(folder: string, sizes: Sizes, small: Tables, grown: Tables): Promise<void> {
  const now = Date.now()
  let at = now
  const ids = createIdSource(() => at)
  const eventItem = (n: number): object => {
    at = now - n
    return toItem({ ...eventAt(n, at, ids.next()), userId: `user-${n % USERS}` })
  }
  const messageItem = (n: number): object =>
    toMessageItem(newMessage(`user-${Math.floor(n / QUEUED)}`, sizes.grown - n))
  for (const [kind, itemOf] of [
    ['events', eventItem],
    ['messages', messageItem],
  ] as const) {
    const latest: string[] = []
    await writeLines(folder, grown[kind], linesOf(sizes, itemOf, latest))
    await writeLines(folder, small[kind], latest)
  }
}

/**
 * An item a line, the latest (the one of the least number) last.
 * @param latest gets the lines of the small table too.
 */
function* linesOf(sizes: Sizes, itemOf: (n: number) => object, latest: string[]): Generator<string> {
  for (let n = sizes.grown - 1; n >= 0; n -= 1) {
    const line = `${JSON.stringify({ Item: marshall(itemOf(n)) })}\n`
    if (n < sizes.small) latest.push(line)
    yield line
  }
}

async function writeLines(folder: string, table: string, lines: Iterable<string>): Promise<void> {
  const data = path.join(folder, table, 'data')
  await mkdir(data, { recursive: true })
  const file = createWriteStream(path.join(data, 'items.json.gz'))
  await pipeline(Readable.from(joined(lines)), createGzip({ level: 1 }), file)
}

/** Compressing line by line would take most of the time. */
function* joined(lines: Iterable<string>): Generator<string> {
  let chunk: string[] = []
  for (const line of lines) {
    chunk.push(line)
    if (chunk.length < 1000) continue
    yield chunk.join('')
    chunk = []
  }
  yield chunk.join('')
}
