import { randomUUID } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Budget, startTcpProxy, type TcpProxy } from '@miyabi/testing'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Postgres } from '../../src/index.js'
import { MARK, markedNow, outcomeOf } from '../../src/transaction/commit-mark.js'
import { ServerHistory } from '../../src/transaction/server-history.js'
import { failureOf, until, usePoolBench } from '../support.js'

/** For each of the two ways. */
const CUTS = { name: 'cuts at a COMMIT that is certain', short: 10, longSeconds: 90 }

const bench = usePoolBench({ empty: false })
let proxy: TcpProxy
let postgres: Postgres
beforeAll(async () => {
  proxy = await startTcpProxy(bench.serviceUrl)
  postgres = bench.service({ maxConnections: 4 }, { through: (url) => proxy.url(url) })
})
afterAll(async () => {
  await postgres?.close()
  await proxy?.close()
})
beforeEach(() => proxy.pass())

const line = (message: string) => ({ data: { level: 'info', message } as const })
const written = async (message: string): Promise<number> =>
  Number((await bench.admin<{ n: string }>('SELECT count(*) AS n FROM logs WHERE message = $1', [message]))[0]?.n)
const ask = (text: string, values: readonly unknown[] = []) => postgres.query<Record<string, unknown>>(text, values)
const history = async (): Promise<string | undefined> => {
  const known = new ServerHistory((text) => postgres.query(text))
  await known.learn()
  return known.known
}
const never = new AbortController().signal

describe('a COMMIT that is certain', () => {
  it.each([
    ['before', 2],
    ['after', 1],
  ] as const)(
    'cut off %s it arrived is done once, and told so',
    { timeout: new Budget(CUTS).timeoutMs },
    async (when, expected) => {
      using budget = new Budget({ ...CUTS, name: `${CUTS.name}, ${when} it arrives` })
      while (budget.next()) {
        const message = `certain-${when}-${budget.rounds}`
        let runs = 0
        await postgres.query('SELECT') // so that there is a connection to cut
        const transaction = postgres.transaction(
          async (tx) => {
            runs += 1
            if (runs === 1) proxy.cutAt('COMMIT', when)
            await tx.log.create(line(message))
            return `result of run ${runs}`
          },
          { certain: true, deadlineMs: 60_000 },
        )
        expect([await transaction, runs, await written(message)]).toEqual([`result of run ${expected}`, expected, 1])
      }
    },
  )

  it('takes no round trip more, with a statement of its own either', async () => {
    const direct = bench.service({ maxConnections: 1 })
    let answers = 0
    const client = await direct.pool.connect()
    ;(client as unknown as { connection: EventEmitter }).connection.on('readyForQuery', () => {
      answers += 1
    })
    client.release()
    const during = async (options: object, ...values: readonly string[]): Promise<number> => {
      answers = 0
      await direct.transaction(async (tx, run) => {
        await tx.log.count()
        for (const value of values)
          run.atCommit(() => ({ text: 'INSERT INTO logs (level, message) VALUES ($1, $2)', values: ['info', value] }))
      }, options)
      return answers
    }
    await during({ certain: true }) // asks for the history of the server
    const without = await during({})
    expect(without).toBe(3) // BEGIN, the count, COMMIT
    expect(await during({ certain: true })).toBe(without)
    expect(await during({}, 'with a statement')).toBe(without)
    expect(await written('with a statement')).toBe(1)
    await direct.close()
  })

  it('keeps what goes with it prepared, and goes on where its session has forgotten that', async () => {
    const direct = bench.service({ maxConnections: 1 })
    const text = "INSERT INTO logs (level, message) VALUES ('info', $1)"
    const write = (message: string): Promise<number> => {
      let runs = 0
      return direct.transaction(async (tx, run) => {
        runs += 1
        await tx.log.count()
        if (runs === 1 && message === 'forgotten') await run.query('DEALLOCATE ALL')
        run.atCommit(() => ({ text, values: [message] }))
        return runs
      })
    }
    for (const message of ['first', 'second', 'third']) expect(await write(message)).toBe(1)
    const { rows } = await direct.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM pg_prepared_statements WHERE statement = ANY ($1)',
      [[text, MARK]],
    )
    if (!process.env['DB_POOLER']) expect(rows).toEqual([{ n: 2 }])
    await write('forgotten')
    await write('after')
    for (const message of ['first', 'second', 'third', 'forgotten', 'after']) expect(await written(message)).toBe(1)
    await direct.close()
  })

  it('stays unknown where nobody answers', async () => {
    const error = await failureOf(
      postgres.transaction(
        async (tx) => {
          await tx.log.create(line('unanswered'))
          proxy.cutAt('COMMIT', 'after')
          await proxy.refuse()
        },
        { certain: true, deadlineMs: 1_500 },
      ),
    )
    expect(error).toMatchObject({ code: 'postgres.commit_unknown', effect: 'unknown' })
  })

  it('refuses what comes after its mark was given up, and rolls it back', async () => {
    const mark = markedNow(randomUUID(), await history())
    expect(await outcomeOf(mark, ask, never)).toBe('rolled back')
    expect(await outcomeOf(mark, ask, never)).toBe('rolled back')
    const sessions = await bench.backends()
    const late = await failureOf(
      postgres.transaction(async (tx, run) => {
        await tx.log.create(line('late'))
        run.atCommit(() => ({ text: MARK, values: [mark.id] }))
      }),
    )
    expect(late).toMatchObject({ code: 'postgres.unique_violation', effect: 'none' })
    if (!process.env['DB_POOLER']) expect(await bench.backends()).toEqual(expect.arrayContaining(sessions))
    expect(await written('late')).toBe(0)
    expect(postgres.stats()).toMatchObject({ active: 0, waiting: 0 })
    expect(await postgres.transaction((tx) => tx.log.count())).toBeTypeOf('number')
  })

  it.each([
    ['COMMIT', 'committed'],
    ['ROLLBACK', 'rolled back'],
  ] as const)('that is under way is waited for: %s means %s', async (ending, outcome) => {
    await using session = await sessionOf(bench.serviceUrl)
    const mark = markedNow(randomUUID(), await history())
    await session.client.query('BEGIN; SET LOCAL ROLE miyabi_service')
    await session.client.query(MARK, [mark.id])
    let isAnswered = false
    const asked = outcomeOf(mark, ask, never).finally(() => {
      isAnswered = true
    })
    await until(
      () => bench.admin(`SELECT 1 FROM pg_locks WHERE NOT granted`),
      (rows) => rows.length > 0,
    )
    expect(isAnswered).toBe(false)
    await session.client.query(ending)
    expect(await asked).toBe(outcome)
  })

  it('is known as committed from any server that has its mark, and as rolled back from that of its history alone', async () => {
    const id = randomUUID()
    await postgres.transaction(async (_tx, run) => run.atCommit(() => ({ text: MARK, values: [id] })))
    expect(await outcomeOf(markedNow(id, 'another/00000002'), ask, never)).toBe('committed')
    expect(await outcomeOf(markedNow(id, undefined), ask, never)).toBe('committed')
    const own = await history()
    expect(own).toMatch(/^\d+\/[0-9A-F]{8}$/)
    for (const known of ['another/00000001', own?.replace(/.$/, '9'), undefined])
      expect(await outcomeOf(markedNow(randomUUID(), known), ask, never)).toBe('unknown')
    expect(await outcomeOf(markedNow(randomUUID(), own), ask, never)).toBe('rolled back')
    const old = markedNow(randomUUID(), own)
    const hourAgo = { ...old, sentAt: { ...old.sentAt, wall: Date.now() - 3_600_000 } }
    expect(await outcomeOf(hourAgo, ask, never)).toBe('unknown')
  })
})

