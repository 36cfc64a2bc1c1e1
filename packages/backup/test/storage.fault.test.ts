import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import path from 'node:path'
import { type PrivateServer, startPrivateServer } from '@miyabi/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkStorage } from '../src/drill/check-storage.js'

let server: PrivateServer
let client: pg.Client
beforeAll(async () => {
  // Checksums would find the same before amcheck sees it: that is a test of its own, below.
  server = await startPrivateServer({ major: 18, settings: ['ignore_checksum_failure=on'] })
  client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  await client.query(`
    CREATE EXTENSION amcheck SCHEMA pg_catalog;
    CREATE EXTENSION pg_buffercache`)
})
afterAll(async () => {
  await client.end()
  await server.close()
})

/** A table of this name with 1000 rows and indexes of both kinds. */
const fill = (table: string) =>
  client.query(`
    CREATE TABLE ${table} (id int PRIMARY KEY, tags text[]);
    INSERT INTO ${table} SELECT n, ARRAY['t' || n] FROM generate_series(1, 1000) AS n;
    CREATE INDEX ${table}_tags ON ${table} USING gin (tags)`)

/** Changes bytes of a relation on the disk, and lets the server read them from there. */
async function flip(relation: string, page: number, from: number, to: number): Promise<void> {
  await client.query('CHECKPOINT')
  const { rows } = await client.query<{ folder: string; file: string }>(
    `SELECT current_setting('data_directory') AS folder, pg_relation_filepath($1) AS file`,
    [relation],
  )
  const [{ folder, file } = { folder: '', file: '' }] = rows
  const fd = openSync(path.join(folder, file), 'r+')
  const bytes = Buffer.alloc(to - from)
  readSync(fd, bytes, 0, bytes.length, page * 8192 + from)
  for (let at = 0; at < bytes.length; at++) bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at)
  writeSync(fd, bytes, 0, bytes.length, page * 8192 + from)
  closeSync(fd)
  await client.query('SELECT pg_buffercache_evict_all()')
}

it('finds nothing in a database that is whole, and looks through all of it', async () => {
  await fill('whole')
  const { indexes, heaps, faults } = await checkStorage(client)
  expect(faults).toEqual([])
  const { rows } = await client.query<{ indexes: number; heaps: number }>(
    `SELECT count(*) FILTER (WHERE relkind = 'i')::int AS indexes, count(*) FILTER (WHERE relkind IN ('r', 't'))::int AS heaps FROM pg_class`,
  )
  expect({ indexes, heaps }).toEqual(rows[0])
})

it('names an index that lacks a row, an index and a table whose bytes were changed, and no other', async () => {
  for (const table of ['lacking', 'b_tree', 'b_gin', 'heap_only']) await fill(table)
  const ready = "UPDATE pg_index SET indisready = $1 WHERE indexrelid = 'lacking_pkey'::regclass"
  await client.query(ready, [false])
  await client.query("INSERT INTO lacking VALUES (5000, '{}')")
  await client.query(ready, [true])
  await flip('b_tree_pkey', 1, 4000, 8000)
  await flip('b_gin_tags', 1, 0, 8192)
  await flip('heap_only', 1, 8000, 8150)
  const { faults } = await checkStorage(client)
  expect(faults).toEqual([
    expect.stringMatching(/^public\.b_gin_tags: /),
    expect.stringMatching(/^public\.b_tree_pkey: /),
    expect.stringMatching(/^public\.heap_only: block 1, row \d+: /),
    expect.stringMatching(/^public\.heap_only_pkey: /),
    expect.stringMatching(/^public\.lacking_pkey: heap tuple .* lacks matching index tuple/),
  ])
})

it('names what checksums find, too', async () => {
  await client.query('DROP TABLE IF EXISTS lacking, b_tree, b_gin, heap_only; SET ignore_checksum_failure = off')
  await fill('summed')
  await flip('summed', 2, 100, 101)
  const { faults } = await checkStorage(client)
  expect(faults).toContainEqual(expect.stringMatching(/^public\.summed: invalid page in block 2/))
})
