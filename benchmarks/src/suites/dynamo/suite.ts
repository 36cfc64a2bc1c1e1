import { DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { createDynamo, parseDynamoSettings } from '@miyabi/dynamo'
import type { Contender, Suite } from '../../harness/workload.js'
import type { Servers } from '../../servers.js'
import { ingestWorkload, pageWorkload } from './event-workloads.js'
import { type BenchEvent, type Item, newEvent, tablesOf } from './model.js'
import { clientPeer } from './peers/client.js'
import { documentPeer } from './peers/document.js'
import { electroPeer } from './peers/electrodb.js'
import { ourPeer } from './peers/ours.js'
import type { DynamoPeer } from './peers/peer.js'

const PREFIX = 'bench_'
const SEEDED = 2000
const PAGE = 50
const BATCH = 25
const CONCURRENCY = [1, 16]
/** Spreads turns over the events; prime. */
const STRIDE = 7919

export async function openDynamoSuite({ dynamodbEndpoint }: Servers): Promise<Suite> {
  const settings = parseDynamoSettings({
    DYNAMODB_ENDPOINT: dynamodbEndpoint,
    DYNAMODB_TABLE_PREFIX: PREFIX,
    // The SDK by itself waits for ever; ours must not give up on a machine where everything is slow at times.
    DYNAMODB_TIMEOUT: '60',
    DYNAMODB_ATTEMPT_TIMEOUT_MS: '20000',
  })
  const ours = createDynamo(settings)
  const client = new DynamoDBClient({
    endpoint: dynamodbEndpoint,
    region: settings.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  const document = DynamoDBDocumentClient.from(client)
  const tables = tablesOf(PREFIX)
  await ours.tables.apply()
  // The embedded engine takes longer for each write the more its stream holds: soon that would be all there is to see.
  const StreamSpecification = { StreamEnabled: false }
  await ours.client.send(new UpdateTableCommand({ TableName: tables.events, StreamSpecification }))
  // Through ours, so that its reads find the events in the shards where they belong.
  await ours.events.appendMany(
    Array.from({ length: SEEDED }, (_, turn) => newEvent(turn)).map(({ id, eventType, userId, data }) => ({
      id,
      eventType,
      userId,
      data,
    })),
  )
  const seeded = await storedEvents(document, tables.events)
  const users = [...new Set(seeded.map(({ userId }) => userId))]

  const [lib, electro, our] = [
    documentPeer('lib-dynamodb', document, tables),
    electroPeer('ElectroDB', document, tables),
    ourPeer('ours', ours),
  ]
  const peers: readonly [DynamoPeer, ...DynamoPeer[]] = [
    clientPeer('client-dynamodb', client, tables),
    lib,
    electro,
    our,
  ]
  const all = (run: (peer: DynamoPeer, turn: number) => Promise<unknown>): [Contender, ...Contender[]] => {
    const contender = (peer: DynamoPeer): Contender => ({ name: peer.name, run: (turn) => run(peer, turn) })
    const [base, ...others] = peers
    return [contender(base), ...others.map(contender)]
  }
  const pick = <T>(items: readonly T[], turn: number): T => items[(turn * STRIDE) % items.length] as T
  /** What a write answers differs by library and is not asked for. */
  const comparable = (): undefined => undefined

  return {
    workloads: [
      {
        name: 'get',
        about: 'One event by its key. Ours tells only what has not expired.',
        concurrency: CONCURRENCY,
        contenders: all((peer, turn) => peer.get(pick(seeded, turn))),
      },
      {
        name: 'query',
        about: `The latest ${PAGE} events of a user, from the index. Ours asks for one more, to know whether there is a next page, and checks the cursor's binding.`,
        concurrency: CONCURRENCY,
        contenders: all((peer, turn) => peer.latest(pick(users, turn), PAGE)),
      },
      {
        name: 'put',
        about: 'One event of 300 bytes, unless it is there already.',
        concurrency: CONCURRENCY,
        contenders: all((peer, turn) => peer.put(newEvent(turn))),
        comparable,
      },
      ingestWorkload([lib, electro, our], ours),
      pageWorkload(ours, 200, 2000),
      {
        name: 'update',
        about:
          'A message gets the next number of a queue by an update, is put, and deleted when it is acknowledged. Ours refuses a full queue.',
        concurrency: CONCURRENCY,
        contenders: all((peer, turn) => peer.deliver(`user-${turn % 20}`)),
        comparable,
      },
      {
        name: 'batch',
        about: `${BATCH} events in one request. The embedded engine writes one batch after another, so more workers would only queue.`,
        concurrency: [1],
        contenders: all((peer, turn) =>
          peer.putAll(Array.from({ length: BATCH }, (_, index) => newEvent(turn + index))),
        ),
        comparable,
      },
    ],
    async [Symbol.asyncDispose]() {
      client.destroy()
      await ours.close()
    },
  }
}

/** Every event of the table, with what its key is made of. */
async function storedEvents(client: DynamoDBDocumentClient, table: string): Promise<BenchEvent[]> {
  const events: BenchEvent[] = []
  let ExclusiveStartKey: Record<string, unknown> | undefined
  do {
    const page = await client.send(new ScanCommand({ TableName: table, ExclusiveStartKey }))
    for (const item of (page.Items ?? []) as Item[]) {
      events.push({ id: item.i, eventType: item.t, userId: item.u, data: item.d, day: item.y, shard: item.s })
    }
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey !== undefined)
  return events.sort((a, b) => (a.id < b.id ? -1 : 1))
}
