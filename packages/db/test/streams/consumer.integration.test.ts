import { MiyabiError } from '@miyabi/core'
import { createPostgres, type Postgres, parsePostgresSettings } from '@miyabi/postgres'
import { createTestDatabase, sql, type TestDatabase, until } from '@miyabi/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Consumer, type ConsumerSetup } from '../../src/streams/consumer.js'
import { discardStreamDeadLetters, retryStreamDeadLetters, streamDeadLetters } from '../../src/streams/dead-letters.js'
import type { HandleChanges, StreamGap } from '../../src/streams/types.js'
import { RecordingLogger } from '../recording-logger.js'
import { type FixedShard, FixedStreams, type Item, record } from './fixed-streams.js'

let database: TestDatabase
let postgres: Postgres
beforeAll(async () => {
  database = await createTestDatabase()
  await sql(
    database.directDatabaseUrl,
    `CREATE TABLE counted (position bigserial, key text PRIMARY KEY CHECK (key NOT LIKE 'bad%'));
     GRANT ALL ON counted TO miyabi_service; GRANT ALL ON SEQUENCE counted_position_seq TO miyabi_service`,
  )
  const { databaseUrl: DATABASE_URL, serviceDatabaseUrl: SERVICE_DATABASE_URL } = database
  postgres = createPostgres(parsePostgresSettings({ DATABASE_URL, SERVICE_DATABASE_URL }), { role: 'service' })
})
afterAll(async () => {
  await postgres.close(0)
  await database.drop()
})
beforeEach(() => postgres.query('DELETE FROM stream_shards'))
beforeEach(() => postgres.query('DELETE FROM stream_dead'))
beforeEach(() => postgres.query('DELETE FROM counted'))

const running = new Set<Consumer<Item>>()
afterEach(async () => {
  await Promise.all([...running].map((consumer) => consumer.close(0)))
  running.clear()
})

const count: HandleChanges<Item> = async (changes, tx) => {
  for (const change of changes) {
    if (change.kind === 'insert') await tx.$executeRaw`INSERT INTO counted (key) VALUES (${change.next.key})`
  }
}

let logger: RecordingLogger
function consume(source: FixedStreams, changes: Partial<ConsumerSetup<Item>> = {}): Consumer<Item> {
  logger = new RecordingLogger()
  const consumer = new Consumer<Item>({
    name: 'test',
    from: 'events',
    db: postgres,
    source,
    handle: count,
    startAt: 'oldest',
    batch: 10,
    leaseMs: 2000,
    onGap: 'stop',
    onPoison: 'dead-letter',
    logger,
    rhythm: { idleMs: 5, leaseMs: 5, discoverMs: 5, backoff: { initialMs: 1, maxMs: 5 } },
    ...changes,
  })
  running.add(consumer)
  return consumer
}

const counted = async (): Promise<string> => {
  const { rows } = await postgres.query<{ key: string }>('SELECT key FROM counted ORDER BY position')
  return rows.map(({ key }) => key).join(' ')
}
const comes = (keys: string): Promise<void> => until(async () => (await counted()) === keys)
const states = async (): Promise<Record<string, string>> => {
  const { rows } = await postgres.query<{ shard: string; state: string }>('SELECT shard, state FROM stream_shards')
  return Object.fromEntries(rows.map(({ shard, state }) => [shard, state]))
}
const shard = (id: string, ...records: FixedShard['records']): FixedShard => ({ id, records })

