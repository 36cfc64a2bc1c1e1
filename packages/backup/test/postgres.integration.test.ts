import { inspect } from 'node:util'
import type { DynamoSettings } from '@miyabi/dynamo'
import { parseTarget } from '@miyabi/migrate'
import { createTestDatabase, sql, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createBackup } from '../src/create/create-backup.js'
import { copyErasures, ERASURES_FILE, readErasures } from '../src/create/erasures.js'
import type { CreateOptions } from '../src/create/options.js'
import { openBackup } from '../src/format/open-backup.js'
import { RowsHash } from '../src/format/rows-hash.js'
import { connect } from '../src/postgres/connect.js'
import { copyTable } from '../src/postgres/dump.js'
import { withClient } from '../src/restore/postgres/client.js'
import { verifyBackup } from '../src/verify/verify-backup.js'
import { linesOf } from './model.js'
import { testTables } from './support.js'
import { testFolder } from './written-backup.js'

let database: TestDatabase
let dynamodb: DynamoSettings
const { open, remove } = testFolder()
beforeAll(async () => {
  database = await createTestDatabase()
  dynamodb = await testTables()
})
afterAll(async () => {
  await database.drop()
  remove()
})

const run = (text: string, values?: unknown[]) =>
  sql<Record<string, string | null>>(database.directDatabaseUrl, text, values)
const create = async (options: Partial<CreateOptions> = {}) =>
  createBackup({
    database: database.directDatabaseUrl,
    dynamodb,
    target: await open(),
    clockSkewMs: 0,
    writeTimeoutMs: 0,
    ...options,
  })

