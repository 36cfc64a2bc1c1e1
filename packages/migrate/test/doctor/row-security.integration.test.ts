import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Finding } from '@miyabi/core'
import { sql } from '@miyabi/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rowSecurityCheck } from '../../src/doctor/row-security.js'
import { checkDatabase } from '../../src/index.js'
import { applyStatement } from '../../src/schema/apply.js'
import { statementsRunBy } from '../../src/schema/do-block.js'
import { emptySchema } from '../../src/schema/facts.js'
import { schemaRules } from '../../src/schema/rules/all.js'
import { parseSql } from '../../src/sql/parse.js'
import { type Server, servers } from '../support/servers.js'

const lint = path.resolve(import.meta.dirname, '../lint')
const house = path.resolve(import.meta.dirname, '../../../../prisma/migrations')
const read = (...file: string[]): string => readFileSync(path.join(lint, ...file), 'utf8')
const rules = schemaRules.map(({ name }) => name)

/** What doctor finds in a database that was made by these scripts. */
async function diagnose(server: Server, ...scripts: readonly string[]): Promise<Finding[]> {
  const url = await server.database()
  await sql(url, 'CREATE TABLE _prisma_migrations (id text)')
  for (const script of scripts) await sql(url, script)
  return checkDatabase(rowSecurityCheck, { database: url, migrations: lint })
}

/** The same as the scripts themselves say it, which is what lint goes by. */
async function foretold(...scripts: readonly string[]): Promise<{ check: string; object: string }[]> {
  const schema = emptySchema()
  for (const { node } of await parseSql(scripts.join(';\n'))) {
    for (const each of statementsRunBy(node)) applyStatement(schema, each, { migration: '', line: 0 })
  }
  return schemaRules.flatMap(({ name, check }) => check(schema).map(({ object }) => ({ check: `rls.${name}`, object })))
}

/** Without the names of parameters, which only the server tells. */
const places = (findings: readonly { check: string; object?: string }[]): string[] =>
  findings.map(({ check, object }) => `${check} ${object?.replace(/\(.*\)$/, '()')}`).sort()

describe.each(Object.entries(servers))("doctor's look at row-level security, on %s", (_, start) => {
  let server: Server
  let behindLock: Promise<unknown>
  beforeAll(async () => {
    server = await start()
    behindLock = diagnoseBehindLock(server) // it waits for seconds, while the other tests go on
  })
  afterAll(() => server.close())

  it('finds nothing in a database where all is well', async () => {
    expect(await diagnose(server, read('base.sql'))).toEqual([])
  })

  it("finds nothing in the house's own database", async () => {
    const url = await server.database()
    for (const name of readdirSync(house)
      .filter((folder) => /^\d/.test(folder))
      .sort()) {
      await sql(url, readFileSync(path.join(house, name, 'migration.sql'), 'utf8'))
    }
    const diagnosed = () => checkDatabase(rowSecurityCheck, { database: url, migrations: house })
    expect(await diagnosed()).toEqual([])
    // A table that nobody has opened, which was clean once; what its owner inherits is its owner's, too.
    await sql(url, 'CREATE TABLE extra (id uuid PRIMARY KEY)')
    await sql(url, 'ALTER TABLE extra ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY')
    await sql(url, 'CREATE POLICY owner_all ON extra TO miyabi_owner USING (true)')
    const closed = await diagnosed()
    expect(closed).toMatchObject([
      { check: 'rls.owner-differs', object: 'extra', remedy: 'ALTER TABLE extra OWNER TO miyabi_owner' },
      { check: 'rls.service-without-access', object: 'extra' },
    ])
    for (const { remedy } of closed) await sql(url, remedy)
    expect(await diagnosed()).toEqual([])
    await sql(url, 'DROP POLICY owner_all ON trials')
    const found = await diagnosed()
    expect(found).toMatchObject([{ check: 'rls.owner-without-policy', object: 'trials' }])
    await sql(url, found[0]?.remedy ?? '')
    expect(await diagnosed()).toEqual([])
  })

  it.each(rules)('%s: finds it exactly where it is', async (rule) => {
    const scripts = [read('base.sql'), read('rules', rule, 'breaks.sql')]
    const found = await diagnose(server, ...scripts)
    expect(found.map(({ check }) => check)).toContain(`rls.${rule}`)
    expect(places(found)).toEqual(places(await foretold(...scripts)))
  })

  it('lets everything pass that lint lets pass', async () => {
    const scripts = readdirSync(path.join(lint, 'rules')).filter((rule) => rules.includes(rule))
    for (const rule of scripts)
      expect(await diagnose(server, read('base.sql'), read('rules', rule, 'holds.sql')), rule).toEqual([])
  })

  it('does not hang behind somebody who holds a lock', async () => {
    expect(await behindLock).toMatchObject({ message: expect.stringContaining('timed out') })
  })
})

/** What keeps doctor from looking over a database of which somebody else has locked a table. */
async function diagnoseBehindLock(server: Server): Promise<unknown> {
  const url = await server.database()
  await sql(url, read('base.sql'))
  const holder = new pg.Client({ connectionString: url })
  await holder.connect()
  try {
    await holder.query('BEGIN; LOCK TABLE notes')
    return await checkDatabase(rowSecurityCheck, { database: url, migrations: lint }).catch((error: unknown) => error)
  } finally {
    await holder.end()
  }
}
