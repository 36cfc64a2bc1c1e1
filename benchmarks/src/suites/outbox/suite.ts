import type { Suite } from '../../harness/workload.js'
import type { Servers } from '../../servers/servers.js'
import type { OpenOptions } from '../suite.js'
import { drainWorkload } from './drain-workload.js'
import { enqueueWorkload } from './enqueue-workload.js'
import { latencyWorkload } from './latency-workload.js'
import { relayWorkload } from './relay-workload.js'
import { streamWorkload } from './stream-workload.js'
import { transactionWorkload } from './transaction-workload.js'
import { openWorld } from './world.js'

/** What it costs that both stores agree: in the transaction, on the way to DynamoDB, and back from its streams. */
export async function openOutboxSuite(servers: Servers, { quick, onProgress, onLeftOut }: OpenOptions): Promise<Suite> {
  const rows = quick ? 200 : 2000
  const world = await openWorld(servers, onLeftOut)
  try {
    onProgress(`outbox: writing ${rows} events to a stream`)
    return {
      workloads: [
        transactionWorkload(world),
        enqueueWorkload(world),
        relayWorkload(world, rows),
        drainWorkload(world, rows),
        latencyWorkload(world),
        await streamWorkload(world, rows),
      ],
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    }
  } catch (error) {
    await world[Symbol.asyncDispose]()
    throw error
  }
}
