import type pg from 'pg'
import type { Contender, Workload } from '../../harness/workload.js'
import { type Job, jobsFrom } from './effects.js'
import type { OutboxWorld } from './world.js'

const JOBS = 10

const RENAME = 'UPDATE users SET name = $2 WHERE id = $1 RETURNING name'

type Renamed = { readonly name: string }

/** What jobs add to the transaction that causes them: of ours, and of queues in PostgreSQL. */
export function enqueueWorkload({ db, pool, peers, userIds, empty }: OutboxWorld): Workload {
  const service = db.asService()
  const queues = peers.flatMap((peer) => peer.queues)
  const parametersOf = (turn: number): string[] => [userIds[turn % userIds.length] ?? '', `name ${turn}`]
  const jobsOf = (turn: number, isKeyed: boolean): Job[] =>
    jobsFrom(turn, JOBS, isKeyed ? (index) => `${turn}-${index}` : undefined)

  const renaming = (turn: number, enqueue?: (client: pg.ClientBase) => Promise<void>): Promise<string | undefined> =>
    inTransaction(pool, async (client) => {
      const { rows } = await client.query<Renamed>(RENAME, parametersOf(turn))
      await enqueue?.(client)
      return rows[0]?.name
    })
  const ours = (name: string, jobs: (turn: number) => readonly Job[]): Contender => ({
    name,
    run: (turn) =>
      service.transaction(async (_tx, { query, outbox }) => {
        const { rows } = await query<Renamed>(RENAME, parametersOf(turn))
        for (const job of jobs(turn)) outbox.emit('job', job, job.key === undefined ? {} : { key: job.key })
        return rows[0]?.name
      }),
    after: () => empty('outbox', 'commit_marks'),
  })
  return {
    name: 'enqueue',
    about: `One row is changed in a transaction by the same statement, by the pool of \`pg\` and in an interactive transaction of our service: without jobs, and with ${JOBS} of 300 bytes for application code, without keys and with one key each. The queues insert theirs through the same client before its COMMIT, in one statement. The jobs are not processed meanwhile.`,
    concurrency: [1, 16],
    contenders: [
      { name: 'pg, no jobs', run: (turn) => renaming(turn) },
      ...queues.map((queue) => ({
        name: queue.name,
        run: (turn: number) => renaming(turn, (client) => queue.enqueue(client, jobsOf(turn, queue.isKeyed))),
        after: () => queue.empty(),
      })),
      ours('ours, no jobs', () => []),
      ours('ours', (turn) => jobsOf(turn, false)),
      ours('ours, with keys', (turn) => jobsOf(turn, true)),
    ],
  }
}

async function inTransaction<Result>(pool: pg.Pool, work: (client: pg.ClientBase) => Promise<Result>): Promise<Result> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    client.release()
    return result
  } catch (error) {
    client.release(true) // which rolls back
    throw error
  }
}
