import { MiyabiError } from '@miyabi/core'
import type { Contender, Workload } from '../../harness/workload.js'
import { type Job, jobsFrom } from './effects.js'
import { type OrderSeen, seeOrder } from './order.js'
import type { JobQueue } from './peers/peer.js'
import type { OutboxWorld } from './world.js'

/** Of one transaction. */
const PORTION = 500
const KEYS = 100

/** How fast one worker does what waits: our relay, and those of queues in PostgreSQL. */
export function drainWorkload({ db, pool, peers, empty }: OutboxWorld, rows: number): Workload {
  const service = db.asService()
  const portions = function* (isKeyed: boolean): Generator<Job[]> {
    for (let from = 0; from < rows; from += PORTION)
      yield jobsFrom(from, Math.min(PORTION, rows - from), isKeyed ? (index) => `key-${index % KEYS}` : undefined)
  }
  const ours = (isKeyed: boolean): JobQueue => ({
    name: isKeyed ? 'ours, with keys' : 'ours',
    isKeyed,
    enqueue: (_client, jobs) =>
      service.transaction(async (_tx, { outbox }) => {
        for (const job of jobs) outbox.emit('job', job, job.key === undefined ? {} : { key: job.key })
      }),
    async drain(_count, onJob) {
      await using relay = db.relay({ effects: { job: { handle: async (job) => onJob(job) } } })
      await relay.drain()
    },
    async left() {
      const { rows: found } = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM outbox')
      return found[0]?.count ?? 0
    },
    empty: () => empty('outbox', 'outbox_dead', 'commit_marks'),
  })
  const drained = (queue: JobQueue): Contender => ({
    name: queue.name,
    async before() {
      const client = await pool.connect()
      try {
        for (const jobs of portions(queue.isKeyed)) await queue.enqueue(client, jobs)
      } finally {
        client.release()
      }
    },
    async run(): Promise<OrderSeen> {
      const order = seeOrder()
      await queue.drain(rows, order.see)
      return order.seen()
    },
    async after() {
      const left = await queue.left()
      if (left > 0) throw new MiyabiError('benchmarks.left', `${queue.name} left ${left} jobs that should be done`)
      await queue.empty()
    },
  })
  const queues = peers.flatMap((peer) => peer.queues)
  return {
    name: 'drain',
    about: `${rows.toLocaleString('en')} jobs of 300 bytes, whose handler only checks their order, processed from PostgreSQL by one worker, from its start until it has stopped and marked all of them as done. Their transactions are not timed. If they have keys, there are ${KEYS}.`,
    concurrency: [1],
    single: true,
    contenders: [drained(ours(false)), drained(ours(true)), ...queues.map(drained)],
  }
}
