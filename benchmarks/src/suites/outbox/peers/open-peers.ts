import type pg from 'pg'
import { runsOn } from '../../../harness/node-version.js'
import type { QueuePeer } from './peer.js'

/** The libraries that this Node runs. They are loaded only then: an older one does not understand them. */
export async function openQueuePeers(
  pool: pg.Pool,
  connectionString: string,
  max: number,
  onLeftOut: (reason: string) => void,
): Promise<readonly QueuePeer[]> {
  const { node } = process.versions
  const peers: QueuePeer[] = []
  try {
    if (runsOn(node, 'pg-boss', onLeftOut)) {
      const { openPgBoss } = await import('./pg-boss.js')
      peers.push(await openPgBoss(pool, connectionString, max))
    }
    if (runsOn(node, 'graphile-worker', onLeftOut)) {
      const { openGraphileWorker } = await import('./graphile-worker.js')
      peers.push(await openGraphileWorker(pool))
    }
    return peers
  } catch (error) {
    await Promise.all(peers.map((peer) => peer[Symbol.asyncDispose]()))
    throw error
  }
}