describe('a consumer', () => {
  it('goes from parents to children, knows those that are done, and forgets them when DynamoDB has', async () => {
    const parent: FixedShard = { ...shard('p', record(1, 'a')), isClosed: true }
    const source = new FixedStreams({ ...shard('c', record(2, 'b')), parent: 'p' }, parent)
    const consumer = consume(source)
    await comes('a b')
    await until(async () => (await states())['p'] === 'done')
    parent.isGone = true
    await until(async () => !('p' in (await states())))
    expect(await states()).toEqual({ c: 'open' })
    expect(consumer.stats()).toMatchObject({ records: 2, batches: 2, shards: 1, gaps: 0, dead: 0 })
  })

  it('does not take a shard for done while its children are not listed, nor a child whose parent is late', async () => {
    const child: FixedShard = { ...shard('c', record(2, 'b')), parent: 'p', isGone: true }
    const source = new FixedStreams({ ...shard('p', record(1, 'a')), isClosed: true }, child)
    consume(source)
    await until(async () => (await states())['p'] === 'ended')
    child.isGone = false
    await comes('a b')
    await until(async () => (await states())['p'] === 'done')
  })

  it('begins at its start where it is to, and passes nothing over that comes while it is away', async () => {
    const source = new FixedStreams(shard('s', record(1, 'old', { at: new Date(Date.now() - 5000) }), record(2, 'now')))
    const first = consume(source, { startAt: 'now' })
    await comes('now')
    await first.close()
    source.streams.get('arn/1')?.shards[0]?.records.push(record(3, 'away'))
    consume(source, { startAt: 'now' })
    await comes('now away')
  })

  it('reads each shard that it takes', async () => {
    const shards = ['a', 'b', 'c', 'd', 'e'].map((id, i) => shard(id, record(i + 1, id)))
    const consumer = consume(new FixedStreams(...shards), { leaseMs: 600_000 })
    await until(async () => consumer.stats().records === 5)
    expect(consumer.stats()).toMatchObject({ shards: 5, fenced: 0 })
  })

  it('gives its shards back when it is closed, and finishes the batch under way', async () => {
    const source = new FixedStreams(shard('s', record(1, 'a')))
    let goOn = (): void => {}
    const begun = new Promise<void>((begin) => {
      consume(source, {
        leaseMs: 600_000,
        handle: async (changes, tx, run) => {
          begin()
          await new Promise<void>((resolve) => {
            goOn = resolve
          })
          return count(changes, tx, run)
        },
      })
    })
    await begun
    const [first] = running
    const closing = first?.close()
    goOn()
    expect(await closing).toEqual({ drained: true })
    expect(await counted()).toBe('a')
    source.streams.get('arn/1')?.shards[0]?.records.push(record(2, 'b'))
    consume(source)
    await comes('a b') // long before the lease of the first is over
  })
})

describe('a gap', () => {
  it('stops a shard whose records were removed behind its checkpoint, and says so; the others go on', async () => {
    const lossy = shard('s', record(1, 'a'))
    const other = shard('t')
    const source = new FixedStreams(lossy, other)
    await using first = consume(source)
    await comes('a')
    await first.close()
    lossy.trimmedTo = 5
    lossy.records.push(record(4, 'lost'), record(6, 'later'))
    other.records.push(record(7, 'other'))
    const stopped = consume(source)
    await comes('a other')
    await until(async () => stopped.stats().gaps === 1)
    expect(await states()).toMatchObject({ s: 'gap', t: 'open' })
    const fields = { consumer: 'test', reason: 'trimmed', shard: 's', sequence: '1' }
    expect(logger.of('db.stream_gap')).toMatchObject([{ level: 'error', fields }])
    await stopped.close()

    const told: StreamGap[] = []
    consume(source, { onGap: async (gap) => void told.push(gap) })
    await comes('a other later')
    expect(told).toMatchObject([{ consumer: 'test', reason: 'trimmed', shard: 's', sequence: '1' }])
  })

  it('is not passed where telling of it fails', async () => {
    const lossy = shard('s', record(1, 'a'))
    const source = new FixedStreams(lossy)
    await using first = consume(source)
    await comes('a')
    await first.close()
    lossy.trimmedTo = 5
    lossy.records.push(record(6, 'later'))
    const failing = consume(source, { onGap: () => Promise.reject(new Error('the alarm is out of order')) })
    await until(async () => failing.stats().failing?.reason === 'the alarm is out of order')
    expect(await states()).toEqual({ s: 'gap' })
  })

  it('is a shard that is gone before its end, and its children wait', async () => {
    const parent = shard('p', record(1, 'a'))
    const source = new FixedStreams(parent)
    await using first = consume(source)
    await comes('a')
    await first.close()
    parent.isGone = true
    source.streams.get('arn/1')?.shards.push({ ...shard('c', record(2, 'b')), parent: 'p' })
    const stopped = consume(source)
    await until(async () => stopped.stats().gaps === 1)
    expect([await counted(), await states()]).toEqual(['a', { p: 'gap', c: 'open' }])
    await stopped.close()
    const reasons: string[] = []
    consume(source, { onGap: async ({ reason }) => void reasons.push(reason) })
    await comes('a b')
    expect(reasons).toEqual(['shard_gone'])
  })

  it('is a stream in place of another, which is read only behind the first', async () => {
    const old = shard('s', record(1, 'a'))
    const source = new FixedStreams(old)
    await using first = consume(source)
    await comes('a')
    await first.close()
    old.records.push(record(2, 'b'))
    old.isClosed = true
    source.streams.set('arn/1', { shards: [old], isEnded: true })
    source.streams.set('arn/2', { shards: [shard('n', record(1, 'c'))], isEnded: false })
    source.present = 'arn/2'
    const stopped = consume(source)
    await comes('a b')
    await until(async () => (await states())['s'] === 'done')
    expect(await states()).toEqual({ s: 'done', n: 'gap' })
    await stopped.close()
    const reasons: string[] = []
    consume(source, { onGap: async ({ reason }) => void reasons.push(reason) })
    await comes('a b c')
    expect(reasons).toEqual(['stream_replaced'])
  })

  it('is a shard that nobody has read for a day since it was listed', async () => {
    const source = new FixedStreams(shard('s'))
    await using first = consume(source)
    await until(async () => (await states())['s'] === 'open')
    await first.close()
    await postgres.query("UPDATE stream_shards SET listed_at = now() - interval '25 hours'")
    const stopped = consume(source)
    await until(async () => stopped.stats().gaps === 1)
    expect(logger.of('db.stream_gap')).toMatchObject([{ fields: { reason: 'trimmed' } }])
  })

  it('is a shard that begins behind its checkpoint, as one of the embedded engine after a day', async () => {
    const source = new FixedStreams(shard('s', record(1, 'a')))
    await using first = consume(source)
    await comes('a')
    await first.close()
    source.streams.set('arn/1', { shards: [{ ...shard('s', record(9, 'later')), start: '9' }], isEnded: false })
    const stopped = consume(source)
    await until(async () => stopped.stats().gaps === 1)
    expect(await counted()).toBe('a')
  })
})

