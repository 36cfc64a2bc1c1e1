import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeMigrations } from '../../src/new/new-migration.js'
import { type Server, servers } from '../support/servers.js'

const BASE = `
  CREATE TABLE people (id int PRIMARY KEY);
  CREATE TABLE visits (id int, day date, person int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
  CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');`

describe.each(Object.entries(servers))('a partitioned table, on %s', (_, start) => {
  let server: Server
  let root = ''
  beforeAll(async () => {
    server = await start()
    root = mkdtempSync(path.join(tmpdir(), 'miyabi-partitions-'))
    mkdirSync(path.join(root, 'migrations/1_base'), { recursive: true })
    writeFileSync(path.join(root, 'migrations/1_base/migration.sql'), BASE)
  })
  afterAll(async () => {
    rmSync(root, { recursive: true })
    await server.close()
  })

  it('gets an index that takes in partitions of which no migration knows, or names the one that has none', async () => {
    const url = await server.database()
    await sql(url, BASE)
    await sql(url, `CREATE TABLE visits_2027 PARTITION OF visits FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')`)
    await sql(url, `CREATE TABLE visits_2028 PARTITION OF visits FOR VALUES FROM ('2028-01-01') TO ('2029-01-01')`)
    await sql(url, `INSERT INTO visits VALUES (1, '2027-05-05', 1)`)
    const written = await writeMigrations({
      place: { root, migrations: 'migrations' },
      name: 'by_person',
      forth: 'CREATE INDEX "visits_person_idx" ON "visits"("person" DESC);',
      back: 'DROP INDEX "visits_person_idx";',
      declared: { docs: new Map(), views: [] },
      now: new Date(),
    })
    const scripts = (file: number): string[] =>
      written.map(({ files }) => readFileSync(path.join(root, files[file] ?? ''), 'utf8'))
    const last = scripts(0).at(-1) ?? ''
    for (const script of scripts(0).slice(0, -1)) await sql(url, script)
    const error: unknown = await sql(url, last).catch((caught: unknown) => caught)
    const { message } = error as Error
    expect(message).toMatch(/^visits_2027 has no index visits_2027_visits_person_idx\. Make it, which blocks nobody/)
    const [, remedy = ''] = /: (CREATE INDEX CONCURRENTLY .*;)$/.exec(message) ?? []
    await sql(url, remedy)
    await sql(url, last)
    const state = () =>
      sql(
        url,
        `SELECT indexrelid::regclass::text AS index FROM pg_index WHERE indisvalid AND indrelid::regclass::text LIKE 'visits%' AND NOT indisprimary ORDER BY 1`,
      )
    const indexes = [2026, 2027, 2028].map((year) => `visits_${year}_visits_person_idx`).concat('visits_person_idx')
    expect(await state()).toEqual(indexes.map((index) => ({ index })))
    for (const script of scripts(1).reverse().slice(0, 1)) await sql(url, script)
    expect(await state()).toEqual(indexes.slice(0, 3).map((index) => ({ index })))
    await sql(url, last)
    expect(await state()).toEqual(indexes.map((index) => ({ index })))
  })

  it('takes in a foreign key that its partitions have, as lint advises, without reading a row', async () => {
    const url = await server.database()
    await sql(url, `${BASE} INSERT INTO people VALUES (1); INSERT INTO visits VALUES (1, '2026-05-05', 1);`)
    const key = 'ADD CONSTRAINT visits_person_fkey FOREIGN KEY (person) REFERENCES people (id)'
    await sql(url, `ALTER TABLE visits_2026 ${key} NOT VALID`)
    await sql(url, 'ALTER TABLE visits_2026 VALIDATE CONSTRAINT visits_person_fkey')
    await sql(url, `ALTER TABLE visits ${key}`)
    expect(
      await sql(
        url,
        `SELECT count(*)::int AS own, count(*) FILTER (WHERE convalidated)::int AS valid FROM pg_constraint WHERE conrelid = 'visits_2026'::regclass AND contype = 'f'`,
      ),
    ).toEqual([{ own: 1, valid: 1 }])
  })
})
