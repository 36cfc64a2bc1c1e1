import type { Suite } from '../../harness/workload.js'
import type { Servers } from '../../servers/servers.js'
import type { OpenOptions } from '../suite.js'
import { freshWorkload } from './fresh-workload.js'
import { levelWorkloads } from './level-workloads.js'
import { openWorld } from './world.js'

/** The time of a cached read, by the level that answers it, and the time during which others serve previous values. */
export async function openCacheSuite(servers: Servers, { quick }: OpenOptions): Promise<Suite> {
  const world = await openWorld(servers)
  try {
    return {
      workloads: [...(await levelWorkloads(world, { quick })), await freshWorkload(world)],
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    }
  } catch (error) {
    await world[Symbol.asyncDispose]()
    throw error
  }
}