describe('a record that cannot be handled', () => {
  it('is a dead letter, and what is around it is counted, also where Prisma told of it', async () => {
    const unreadable = { change: undefined, unreadable: new MiyabiError('dynamo.item_shape', 'of a newer release') }
    const source = new FixedStreams(
      shard(
        's',
        record(1, 'a'),
        record(2, 'bad'),
        record(3, 'b'),
        record(4, 'new', unreadable as never),
        record(5, 'c'),
      ),
    )
    const consumer = consume(source)
    await comes('a b c')
    await until(async () => consumer.stats().dead === 2)
    const { rows } = await postgres.query(`SELECT sequence, code, record FROM stream_dead ORDER BY sequence`)
    expect(rows).toEqual([
      { sequence: '2', code: 'postgres.check_violation', record: { key: 'bad' } },
      { sequence: '4', code: 'dynamo.item_shape', record: { key: 'new' } },
    ])
    expect(consumer.stats()).toMatchObject({ records: 5, batches: 1 })
    expect(logger.of('db.stream_dead')).toMatchObject([{ level: 'error', fields: { dead: 2 } }])
  })

  it('stops its shard where it is to, which goes on once the handler can', async () => {
    let isFixed = false
    const handle: HandleChanges<Item> = async (changes, tx, run) => {
      if (!isFixed) throw new TypeError('a bug')
      await count(changes, tx, run)
    }
    const consumer = consume(new FixedStreams(shard('s', record(1, 'a'))), { onPoison: 'stop', handle })
    await until(async () => consumer.stats().retries > 2)
    expect(consumer.stats()).toMatchObject({ dead: 0, records: 0, failing: { code: 'TypeError', reason: 'a bug' } })
    isFixed = true
    await comes('a')
    await until(async () => consumer.stats().failing === undefined)
  })

  it('is none where the database fails with every record: that is waited out', async () => {
    let isMended = false
    const handle: HandleChanges<Item> = async (changes, tx, run) => {
      if (!isMended) await tx.$executeRaw`SELECT * FROM no_such_table`
      await count(changes, tx, run)
    }
    const consumer = consume(new FixedStreams(shard('s', record(1, 'a'), record(2, 'b'))), { handle })
    await until(async () => consumer.stats().retries > 2)
    expect(consumer.stats()).toMatchObject({ dead: 0, failing: { code: 'postgres.invalid_sql' } })
    isMended = true
    await comes('a b')
  })

  it('is none where there were too many at once: fewer are tried', async () => {
    const sizes: number[] = []
    const handle: HandleChanges<Item> = async (changes, tx, run) => {
      sizes.push(changes.length)
      if (changes.length > 2) throw new MiyabiError('test.too_many', 'too many', { retryable: true })
      await count(changes, tx, run)
    }
    consume(new FixedStreams(shard('s', ...[1, 2, 3, 4, 5].map((n) => record(n, `k${n}`)))), { handle })
    await comes('k1 k2 k3 k4 k5')
    expect(sizes.slice(0, 2)).toEqual([5, 2])
  })
})

