import { randomUUID } from 'node:crypto'
import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'
import type { Contender, Suite } from '../../harness/workload.js'
import { startMemoryEngine } from '../../servers/dynamodb-engine.js'
import { ingestWorkload } from './ingest.js'
import { type BenchEvent, type Item, newEvent } from './model.js'
import { openPeers } from './open-peers.js'
import type { DynamoPeer } from './peers/peer.js'

const PREFIX = 'bench_'
const SEEDED = 2000
const PAGE = 50
const BATCH = 25
const CONCURRENCY = [1, 16]
/** Spreads turns over the events; prime. */
const STRIDE = 7919

export async function openDynamoSuite(): Promise<Suite> {
  const engine = await startMemoryEngine()
  const opened = await openPeers(engine.endpoint, PREFIX)
  const { ours, document, tables, peers } = opened
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
        about: 'One event by its key. Ours returns it only if it has not expired.',
        concurrency: CONCURRENCY,
        contenders: all((peer, turn) => peer.get(pick(seeded, turn))),
      },
      {
        name: 'query',
        about: `The latest ${PAGE} events of a user, from the index. Ours reads one more, to know whether there is a next page, and checks the cursor's binding.`,
        concurrency: CONCURRENCY,
        contenders: all((peer, turn) => peer.latest(pick(users, turn), PAGE)),
      },
      {
        name: 'put',
        about: 'One event of 300 bytes, unless it already exists.',
        concurrency: CONCURRENCY,
        contenders: all((peer, turn) => peer.put(newEvent(turn))),
        comparable,
      },
      ingestWorkload(peers.slice(1) as [DynamoPeer, ...DynamoPeer[]], ours),
      {
        name: 'update',
        about:
          'A message gets the next number of a queue that is not full by an update, is put, and is deleted by its acknowledgement: three requests.',
        concurrency: CONCURRENCY,
        contenders: all((peer, turn) => peer.deliver(`user-${turn % 20}`)),
        comparable,
      },
      {
        name: 'transaction',
        about:
          'The first state of an agent and a version of it for the history, both or neither, unless it has a state.',
        concurrency: CONCURRENCY,
        contenders: all((peer) => peer.save(randomUUID())),
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
      await opened[Symbol.asyncDispose]()
      await engine[Symbol.asyncDispose]()
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