/** COPY's text format read back, by its documentation: https://www.postgresql.org/docs/18/sql-copy.html */
const readValue = (text: string): string | null =>
  text === '\\N'
    ? null
    : text.replace(
        /\\(.)/g,
        (_, letter: string) => ({ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' })[letter] ?? letter,
      )

describe('the rows of a backup', () => {
  it('are those of every table, whatever is in them', async () => {
    const strange = ['', '\\N', '\\.', 'a\tb', 'a\nb\\', '\r\u0001\b\v', '日本語 𠮷', '\'"', 'NULL']
    for (const message of strange) await run("INSERT INTO logs (level, message) VALUES ('info', $1)", [message])
    await run(
      `INSERT INTO logs (level, message) SELECT 'info', repeat(md5(n::text), 40) FROM generate_series(1, 3000) n`,
    )
    await run("INSERT INTO logs (level, message) VALUES ('info', repeat('x', 500000))")
    const { id, postgres, schema } = await create()
    const target = await open()
    expect((await verifyBackup(target, id)).faults).toEqual([])

    const tables = await run(
      `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> '_prisma_migrations'`,
    )
    const names = tables.map(({ name }) => name ?? '').sort()
    expect(postgres.tables.map(({ name }) => name)).toEqual(names)
    expect(schema.tables).toEqual(names)
    const migrations = await run('SELECT migration_name AS name, checksum FROM _prisma_migrations ORDER BY 1')
    expect(schema.migrations).toEqual(migrations)
    expect(migrations.length).toBeGreaterThan(5)

    const backup = await openBackup(target, id)
    for (const { name, columns, rows, file } of postgres.tables) {
      const list = columns.map((column) => `"${column}"::text`).join(', ')
      const expected = (await run(`SELECT ${list} FROM ${name}`))
        .map((row) => JSON.stringify(Object.values(row)))
        .sort()
      const found = (await linesOf(backup, file)).map((line) => JSON.stringify(line.split('\t').map(readValue))).sort()
      expect(found.length).toBe(rows)
      // What the driver makes of columns of one name is told by the count alone.
      if (name === 'public.logs') expect(found).toEqual(expected)
      else expect(found.length).toBe(expected.length)
    }
    const logs = postgres.tables.find(({ name }) => name === 'public.logs')
    expect(logs?.rows).toBe(strange.length + 3001)
    await run('TRUNCATE logs')
  })

  it('are those of one snapshot, and have their hash again elsewhere', async () => {
    await run("INSERT INTO logs (level, message) SELECT 'info', n::text FROM generate_series(1, 100) n")
    const { postgres, fingerprint, sequences } = await create().then(({ postgres: all, schema }) => ({
      postgres: all.tables,
      fingerprint: schema.fingerprint,
      sequences: all.sequences,
    }))
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/)
    expect(sequences).toContainEqual(
      expect.objectContaining({ name: 'public.outbox_position', value: expect.stringMatching(/^\d+$/) }),
    )
    const logs = postgres.find(({ name }) => name === 'public.logs')
    const client = await connect(parseTarget(database.directDatabaseUrl))
    onTestFinished(() => client.end())
    const hash = new RowsHash()
    for await (const _ of copyTable(client, { schema: 'public', table: 'logs', columns: logs?.columns ?? [] }, hash)) {
    }
    expect([hash.rows, hash.value]).toEqual([100, logs?.hash])
    await client.query("UPDATE public.logs SET message = 'other' WHERE message = '7'")
    const other = new RowsHash()
    for await (const _ of copyTable(client, { schema: 'public', table: 'logs', columns: logs?.columns ?? [] }, other)) {
    }
    expect(other.value).not.toBe(logs?.hash)
  })
})

describe('a table whose rows a policy hides from the owner', () => {
  it('is refused by name, before anything is written', async () => {
    await run('CREATE TABLE hidden (id int); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY')
    await run("CREATE POLICY certain_rows ON logs AS RESTRICTIVE FOR SELECT USING (level = 'info')")
    onTestFinished(async () => void (await run('DROP TABLE hidden; DROP POLICY certain_rows ON logs')))
    const target = await open()
    const before = await keysOf(target)
    await expect(create()).rejects.toMatchObject({
      code: 'backup.rows_hidden',
      details: { tables: ['public.hidden', 'public.logs'] },
      message: expect.stringContaining('restrictive policy certain_rows'),
    })
    await run('CREATE POLICY narrow ON hidden USING (id > 0)')
    await expect(create()).rejects.toMatchObject({ details: { tables: ['public.hidden', 'public.logs'] } })
    expect(await keysOf(target)).toEqual(before)
    await run('CREATE POLICY owner_all ON hidden USING (true); DROP POLICY certain_rows ON logs')
    expect((await create()).schema.tables).toContain('public.hidden')
    await run('CREATE POLICY certain_rows ON logs AS RESTRICTIVE FOR SELECT USING (true)')
  })

  it('is none for whoever may not read it at all', async () => {
    await expect(create({ database: database.databaseUrl })).rejects.toMatchObject({ code: 'backup.tables_denied' })
  })
})

describe('a backup that cannot be', () => {
  it('is refused for what is wrong with its options and stores', async () => {
    await expect(create({ clockSkewMs: -1 })).rejects.toMatchObject({ code: 'backup.option_invalid' })
    await expect(create({ connections: 99 })).rejects.toMatchObject({ code: 'backup.option_invalid' })
    await expect(create({ bytesPerSecond: 5 })).rejects.toMatchObject({ code: 'backup.option_invalid' })
    const remote = { ...(await open()), name: 's3://b', isRemote: true }
    await expect(create({ target: remote })).rejects.toMatchObject({ code: 'backup.plain_refused' })
    await expect(create({ dynamodb: { ...dynamodb, tablePrefix: 'nothing_' } })).rejects.toMatchObject({
      code: 'backup.dynamodb_tables_missing',
    })
    await expect(create({ database: 'postgresql://nobody@127.0.0.1:9/x' })).rejects.toMatchObject({
      code: 'backup.database_unreachable',
    })
  })

  it('is given up where a table stays locked', async () => {
    const client = await connect(parseTarget(database.directDatabaseUrl))
    onTestFinished(() => client.end())
    await client.query('BEGIN; LOCK TABLE public.logs IN ACCESS EXCLUSIVE MODE')
    await expect(create({ lockTimeoutMs: 100 })).rejects.toMatchObject({
      code: 'backup.tables_locked',
      retryable: true,
    })
  })

  it('does not wait for a migration that waits for it', async () => {
    const client = await connect(parseTarget(database.directDatabaseUrl))
    onTestFinished(() => client.end())
    let migration: Promise<unknown> | undefined
    const ended = create({
      lockTimeoutMs: 300,
      onProgress: ({ step }) => {
        if (step === 'begun') migration = client.query('ALTER TABLE public.logs ADD COLUMN more text')
      },
    })
    await expect(ended).rejects.toMatchObject({ code: 'backup.tables_locked' })
    await migration
    await client.query('ALTER TABLE public.logs DROP COLUMN more')
  })

  it('leaves nothing when its connections are lost while it reads', async () => {
    await run(
      "INSERT INTO logs (level, message) SELECT 'info', repeat(md5(n::text), 100) FROM generate_series(1, 800) n",
    )
    const target = await open()
    const before = await keysOf(target)
    let lost: Promise<unknown> | undefined
    const put = target.put.bind(target)
    // The first and largest table is not stored before they are lost, and its connection has others to read.
    target.put = (key, body, options) => put(key, afterwards(body), options)
    async function* afterwards(body: AsyncIterable<Uint8Array>) {
      for await (const bytes of body) {
        await lost
        yield bytes
      }
    }
    const ended = create({
      target,
      connections: 1,
      onProgress: (progress) => {
        if (progress.step === 'reading' && progress.table === 'public.logs')
          lost ??= run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'miyabi backup'",
          )
      },
    })
    await expect(ended).rejects.toMatchObject({ code: 'backup.database_failed', retryable: true, effect: 'none' })
    await lost
    expect(await keysOf(target)).toEqual(before)
    await run('TRUNCATE logs')
  })

  it('leaves nothing when it is ended on the way', async () => {
    const target = await open()
    const before = await keysOf(target)
    for (const step of ['begun', 'waiting', 'reading', 'finishing'] as const) {
      const ending = new AbortController()
      const reason = new Error(`ended at ${step}`)
      await expect(
        create({
          signal: ending.signal,
          onProgress: (progress) => {
            if (progress.step === step) ending.abort(reason)
          },
        }),
      ).rejects.toBe(reason)
    }
    expect(await keysOf(target)).toEqual(before)
  })
})