describe('a dead letter that is to be tried once more', () => {
  const dead = async () => (await streamDeadLetters(postgres)).map(({ sequence, code }) => `${sequence} ${code}`)
  const source = () =>
    new FixedStreams(
      shard('s', record(1, 'a'), record(10, 'bad 10'), record(9, 'bad 9'), record(11, 'bad 11'), record(12, 'b')),
    )
  /** Handles what is bad once it is told to, behind what came since. */
  const mended: HandleChanges<Item> = (changes, tx, run) => {
    const good = changes.map((change) =>
      change.kind === 'insert' ? { ...change, next: { key: change.next.key.replace('bad', 'good') } } : change,
    )
    return count(good, tx, run)
  }
  const sum = async (): Promise<string> => (await counted()).replaceAll(' good ', ',')

  it('is handled and gone in one transaction, in the order in which it died, behind what came since', async () => {
    const first = consume(source())
    await until(async () => first.stats().dead === 3)
    expect(await retryStreamDeadLetters(postgres, 'all')).toBe(3)
    await until(async () => (await streamDeadLetters(postgres)).every(({ retryAt }) => retryAt === null))
    // Its handler has not been mended: all are dead letters still, and nothing was counted.
    expect([await counted(), (await dead()).length]).toEqual(['a b', 3])
    expect(logger.of('db.stream_dead_again').length).toBeGreaterThan(0)
    await first.close()

    await retryStreamDeadLetters(postgres, 'all')
    const second = consume(source(), { handle: mended, batch: 2 })
    await until(async () => second.stats().revived === 3)
    expect([await sum(), await dead()]).toEqual(['a b,9,10,11', []])
    expect(second.stats()).toMatchObject({ dead: 0, records: 0 })
  })

  it('stays where the database fails, or its process is cut, in the middle', async () => {
    const first = consume(source())
    await until(async () => first.stats().dead === 3)
    await first.close()
    const [letter] = await streamDeadLetters(postgres)
    await retryStreamDeadLetters(postgres, [letter?.id ?? ''])
    const failing = consume(source(), {
      handle: async (changes, tx, run) => {
        await mended(changes, tx, run)
        await tx.$executeRaw`SELECT * FROM no_such_table`
      },
    })
    await until(async () => failing.stats().retries > 1)
    expect(failing.stats()).toMatchObject({ revived: 0, failing: { code: 'postgres.invalid_sql' } })
    await failing.close()
    let isHandled = false
    const cut = consume(source(), {
      handle: async (changes, tx, run) => {
        await mended(changes, tx, run)
        isHandled = true
        await new Promise<void>((resolve) => run.signal.addEventListener('abort', () => resolve()))
      },
    })
    await until(async () => isHandled)
    await cut.close(0)
    expect([await sum(), (await dead()).length]).toEqual(['a b', 3])
    expect((await streamDeadLetters(postgres)).filter(({ retryAt }) => retryAt !== null)).toHaveLength(1)
  })

  it('is handled once by many consumers at a time', async () => {
    const first = consume(source())
    await until(async () => first.stats().dead === 3)
    await first.close()
    await retryStreamDeadLetters(postgres, 'all')
    const several = Array.from({ length: 4 }, () => consume(source(), { handle: mended, batch: 1 }))
    await until(async () => (await dead()).length === 0)
    await Promise.all(several.map((consumer) => consumer.close()))
    expect(await sum()).toBe('a b,9,10,11') // a key twice would be refused
    expect(several.reduce((total, consumer) => total + consumer.stats().revived, 0)).toBe(3)
  })

  it('can be discarded', async () => {
    const first = consume(source())
    await until(async () => first.stats().dead === 3)
    const [letter] = await streamDeadLetters(postgres)
    expect(await discardStreamDeadLetters(postgres, [letter?.id ?? ''])).toBe(1)
    expect(await discardStreamDeadLetters(postgres, 'all')).toBe(2)
    expect(await dead()).toEqual([])
  })
})
