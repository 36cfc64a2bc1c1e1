import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type PrivateServer, startPrivateServer } from '@miyabi/testing'
import pg from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { findingsOf, playMigration } from '../../../src/lint/play.js'
import { copySchema, emptySchema } from '../../../src/schema/facts.js'
import { type Effect, LOCKS, measure, measureAlone } from './measure.js'
import { effectsPage, type Row } from './page.js'
import { STATEMENTS, type Tried } from './statements.js'

const base = readFileSync(path.join(import.meta.dirname, 'base.sql'), 'utf8')
const PAGE = path.resolve(import.meta.dirname, '../../../../../docs/reference/statement-effects.md')
const tried = Object.entries(STATEMENTS).flatMap(([group, list]) => list.map((each) => ({ group, ...each })))

/** All effects on one major version, in the order of the statements. */
async function effectsOn(major: 15 | 18): Promise<Effect[]> {
  const server = await startPrivateServer({ major })
  try {
    await server.run('CREATE DATABASE base')
    await server.run(base, 'base')
    const client = await connect(server, 'base')
    const rows = await rowsOf(client)
    const effects = new Map<Tried, Effect>()
    for (const each of tried) if (!each.isAlone) effects.set(each, await measure(client, each.sql, rows))
    await client.end()
    for (const each of tried) if (each.isAlone) effects.set(each, await onACopy(server, each.sql))
    return tried.flatMap((each) => effects.get(each) ?? [])
  } finally {
    await server.close()
  }
}

async function onACopy(server: PrivateServer, sql: string): Promise<Effect> {
  await server.run('CREATE DATABASE copy TEMPLATE base')
  const [client, writer] = [await connect(server, 'copy'), await connect(server, 'copy')]
  const effect = await measureAlone(
    client,
    writer,
    sql,
    'INSERT INTO child VALUES (90); UPDATE t SET a = a WHERE id = 1; INSERT INTO p VALUES (9, 9)',
  )
  await Promise.all([client.end(), writer.end()])
  await server.run('DROP DATABASE copy WITH (FORCE)')
  return effect
}

async function connect(server: PrivateServer, database: string): Promise<pg.Client & { readonly processID: number }> {
  const client = new pg.Client({ connectionString: server.url(database) }) as pg.Client & { readonly processID: number }
  await client.connect()
  return client
}

/** The number of rows of each table. */
async function rowsOf(client: pg.Client): Promise<Map<string, number>> {
  const { rows } = await client.query<{ name: string; rows: number }>(`
    SELECT c.oid::regclass::text AS name,
           (xpath('/row/c/text()', query_to_xml('SELECT count(*) AS c FROM ' || c.oid::regclass, false, true, '')))[1]::text::int AS rows
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND n.nspname IN ('public', 'side')`)
  return new Map(rows.map((row) => [row.name, row.rows]))
}

/** The rules that lint reports for each statement, with correct limits set. */
async function rulesOfEach(): Promise<string[][]> {
  const schema = emptySchema()
  await playMigration(schema, { name: '1_base', up: base })
  const rules: string[][] = []
  for (const { sql, isAlone } of tried) {
    const limits = isAlone
      ? '-- @limits lock_timeout=5s statement_timeout=1h\n'
      : "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '1min';\n"
    const played = await playMigration(copySchema(schema), { name: '2_new', up: limits + sql })
    const findings = 'rule' in played ? [played] : findingsOf(played)
    rules.push([...new Set(findings.map(({ rule }) => rule))])
  }
  return rules
}

/** Whether lint must report an effect, as described in the text of the page. */
function isDangerous(
  { lock, rewrites, scans, drops, renames, floods, refused }: Effect,
  { sql, isAlone }: Tried,
): boolean {
  const isBlocking = LOCKS.indexOf(lock) >= LOCKS.indexOf('SHARE')
  return (
    refused !== undefined ||
    rewrites.length > 0 ||
    (isBlocking && (scans.length > 0 || isAlone === true)) ||
    drops.some((thing) => /^(table|column|materialized view|sequence) /.test(thing)) ||
    (drops.length > 0 && /\bCASCADE\b/.test(sql)) ||
    renames.some((thing) => /^(table|column|view|type|value) /.test(thing)) ||
    floods.length > 0
  )
}

describe('what a statement does', () => {
  let rows: Row[] = []
  beforeAll(async () => {
    const [old, now, rules] = await Promise.all([effectsOn(15), effectsOn(18), rulesOfEach()])
    rows = tried.map((each, index) => ({
      ...each,
      effects: { 15: old[index] as Effect, 18: now[index] as Effect },
      rules: rules[index] ?? [],
    }))
  }, 300_000)

  it('is a finding of lint exactly where it rewrites, scans under a lock, destroys, floods, renames or fails, on 15 or on 18', () => {
    const wrong = rows.flatMap((row) => {
      const majors = row.since === undefined ? ([15, 18] as const) : ([18] as const)
      const mustBeFound = majors.some((major) => isDangerous(row.effects[major], row))
      const isFound = row.rules.length > 0
      // A statement that is judged differently states why, and only as long as it is.
      const isJudgedAsMeasured = mustBeFound === isFound
      if (isJudgedAsMeasured === (row.though === undefined)) return []
      return [
        `${row.sql}: ${mustBeFound ? 'must' : 'need not'} be found, and lint says ${row.rules.join(', ') || 'nothing'}`,
      ]
    })
    expect(wrong).toEqual([])
  })

  it('is what the page says', async () => {
    await expect(effectsPage(rows)).toMatchFileSnapshot(PAGE)
  })
})