describe('what the server refuses', () => {
  it('is told by its code and words, without the value, and tells whether it passes', async () => {
    const refused = async (text: string) => {
      try {
        await withClient(parseTarget(database.directDatabaseUrl), undefined, (client) => client.query(text))
      } catch (error) {
        return error
      }
      return undefined
    }
    const ofValue = await refused("SELECT 'private words'::int")
    expect(ofValue).toMatchObject({ code: 'backup.database_refused', details: { sqlstate: '22P02' }, retryable: false })
    expect(inspect(ofValue, { depth: 9 })).not.toContain('private words')
    expect(await refused('INSERT INTO public.users (email) VALUES (NULL)')).toMatchObject({
      code: 'backup.database_refused',
      details: { sqlstate: '23502', table: 'users' },
    })
    expect(await refused('SELECT pg_terminate_backend(pg_backend_pid())')).toMatchObject({
      code: 'backup.database_failed',
      details: { sqlstate: '57P01' },
      retryable: true,
    })
  })
})

describe('the list of erasures', () => {
  it('gains what the database knows, and never loses a line', async () => {
    const { open: openOther, remove: removeOther } = testFolder()
    onTestFinished(removeOther)
    const target = await openOther()
    const mark = (letter: string): string => letter.repeat(64)
    const at = '2026-01-02T03:04:05.678Z'
    await target.put(ERASURES_FILE, lines(JSON.stringify({ mark: mark('a'), at })))
    const client = await connect(parseTarget(database.directDatabaseUrl))
    onTestFinished(() => client.end())
    await client.query('CREATE TABLE IF NOT EXISTS public.erasures (mark text PRIMARY KEY, at timestamptz(3) NOT NULL)')
    onTestFinished(async () => void (await client.query('TRUNCATE public.erasures')))
    await client.query('INSERT INTO public.erasures (mark, at) VALUES ($1, $3), ($2, $3)', [mark('a'), mark('b'), at])
    await copyErasures(target, client)
    await client.query('DELETE FROM public.erasures')
    await copyErasures(target, client)
    expect(await readErasures(target)).toEqual([
      { mark: mark('a'), at },
      { mark: mark('b'), at },
    ])
    await target.remove(ERASURES_FILE)
    expect(await readErasures(target)).toBeUndefined()
    await target.put(ERASURES_FILE, lines('{"mark":"a"}'))
    await expect(readErasures(target)).rejects.toMatchObject({ code: 'backup.damaged' })
  })
})

async function* lines(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(`${text}\n`)
}

async function keysOf(target: Awaited<ReturnType<typeof open>>): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of target.list('')) keys.push(key)
  return keys.sort()
}
