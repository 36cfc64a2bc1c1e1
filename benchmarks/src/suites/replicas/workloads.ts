import type { DatabaseContext } from '@miyabi/db'
import type { Postgres } from '@miyabi/postgres'
import type { Contender, Workload } from '../../harness/workload.js'
import type { PrismaWithReplicas } from './prisma-extension.js'
import { type Reads, readsOf } from './reads.js'

/** The dependencies of the workloads. */
export interface ReplicaContestants {
  readonly db: DatabaseContext
  /** Queries the standby as if it were a primary. */
  readonly unchecked: Postgres
  /** Prisma with its extension for read replicas. */
  readonly extended: PrismaWithReplicas
  readonly userIds: readonly string[]
  /** Usage events of the first user. */
  readonly ids: readonly string[]
}

export async function replicaWorkloads(contestants: ReplicaContestants): Promise<Workload[]> {
  return [await ownRow(contestants), readBehindWrite(contestants), tokenBehindWrite(contestants)]
}

async function ownRow({ db, unchecked, extended, userIds, ids }: ReplicaContestants): Promise<Workload> {
  const [userId = ''] = userIds
  const before = db.as({ userId })
  await before.query('SELECT 1')
  const after = await before.token()
  const one = (name: string, { event }: Reads): Contender => ({
    name,
    run: (turn) => event(ids[turn % ids.length] ?? ''),
  })
  return {
    name: 'own row of a replica',
    about:
      "One of the user's usage events, by its key. The base reads from the standby as if it were a primary, with the same client and identity. Prisma's extension signs in as the owner of the tables and sets no identity.",
    concurrency: [1, 16],
    contenders: [
      one('replica, no check', readsOf(unchecked.as({ userId }).prisma)),
      one('ours: me.replica', readsOf(db.as({ userId }).replica.pg)),
      one('ours: me.replica, token', readsOf(db.as({ userId }, { after }).replica.pg)),
      one('ours: primary', readsOf(db.as({ userId }).pg)),
      one('Prisma, replica extension', extended),
    ],
  }
}

function readBehindWrite({ db, extended, userIds }: ReplicaContestants): Workload {
  const pair = (name: string, write: (id: string, name: string) => Promise<Reads>): Contender => {
    let stale = 0
    return {
      name,
      run: async (turn) => {
        const id = userIds[turn % userIds.length] ?? ''
        const reads = await write(id, String(turn))
        if (Number(await reads.name(id)) < turn) stale += 1
      },
      stale: () => stale,
    }
  }
  type Scoped = ReturnType<typeof db.as>
  const ours = (name: string, after: (me: Scoped, userId: string) => Parameters<typeof readsOf>[0]): Contender =>
    pair(name, async (id, text) => {
      const me = db.as({ userId: id })
      await me.pg.user.update({ where: { id }, data: { name: text }, select: { id: true } })
      return readsOf(after(me, id))
    })
  return {
    name: 'read behind a write',
    about:
      'A user changes their name and reads it, a different user in each turn. The base reads from the primary; `me.replica` waits up to 50 ms for the standby, or falls back to the primary.',
    concurrency: [1, 16],
    contenders: [
      ours('ours: primary', ({ pg }) => pg),
      ours('ours: me.replica', ({ replica }) => replica.pg),
      ours('ours: me.replica, no token', (_, userId) => db.as({ userId }).replica.pg),
      pair('Prisma, replica extension', async (id, text) => {
        await extended.rename(id, text)
        return extended
      }),
    ],
  }
}

function tokenBehindWrite({ db, userIds }: ReplicaContestants): Workload {
  const write = async (turn: number): Promise<ReturnType<typeof db.as>> => {
    const me = db.as({ userId: userIds[turn % userIds.length] ?? '' })
    await me.pg.user.updateMany({ data: { name: `name ${turn}` } })
    return me
  }
  return {
    name: 'token behind a write',
    about:
      "A user changes their name, a different user in each turn; a token after it requests the primary's position, once for all concurrent callers.",
    concurrency: [1, 16],
    contenders: [
      { name: 'write', run: async (turn) => void (await write(turn)) },
      { name: 'write, and a token', run: async (turn) => void (await (await write(turn)).token()) },
    ],
  }
}
