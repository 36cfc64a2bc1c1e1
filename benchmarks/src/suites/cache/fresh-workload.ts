import { setImmediate as immediate } from 'node:timers/promises'
import { type DatabaseContext, tag } from '@miyabi/db'
import type { Contender, Workload } from '../../harness/workload.js'
import { openBento } from './peers/bento.js'
import type { CacheWorld } from './world.js'

const HOUR_MS = 3_600_000

/** The time after a commit during which other processes serve the previous value. */
export async function freshWorkload(world: CacheWorld): Promise<Workload> {
  const { admin, env, openContext } = world
  const [id = ''] = world.pluginIds
  const [listening, overRedis] = [await openContext(env.listens), await openContext(env.redis)]
  const [reader, redisReader] = [await openContext(env.listens), await openContext(env.redis)]
  const [apart, writer] = [await openContext(env.listens), await openContext(env.listens)]
  const versionOf = async (): Promise<string> => {
    const { rows } = await admin.query<{ version: string }>('SELECT version FROM plugins WHERE id = $1', [id])
    return rows[0]?.version ?? ''
  }
  const version = (turn: number): string => `2.0.${turn}`
  const options = { ttlMs: HOUR_MS, tags: [tag.row('plugins', id)] }
  const seenBy = (db: DatabaseContext) => () => db.asService().cache.getOrSet(['fresh'], options, versionOf)
  const until = async (see: () => Promise<unknown>, expected: string): Promise<void> => {
    while ((await see()) !== expected) await immediate()
  }
  const prisma = (db: DatabaseContext) => (turn: number) =>
    db.asService().pg.plugin.update({ where: { id }, data: { version: version(turn) }, select: { id: true } })
  const sql = (turn: number) => admin.query('UPDATE plugins SET version = $2 WHERE id = $1', [id, version(turn)])

  const ours = (
    name: string,
    of: {
      readonly relay: DatabaseContext
      readonly reader: DatabaseContext
      readonly write: (turn: number) => Promise<unknown>
    },
  ): Contender => {
    const see = seenBy(of.reader)
    let relay: ReturnType<DatabaseContext['relay']> | undefined
    return {
      name,
      async before() {
        relay = of.relay.relay()
        await relay.drain()
        await see()
        while (!of.reader.stats().cache?.isHearing) await immediate()
        await see()
      },
      async run(turn) {
        await of.write(turn)
        await until(see, version(turn))
      },
      after: async () => void (await relay?.close()),
    }
  }

  const [first, second] = ['first', 'second'].map(() =>
    world.keep(openBento(world.redisUrl, { entries: 1000, prefix: 'fresh' })),
  )
  if (!first?.invalidate || !second) throw new Error('BentoCache can invalidate')
  const { invalidate } = first
  const bento: Contender = {
    name: 'BentoCache, deleteByTag',
    async run(turn) {
      await sql(turn)
      await invalidate(id)
      await until(() => second.getOrSet(id, HOUR_MS, versionOf), version(turn))
    },
  }
  return {
    name: 'commit to fresh',
    about:
      'A row is changed, and another cache, which has the previous value in memory, is read until it returns the new one. The application notifies BentoCache after the commit, so a crash in between or a load in progress would leave a stale value; ours is notified by a trigger and a relay: that of the writing process, or of another one.',
    concurrency: [1],
    contenders: [
      bento,
      ours('ours, Redis', { relay: overRedis, reader: redisReader, write: prisma(overRedis) }),
      ours('ours, LISTEN', { relay: listening, reader, write: prisma(listening) }),
      ours('ours, relay elsewhere', { relay: apart, reader, write: prisma(writer) }),
      ours('ours, SQL of another', { relay: apart, reader, write: sql }),
    ],
    comparable: () => undefined,
  }
}
