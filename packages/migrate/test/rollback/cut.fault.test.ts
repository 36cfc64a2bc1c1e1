import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { databasesRunning, deploy, sql, startKillableServer, until } from '@miyabi/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { rollback } from '../../src/index.js'
import { changed, tables, useDatabase } from '../support/database.js'
import { historyOf, migrationsOf } from '../support/migrations.js'

const FILES = {
  '1_t': {
    up: 'CREATE TABLE t (a int); CREATE TABLE u (a int); CREATE INDEX t_a ON t (a)',
    down: 'DROP INDEX t_a;\nDROP TABLE u;\nDROP TABLE t;',
  },
}
const OLD = { tables: ['_prisma_migrations', 't', 'u'], state: 'applied' }
const NEW = { tables: ['_prisma_migrations'], state: 'rolled back' }

/** The tables, and what the history says of the last attempt. */
async function stateOf(url: string): Promise<{ tables: string[]; state: string | undefined }> {
  return { tables: await tables(url), state: (await historyOf(url)).at(-1)?.replace('1_t ', '') }
}

/**
 * A way to a server on which the connection breaks at one of the client's messages: before it arrives, or when it is
 * answered.
 */
async function startCutter(
  target: string,
  at: number,
  when: 'before' | 'after',
): Promise<{ url: string; count: () => number; close(): void }> {
  const { hostname, port } = new URL(target)
  let messages = 0
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port), hostname)
    let isCut = false
    const cut = (): void => {
      client.destroy()
      upstream.destroy()
    }
    client.on('error', () => {}).on('close', () => upstream.destroy())
    upstream.on('error', () => {}).on('close', () => client.destroy())
    client.on('data', (chunk) => {
      messages += 1 // the driver sends one message at a time, and waits
      isCut ||= messages >= at
      if (isCut && when === 'before') return cut()
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => (isCut ? cut() : client.write(chunk)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = changed(target, (copy) => {
    copy.port = String((server.address() as AddressInfo).port)
  })
  return { url, count: () => messages, close: () => void server.close() }
}

describe('a rollback that is cut short', () => {
  const database = useDatabase()
  afterEach(() => sql(database.url, 'DROP SCHEMA public CASCADE; CREATE SCHEMA public'))

  it('ends at once when it is aborted, and leaves everything as it was', async () => {
    const { url } = database
    const migrations = migrationsOf({ '1_t': { ...FILES['1_t'], down: `${FILES['1_t'].down} SELECT pg_sleep(61);` } })
    await deploy(url, migrations)
    const stop = new AbortController()
    const undoing = rollback({ databaseUrl: url, migrations, skipProof: true, signal: stop.signal })
    await until(async () => (await databasesRunning(url, 'pg_sleep(61)')).length > 0)
    stop.abort(new Error('enough'))
    await expect(undoing).rejects.toThrow('enough')
    await until(async () => (await databasesRunning(url, 'pg_sleep(61)')).length === 0)
    expect(await stateOf(url)).toEqual(OLD)
  })

  it.each(['before', 'after'] as const)(
    '%s any of its messages by a connection that breaks has happened as a whole or not at all',
    async (when) => {
      const migrations = migrationsOf(FILES)
      await deploy(database.url, migrations)
      const codes = new Set<string>()
      let at = 1
      for (let isDone = false; !isDone; at += 1) {
        expect(at).toBeLessThan(100)
        const cutter = await startCutter(database.url, at, when)
        try {
          await rollback({ databaseUrl: cutter.url, migrations, skipProof: true })
          isDone = true
        } catch (error) {
          codes.add((error as { code?: string }).code ?? 'none')
        } finally {
          cutter.close()
        }
        // The server may still be on its way to notice.
        await until(async () => (await sessions(database.url)) === 0)
        const state = await stateOf(database.url)
        expect([OLD, NEW], `cut ${when} message ${at}`).toContainEqual(state)
        if (isDone) expect(state).toEqual(NEW)
        else if (state.state === NEW.state) await deploy(database.url, migrations)
      }
      expect(at).toBeGreaterThan(15)
      expect(codes).toContain('migrate.connection_lost')
      expect(codes).toContain('migrate.outcome_unknown')
    },
  )
})

/** Connections of others to this database. */
async function sessions(url: string): Promise<number> {
  const [row] = await sql<{ n: number }>(
    url,
    'SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  )
  return row?.n ?? 0
}

describe('a rollback whose server is killed', () => {
  it('has not happened, and can be done again when the server is back', async () => {
    await using server = await startKillableServer()
    const url = server.directDatabaseUrl
    const migrations = migrationsOf({ '1_t': { ...FILES['1_t'], down: `${FILES['1_t'].down} SELECT pg_sleep(60);` } })
    await deploy(url, migrations)
    const undoing = rollback({ databaseUrl: url, migrations, skipProof: true }).catch(
      (error: { code?: string }) => error.code,
    )
    await until(async () => (await databasesRunning(url, 'pg_sleep(60)')).length > 0)
    server.kill()
    expect(await undoing).toBe('migrate.connection_lost')
    await server.returned()
    expect(await stateOf(url)).toEqual(OLD)
    await rollback({ databaseUrl: url, migrations: migrationsOf(FILES), skipProof: true })
    expect(await stateOf(url)).toEqual(NEW)
  })
})
