import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { startKillableServer } from '@miyabi/testing'
import pg from 'pg'
import { expect, it } from 'vitest'
import { createPostgres, parsePostgresSettings } from '../../src/index.js'
import { MARK, markedNow, outcomeOf } from '../../src/transaction/commit-mark.js'
import { ServerHistory } from '../../src/transaction/server-history.js'
import { migrationScripts } from '../schema/postgres-15.js'

it('a crash gives the id of a lost transaction to another one, which pg_xact_status takes for it, and a mark does not', {
  timeout: 180_000,
}, async () => {
  await using server = await startKillableServer()
  const admin = new pg.Client(server.directDatabaseUrl)
  admin.on('error', () => {})
  await admin.connect()
  for (const script of migrationScripts()) await admin.query(script)
  await admin.query('CHECKPOINT').catch(() => {})
  const postgres = createPostgres(
    parsePostgresSettings({ DATABASE_URL: server.databaseUrl, SERVICE_DATABASE_URL: server.serviceDatabaseUrl }),
    { role: 'service' },
  )
  const history = new ServerHistory((text) => postgres.query(text))
  await history.learn()

  const lost = await session(server.serviceDatabaseUrl)
  const { rows: own } = await lost.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  stopWalWriter(own[0]?.pid ?? 0)
  await lost.query("BEGIN; SET LOCAL ROLE miyabi_service; INSERT INTO logs (level, message) VALUES ('info', 'lost')")
  const mark = markedNow(randomUUID(), history.known)
  await lost.query(MARK, [mark.id])
  const { rows } = await lost.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid')
  const xid = rows[0]?.xid
  server.kill()
  await server.returned()

  const next = await session(server.serviceDatabaseUrl)
  let given: string | undefined
  for (let tries = 0; given !== xid && tries < 20; tries += 1) {
    const answer = await next.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid')
    given = answer.rows[0]?.xid
  }
  expect(given, 'the server gives the id again, to a transaction that commits').toBe(xid)
  const { rows: told } = await next.query('SELECT pg_xact_status($1::text::xid8) AS status', [xid])
  expect(told).toEqual([{ status: 'committed' }])
  const ask = (text: string, values: readonly unknown[]) => postgres.query<Record<string, unknown>>(text, values)
  expect(await outcomeOf(mark, ask, new AbortController().signal)).toBe('rolled back')
  expect(await postgres.prisma.log.count({ where: { message: 'lost' } })).toBe(0)
  await Promise.all([next.end(), postgres.close(), lost.end().catch(() => {}), admin.end().catch(() => {})])
})

/** So that nothing of the transaction comes to the disk by itself, which it does within some 200 ms. */
function stopWalWriter(backend: number): void {
  const list = execFileSync('ps', ['-axo', 'pid=,ppid=,args='], { encoding: 'utf8' })
  const processes = list.split('\n').map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
  const server = processes.find((found) => Number(found?.[1]) === backend)?.[2]
  const writer = processes.find((found) => found?.[2] === server && found?.[3]?.includes('walwriter'))
  process.kill(Number(writer?.[1]), 'SIGSTOP')
}

async function session(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  return client
}