describe('a mark that was given up', () => {
  const age = (id: string): Promise<unknown> =>
    bench.admin(`UPDATE commit_marks SET created_at = created_at - interval '11 minutes' WHERE id = $1`, [id])
  const purge = async (): Promise<void> => {
    await postgres.query('SELECT purge_commit_marks()')
    await postgres.query('SELECT purge_commit_marks()')
  }
  const isThere = async (id: string): Promise<boolean> =>
    (await bench.admin('SELECT FROM commit_marks WHERE id = $1', [id])).length > 0
  /** Transactions of other tests on the server hold back the end of a mark, too. */
  const gone = async (id: string): Promise<void> => {
    await until(
      async () => {
        await purge()
        return isThere(id)
      },
      (there) => !there,
    )
  }
  const giveUp = async (): Promise<string> => {
    const id = randomUUID()
    await postgres.query('SELECT commit_outcome($1)', [id])
    return id
  }

  it('outlives the transactions that may still come to it, however long the server leaves one standing', async () => {
    await using session = await sessionOf(bench.serviceUrl)
    const { rows } = await session.client.query('SELECT pg_backend_pid() AS pid')
    await session.client.query(
      "BEGIN; SET LOCAL ROLE miyabi_service; INSERT INTO logs (level, message) VALUES ('info', 'stopped')",
    )
    const id = await giveUp()
    const pid = Number(rows[0]?.pid)
    process.kill(pid, 'SIGSTOP')
    const late = failureOf(session.client.query(MARK, [id]))
    try {
      await age(id)
      await purge()
      expect(await isThere(id)).toBe(true)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    expect(await late).toMatchObject({ code: '23505' })
    await session.client.query('ROLLBACK')
    await gone(id)
  })

  it('goes after ten minutes, when who began before it is refused a mark by the clock of the server', async () => {
    const shorter = async (name: string, from: string, to: string): Promise<void> => {
      const [row] = await bench.admin<{ text: string }>('SELECT pg_get_functiondef($1::regproc) AS text', [name])
      await bench.admin(String(row?.text.replaceAll(`interval '${from}'`, `interval '${to}'`)))
    }
    const id = await giveUp()
    await purge()
    expect(await isThere(id)).toBe(true)
    await shorter('commit_mark', '9 minutes', '900 milliseconds')
    await shorter('purge_commit_marks', '10 minutes', '1 second')
    try {
      await using session = await sessionOf(bench.serviceUrl)
      await session.client.query('BEGIN; SET LOCAL ROLE miyabi_service; SELECT 1') // without an id of its own yet
      const other = await giveUp()
      await delay(1_100)
      await gone(other)
      expect(await failureOf(session.client.query(MARK, [other]))).toMatchObject({ code: 'MY004' })
    } finally {
      await shorter('commit_mark', '900 milliseconds', '9 minutes')
      await shorter('purge_commit_marks', '1 second', '10 minutes')
    }
  })

  it('and one that was committed go in the end', async () => {
    const id = randomUUID()
    await postgres.transaction(async (_tx, run) => run.atCommit(() => ({ text: MARK, values: [id] })))
    await age(id)
    await purge()
    expect(await isThere(id)).toBe(true)
    await bench.admin(`UPDATE commit_marks SET created_at = created_at - interval '1 hour'`)
    await purge()
    expect(await isThere(id)).toBe(false)
  })
})

/** A session of the test's own, past every pool of ours. */
async function sessionOf(url: string): Promise<AsyncDisposable & { readonly client: pg.Client }> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  return { client, [Symbol.asyncDispose]: () => client.end() }
}
