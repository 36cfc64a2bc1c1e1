import type { Contender, Workload } from '../../harness/workload.js'
import type { CachePeer, Load } from './peers/peer.js'
import type { CacheWorld } from './world.js'

const HOUR_MS = 3_600_000
/** Capacity, in entries, of a memory that holds all entries, and of one that holds few. */
const ALL = 20_000
const FEW = 500
/** The number of hot keys, and how long each is served, in milliseconds. */
const HOT_KEYS = 20
const HOT_MS = 50

const calls = (peers: readonly [CachePeer, ...CachePeer[]], run: (peer: CachePeer, turn: number) => Promise<unknown>) =>
  peers.map((peer): Contender => ({ name: peer.name, run: (turn) => run(peer, turn) })) as [Contender, ...Contender[]]

/** The time of a call, by the level that answers it. */
export async function levelWorkloads(world: CacheWorld, { quick }: { readonly quick: boolean }): Promise<Workload[]> {
  const { pluginIds, plugin } = world
  const idAt = (turn: number): string => pluginIds[turn % pluginIds.length] ?? ''
  const wide = await world.openPeers({ entries: ALL, prefix: 'wide' })
  const narrow = await world.openPeers({ entries: FEW, prefix: 'narrow' })
  const rows = new Map(await Promise.all(pluginIds.map(async (id) => [id, await plugin(id)] as const)))
  const page = pluginIds.slice(0, 50).map((id) => rows.get(id))
  const loadPage: Load = async () => page
  // The suffix of the id makes several keys for the same row.
  const idOf = (key: string): string => key.split('#')[0] ?? ''
  const load: Load = (key) => plugin(idOf(key))
  const inRedis = quick ? 2_000 : 10_000
  const keyInRedis = (turn: number): string => `${idAt(turn)}#${turn % inRedis}`
  let filled: Promise<void> | undefined
  const fill = async (): Promise<void> => {
    const known: Load = async (key) => rows.get(idOf(key))
    for (const peer of narrow) {
      for (let turn = 0; turn < inRedis; turn += 1) await peer.getOrSet(keyInRedis(turn), HOUR_MS, known)
    }
  }
  let warmed: Promise<void> | undefined
  const warm = async (): Promise<void> => {
    for (const peer of wide) for (const id of pluginIds) await peer.getOrSet(id, HOUR_MS, load)
  }
  const lost: Load = (key) => Promise.reject(new Error(`${key} is not in Redis`))

  return [
    {
      name: 'memory: a row',
      about: 'A plugin of 23 columns that is in the memory of the process; each caller may modify the result.',
      concurrency: [1],
      contenders: calls(wide, (peer, turn) => peer.getOrSet(idAt(turn), HOUR_MS, load)),
      reset: () => {
        warmed ??= warm()
        return warmed
      },
    },
    {
      name: 'memory: a page',
      about: 'The same for one value with 50 such rows.',
      concurrency: [1],
      contenders: calls(wide, (peer) => peer.getOrSet('page', HOUR_MS, loadPage)),
    },
    {
      name: 'Redis',
      about: `A row that is in Redis and not in memory: ${inRedis} keys in turn, few of which fit in memory.`,
      concurrency: [1, 16],
      contenders: calls(narrow, (peer, turn) => peer.getOrSet(keyInRedis(turn), HOUR_MS, lost)),
      reset: () => {
        filled ??= fill()
        return filled
      },
    },
    {
      name: 'miss',
      about: 'A row that is in neither level: looked up in both, loaded from PostgreSQL, and stored in both.',
      concurrency: [1, 16],
      contenders: calls(narrow, (peer, turn) => peer.getOrSet(`${idAt(turn)}#miss${turn}`, HOUR_MS, load)),
    },
    {
      name: 'hot keys',
      about: `${HOT_KEYS} keys that are served for ${HOT_MS} ms each, so that many readers wait for each load.`,
      concurrency: [64],
      contenders: calls(wide, (peer, turn) => peer.getOrSet(`${idAt(turn % HOT_KEYS)}#hot`, HOT_MS, load)),
    },
  ]
}
