import { createPostgres, type Postgres, parsePostgresSettings } from '@miyabi/postgres'
import { Budget, createTestDatabase, sql, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StreamSource } from '../../src/streams/source.js'
import type { HandleChanges } from '../../src/streams/types.js'
import { type Put, ShardTree } from './shard-tree.js'
import { Worker } from './workers.js'

let database: TestDatabase
let postgres: Postgres
beforeAll(async () => {
  database = await createTestDatabase()
  // Of this test alone: what was put into effect, in the order in which it was.
  await sql(
    database.directDatabaseUrl,
    `CREATE TABLE ledger (position bigserial PRIMARY KEY, key text NOT NULL, i integer NOT NULL);
     GRANT ALL ON ledger TO miyabi_service; GRANT ALL ON SEQUENCE ledger_position_seq TO miyabi_service`,
  )
  postgres = createPostgres(
    parsePostgresSettings({
      DATABASE_URL: database.databaseUrl,
      SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
      DB_SERVICE_MAX_CONNECTIONS: '8',
    }),
    { role: 'service' },
  )
})
afterAll(async () => {
  await postgres.close(0)
  await database.drop()
})

const write: HandleChanges<Put> = async (changes, tx) => {
  const puts = changes.flatMap((change) => (change.kind === 'insert' ? [change.next] : []))
  const [keys, places] = [puts.map(({ key }) => key), puts.map(({ i }) => i)]
  await tx.$executeRaw`INSERT INTO ledger (key, i) SELECT * FROM unnest(${keys}::text[], ${places}::integer[])`
}

interface Verdict {
  readonly records: number
  lost: number
  doubled: number
  disordered: number
  readonly deaths: number
  readonly fenced: number
  readonly shards: number
}

interface Plan {
  readonly isCheckpointApart?: boolean
  /** What the consumers are told of the tree. */
  readonly seenAs?: (tree: ShardTree) => StreamSource<Put>
}

/** Writes into a random tree while two processes consume it, which die and fall asleep; then compares. */
async function tryTree(random: () => number, plan: Plan = {}): Promise<Verdict> {
  const { isCheckpointApart = false, seenAs = (tree) => tree } = plan
  await postgres.query('DELETE FROM stream_shards')
  await postgres.query('DELETE FROM ledger')
  const tree = new ShardTree(random)
  const source = seenAs(tree)
  const live = new Set<Worker>()
  let isOver = false
  let [deaths, fenced] = [0, 0]
  const keepOneAlive = async (): Promise<void> => {
    while (!isOver) {
      const worker = new Worker(postgres, {
        source,
        handle: write,
        steps: 20 + Math.floor(random() * 300),
        awakeSteps: random() < 0.5 ? Math.floor(random() * 40) : Number.POSITIVE_INFINITY,
        diesAtCommit: random() < 0.5,
        isCheckpointApart,
      })
      live.add(worker)
      await Promise.race([worker.death, over])
      fenced += worker.stats.fenced
      if (worker.isDead) deaths += 1
      else await worker.consumer.close()
      live.delete(worker)
    }
  }
  let end = (): void => {}
  const over = new Promise<void>((resolve) => {
    end = resolve
  })
  const workers = [keepOneAlive(), keepOneAlive()]
  for (let step = 0; step < 40; step++) {
    for (let n = Math.floor(random() * 6); n > 0; n--) tree.put()
    if (random() < 0.15) tree.roll()
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
  const total = [...tree.puts.values()].reduce((sum, n) => sum + n, 0)
  await settled(total)
  isOver = true
  end()
  await Promise.all(workers)
  const verdict = { records: total, lost: 0, doubled: 0, disordered: 0, deaths, fenced, shards: tree.shardsMade.length }
  const { rows } = await postgres.query<Put>('SELECT key, i FROM ledger ORDER BY position')
  for (const [key, puts] of tree.puts) {
    const seen = rows.filter((row) => row.key === key).map(({ i }) => i)
    const kinds = new Set(seen)
    verdict.lost += puts - kinds.size
    verdict.doubled += seen.length - kinds.size
    verdict.disordered += seen.filter((i, place) => i < (seen[place - 1] ?? -1)).length
  }
  return verdict
}

/** Waits until all is there, or nothing comes any more, which no fixed time tells: many looks at the same count do. */
async function settled(total: number): Promise<void> {
  let [before, looks] = [-1, 0]
  while (looks < 60) {
    const { rows } = await postgres.query<{ n: number }>('SELECT count(*)::int AS n FROM ledger')
    const n = rows[0]?.n ?? 0
    if (n >= total) return
    looks = n === before ? looks + 1 : 0
    before = n
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

describe('a stream that is consumed by processes that die and fall asleep', () => {
  const budget = new Budget({ name: 'shard trees', short: 4, longSeconds: 240 })

  it('is put into effect once, each item in order, whatever becomes of its shards', {
    timeout: budget.timeoutMs,
  }, async () => {
    using rounds = budget
    const sum = { records: 0, deaths: 0, fenced: 0, shards: 0 }
    while (rounds.next()) {
      const verdict = await tryTree(() => rounds.random())
      expect(verdict).toMatchObject({ lost: 0, doubled: 0, disordered: 0 })
      for (const name of ['records', 'deaths', 'fenced', 'shards'] as const) sum[name] += verdict[name]
    }
    expect(sum.deaths).toBeGreaterThan(0)
    expect(sum.fenced).toBeGreaterThan(0)
    if (budget.isLong) console.info('shard trees:', sum)
  })

  it('would lose records with a checkpoint outside of the transaction, and these tests say so', async () => {
    let lost = 0
    for (let seed = 1; lost === 0 && seed < 20; seed++) {
      lost += (await tryTree(seeded(seed), { isCheckpointApart: true })).lost
    }
    expect(lost).toBeGreaterThan(0)
  })

  it('would lose the order of items with children before parents, and these tests say so', async () => {
    const orphans = (tree: ShardTree): StreamSource<Put> => ({
      paceMs: 0,
      current: () => tree.current(),
      iterator: (...args) => tree.iterator(args[0], args[1], args[2]),
      read: (iterator) => tree.read(iterator),
      parse: (text) => tree.parse(text),
      shards: async (stream) => {
        const listing = await tree.shards(stream)
        return listing && { ...listing, shards: listing.shards.map(({ id }) => ({ id })) }
      },
    })
    let disordered = 0
    for (let seed = 1; disordered === 0 && seed < 20; seed++) {
      disordered += (await tryTree(seeded(seed), { seenAs: orphans })).disordered
    }
    expect(disordered).toBeGreaterThan(0)
  })
})

/** Numbers that are the same for a seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
